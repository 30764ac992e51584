"""Each region becomes one dated row that holds since always, and PostgreSQL keeps rows and columns in step."""

from django.db import migrations

from server_broker.dated.guards import capture, follow, guard, uncapture, unfollow, unguard

RECORDS = "regions_regionrecord"

ROWS = """
CREATE FUNCTION regions_parent(code text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN right(code, 6) = '000000' THEN NULL
                WHEN right(code, 3) = '000' THEN left(code, 6) || '000000'
                ELSE left(code, 9) || '000' END
$$;
INSERT INTO regions_regionrecord (subject_id, code, name, parent_id, recorded_by, reason)
SELECT r.identity, r.code, r.name, p.identity, 'service', '升级时补记'
FROM regions_region r LEFT JOIN regions_region p ON p.code = regions_parent(r.code);
SET CONSTRAINTS ALL IMMEDIATE;
"""

FOLLOW = follow(
    RECORDS,
    read="code, name, ended",
    declare="was text; place record;",
    write="""
    SELECT code INTO was FROM regions_region
        WHERE identity = which AND (code, name, ended) IS DISTINCT FROM (r.code, r.name, r.ended) FOR UPDATE;
    changed := FOUND;
    IF changed THEN
        UPDATE regions_region SET code = r.code, name = r.name, ended = r.ended WHERE identity = which;
        -- Every column that refers to a code follows it, also those of apps that come later: PostgreSQL knows them all,
        -- and checks the references at the COMMIT.
        FOR place IN
            SELECT c.conrelid::regclass AS of_table, a.attname AS in_column
            FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1]
            WHERE c.contype = 'f' AND c.confrelid = 'regions_region'::regclass AND k.attname = 'code' AND was <> r.code
        LOOP
            EXECUTE format('UPDATE %s SET %I = $1 WHERE %I = $2', place.of_table, place.in_column, place.in_column)
                USING r.code, was;
        END LOOP;
    END IF;""",
)

CAPTURE = capture(
    "regions_region",
    """PERFORM dated_capture('regions_regionrecord', NEW.identity::text, NULL, true, jsonb_build_object(
        'code', NEW.code, 'name', NEW.name, 'ended', NEW.ended,
        'parent_id', (SELECT identity FROM regions_region WHERE code = regions_parent(NEW.code))));""",
    columns="code, name, ended",
)


class Migration(migrations.Migration):

    dependencies = [("regions", "0003_dated")]

    operations = [
        migrations.RunSQL(guard(RECORDS), unguard(RECORDS)),
        migrations.RunSQL(ROWS, "DROP FUNCTION regions_parent(text)"),
        migrations.RunSQL(FOLLOW, unfollow(RECORDS)),
        migrations.RunSQL(CAPTURE, uncapture("regions_region")),
    ]
