"""The SQL by which PostgreSQL itself keeps dated rows. Migrations run it for each table of dated rows."""

from server_broker.dated.locking import WRITERS

FUNCTIONS = """
-- The moment of one writing. `dated_put` fixes it, so that a row ends in the county's knowledge at the very moment at
-- which the next begins. Nobody can make it another time than one of this transaction's own.
CREATE FUNCTION dated_moment() RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE fixed timestamptz := nullif(current_setting('dated.moment', true), '')::timestamptz;
BEGIN
    IF fixed BETWEEN now() AND clock_timestamp() + interval '1 second' THEN RETURN fixed; END IF;
    RETURN clock_timestamp();
END $$;

CREATE FUNCTION dated_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.recorded_at IS NOT NULL OR NEW.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'the database says when a dated row was recorded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.recorded_at := dated_moment();
    RETURN NEW;
END $$;

CREATE FUNCTION dated_supersede() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
       OR to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION 'a dated row can only be superseded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.superseded_at := greatest(dated_moment(), OLD.recorded_at + interval '1 microsecond');
    RETURN NEW;
END $$;

CREATE FUNCTION dated_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('dated.retention', true), '') <> 'on'
       OR OLD.superseded_at IS NULL AND tstzrange(OLD.valid_from, OLD.valid_to) @> now() THEN
        RAISE EXCEPTION 'dated rows are kept' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO dated_erased ("table", "row", digest, erased_at)
    VALUES (TG_TABLE_NAME, OLD.id, sha256(convert_to(to_jsonb(OLD)::text, 'UTF8')), clock_timestamp());
    RETURN OLD;
END $$;

CREATE FUNCTION dated_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'dated rows are kept' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION dated_insert(
    target regclass, subject text, since timestamptz, until timestamptz, content jsonb, by_whom text, why text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    filled jsonb := content || jsonb_build_object(
        'subject_id', subject, 'valid_from', nullif(since, '-infinity'), 'valid_to', nullif(until, 'infinity'),
        'recorded_by', by_whom, 'reason', why);
    columns text := (SELECT string_agg(quote_ident(key), ', ') FROM jsonb_object_keys(filled) AS key);
BEGIN
    EXECUTE format(
        'INSERT INTO %s (%s) SELECT %s FROM jsonb_populate_record(NULL::%s, $1)', target, columns, columns, target
    ) USING filled;
END $$;

-- Adds a piece to a timeline. One that says the same as its neighbour makes it longer.
CREATE FUNCTION dated_piece(pieces jsonb[], since timestamptz, until timestamptz, content jsonb) RETURNS jsonb[]
LANGUAGE plpgsql AS $$
DECLARE n integer := cardinality(pieces);
BEGIN
    IF n > 0 AND (pieces[n] ->> 1)::timestamptz = since AND pieces[n] -> 2 = content THEN
        pieces[n] := jsonb_build_array(pieces[n] -> 0, until, content);
        RETURN pieces;
    END IF;
    RETURN array_append(pieces, jsonb_build_array(since, until, content));
END $$;

-- Has `content` hold for `subject` in [since, until), and returns whether that is news. What stood there is superseded;
-- where it reaches beyond, it is recorded anew for the rest. Columns that `content` does not name keep what stood,
-- piece by piece. The caller has locked the subject.
CREATE FUNCTION dated_put(
    target regclass, subject text, since timestamptz, until timestamptz, content jsonb, by_whom text, why text
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    own text[] := ARRAY['id', 'subject_id', 'valid_from', 'valid_to', 'recorded_at', 'superseded_at', 'recorded_by',
                        'reason'];
    first timestamptz := coalesce(since, '-infinity');
    last timestamptz := coalesce(until, 'infinity');
    stood jsonb[];
    old jsonb;
    old_from timestamptz;
    old_to timestamptz;
    reached timestamptz := first;
    pieces jsonb[] := ARRAY[]::jsonb[];
    is_news boolean := false;
BEGIN
    IF first >= last THEN
        RAISE EXCEPTION 'a dated row ends after it begins' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(WRITERS);
    EXECUTE format(
        'SELECT array_agg(to_jsonb(r) ORDER BY r.valid_from NULLS FIRST) FROM (
             SELECT * FROM %s WHERE subject_id = %L AND superseded_at IS NULL
                 AND tstzrange(valid_from, valid_to) && tstzrange($1, $2) FOR UPDATE
         ) r', target, subject
    ) INTO stood USING since, until;
    FOREACH old IN ARRAY coalesce(stood, ARRAY[]::jsonb[]) LOOP
        old_from := coalesce((old ->> 'valid_from')::timestamptz, '-infinity');
        old_to := coalesce((old ->> 'valid_to')::timestamptz, 'infinity');
        IF old_from > reached THEN
            pieces := dated_piece(pieces, reached, old_from, content);
            is_news := true;
        END IF;
        pieces := dated_piece(pieces, greatest(old_from, first), least(old_to, last), (old - own) || content);
        is_news := is_news OR (old - own) <> (old - own) || content;
        reached := old_to;
    END LOOP;
    IF reached < last THEN
        pieces := dated_piece(pieces, reached, last, content);
        is_news := true;
    END IF;
    IF NOT is_news THEN RETURN false; END IF;
    PERFORM set_config('dated.moment', greatest(
        clock_timestamp(), (SELECT max((r ->> 'recorded_at')::timestamptz) FROM unnest(stood) AS r)
                           + interval '1 microsecond')::text, true);
    EXECUTE format(
        'UPDATE %s SET superseded_at = now() WHERE id IN (SELECT (r ->> ''id'')::bigint FROM unnest($1) AS r)', target
    ) USING stood;
    FOREACH old IN ARRAY coalesce(stood, ARRAY[]::jsonb[]) LOOP
        old_from := coalesce((old ->> 'valid_from')::timestamptz, '-infinity');
        old_to := coalesce((old ->> 'valid_to')::timestamptz, 'infinity');
        IF old_from < first THEN
            PERFORM dated_insert(target, subject, old_from, first, old - own, old ->> 'recorded_by', old ->> 'reason');
        END IF;
        IF old_to > last THEN
            PERFORM dated_insert(target, subject, last, old_to, old - own, old ->> 'recorded_by', old ->> 'reason');
        END IF;
    END LOOP;
    FOREACH old IN ARRAY pieces LOOP
        PERFORM dated_insert(target, subject, (old ->> 0)::timestamptz, (old ->> 1)::timestamptz, old -> 2, by_whom,
                             why);
    END LOOP;
    PERFORM set_config('dated.moment', '', true);
    RETURN true;
END $$;

CREATE FUNCTION dated_today() RETURNS timestamptz LANGUAGE sql AS $$
    SELECT date_trunc('day', clock_timestamp(), 'Asia/Shanghai')
$$;

-- A change of the columns of today becomes a dated row too, until what is planned next: from now, or from the day's
-- first minute where whole days count. The first row of a subject holds since `first`.
CREATE FUNCTION dated_capture(
    target regclass, subject text, first timestamptz, by_day boolean, content jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := clock_timestamp();
    until timestamptz;
    of_now jsonb;
    kept jsonb;
    there boolean;
BEGIN
    -- The columns of today are following a dated row just now, and some of them lag behind the others.
    IF current_setting('dated.following', true) = 'on' THEN RETURN; END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE subject_id = %L AND superseded_at IS NULL)', target, subject)
        INTO there;
    IF there THEN
        EXECUTE format(
            'SELECT to_jsonb(r) FROM %s r WHERE subject_id = %L AND superseded_at IS NULL
                 AND tstzrange(valid_from, valid_to) @> $1', target, subject
        ) INTO of_now USING since;
        SELECT jsonb_object_agg(key, of_now -> key) INTO kept FROM jsonb_object_keys(content) AS key;
        IF kept = content THEN RETURN; END IF;
        EXECUTE format(
            'SELECT min(valid_from) FROM %s WHERE subject_id = %L AND superseded_at IS NULL AND valid_from > $1',
            target, subject
        ) INTO until USING since;
        IF by_day THEN since := dated_today(); END IF;
    ELSE
        since := first;
    END IF;
    PERFORM dated_put(target, subject, since, until, content, coalesce(current_setting('dated.actor', true), ''),
                      coalesce(current_setting('dated.reason', true), ''));
END $$;
""".replace("WRITERS", str(WRITERS))
UNDO_FUNCTIONS = """
DROP FUNCTION dated_capture(regclass, text, timestamptz, boolean, jsonb);
DROP FUNCTION dated_today();
DROP FUNCTION dated_put(regclass, text, timestamptz, timestamptz, jsonb, text, text);
DROP FUNCTION dated_piece(jsonb[], timestamptz, timestamptz, jsonb);
DROP FUNCTION dated_insert(regclass, text, timestamptz, timestamptz, jsonb, text, text);
DROP FUNCTION dated_keep();
DROP FUNCTION dated_erase();
DROP FUNCTION dated_supersede();
DROP FUNCTION dated_stamp();
DROP FUNCTION dated_moment();
"""


