CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL, seal BLOB NOT NULL) STRICT;

CREATE TABLE streams (
        number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303),
        epoch BLOB NOT NULL UNIQUE CHECK (length(epoch) = 16),
        reissued INTEGER NOT NULL,
        UNIQUE (number, epoch)
    ) STRICT;

CREATE TABLE facts (
        place INTEGER PRIMARY KEY CHECK ((place & 1099511627775) > 0),
        epoch BLOB NOT NULL,
        salt BLOB CHECK (length(salt) = 16),
        body BLOB CHECK ((body IS NULL) = (salt IS NULL)),
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        head BLOB NOT NULL CHECK (length(head) = 32),
        stream INTEGER GENERATED ALWAYS AS (place >> 40) VIRTUAL,
        FOREIGN KEY (stream, epoch) REFERENCES streams (number, epoch)
    ) STRICT;

CREATE TABLE marks (
        id INTEGER PRIMARY KEY,
        receipted INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        issued INTEGER NOT NULL,
        seal BLOB NOT NULL
    ) STRICT;

CREATE TABLE held (place INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;

CREATE TRIGGER facts_stay BEFORE DELETE ON facts BEGIN SELECT RAISE(ABORT, 'a fact is never deleted'); END;

CREATE TRIGGER facts_keep BEFORE UPDATE OF place, epoch, digest, head ON facts
       BEGIN SELECT RAISE(ABORT, 'a fact is never changed'); END;