def guard(table: str) -> str:
    """Return the SQL that has PostgreSQL guard a table of dated rows."""
    return f"""
CREATE TRIGGER dated_stamp BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_erase BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
"""


def follow(table: str, *, read: str, write: str, declare: str = "", key: str = "bigint") -> str:
    """Return the SQL by which columns of today follow a table of dated rows, whoever writes the row.

    It makes the function ``TABLE_follow(subject)``, which returns whether anything changed. The chore that sees to
    rows that begin by the passing of time calls it too.

    Args:
        read: The columns of the row that holds now, as ``r``.
        write: The statements that write them; they set ``changed``. The subject is ``which``.
    """
    return f"""
CREATE FUNCTION {table}_follow(which {key}) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    r record;
    changed boolean;
    {declare}
BEGIN
    SELECT {read} INTO r FROM {table} WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    {write}
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $$;
CREATE FUNCTION {table}_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM {table}_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE TRIGGER dated_follow AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_followed();
"""  # noqa: S608 - a migration's own words


def unfollow(table: str, *, key: str = "bigint") -> str:
    """Return the SQL that undoes `follow`."""
    return f"""
DROP TRIGGER dated_follow ON {table};
DROP FUNCTION {table}_followed();
DROP FUNCTION {table}_follow({key});
"""


def capture(fast: str, body: str, *, columns: str) -> str:
    """Return the SQL by which a change of today's columns in the table ``fast`` is recorded as a dated row.

    Args:
        body: A call of ``dated_capture`` with the row ``NEW``.
        columns: The columns of today.
    """
    return f"""
CREATE FUNCTION {fast}_capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {body}
    RETURN NULL;
END $$;
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF {columns} ON {fast}
    FOR EACH ROW EXECUTE FUNCTION {fast}_capture();
"""


def uncapture(fast: str) -> str:
    """Return the SQL that undoes `capture`."""
    return f"""
DROP TRIGGER dated_capture ON {fast};
DROP FUNCTION {fast}_capture();
"""


def unguard(table: str) -> str:
    """Return the SQL that takes the guard away again."""
    names = ("dated_stamp", "dated_supersede", "dated_erase", "dated_no_truncate")
    return "".join(f"DROP TRIGGER {name} ON {table};\n" for name in names)


NOTES = """
-- The dated rows that each transaction wrote, until its decision has named them. A row that no decision takes in stays
-- here, and nobody has vouched for it. Unlogged: a crash ends the transactions that it is about.
CREATE UNLOGGED TABLE dated_written (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(), "table" name NOT NULL, "row" bigint NOT NULL
);
CREATE INDEX dated_written_by_transaction ON dated_written (transaction);

CREATE FUNCTION dated_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dated_written ("table", "row") VALUES (TG_TABLE_NAME, NEW.id);
    RETURN NULL;
END $$;
"""
UNDO_NOTES = """
DROP FUNCTION dated_note();
DROP TABLE dated_written;
"""


def note(table: str) -> str:
    """Return the SQL by which what is written in a table of dated rows is noted for the decision about it."""
    return f"CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION dated_note();"


def unnote(table: str) -> str:
    """Return the SQL that undoes `note`."""
    return f"DROP TRIGGER dated_note ON {table};"
