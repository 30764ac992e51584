"""The database itself refuses to change what was decided. Only content may be erased."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION decisions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of decisions is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION decisions_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.fact_id, NEW.place, NEW."table", NEW."row", NEW.digest)
       IS NOT DISTINCT FROM (OLD.id, OLD.fact_id, OLD.place, OLD."table", OLD."row", OLD.digest)
       AND NEW.salt IS NULL AND NEW.body IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the record of decisions is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER decisions_no_change BEFORE UPDATE OR DELETE ON decisions_decidedfact
    FOR EACH ROW EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON decisions_decidedfact
    FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_rows_no_delete BEFORE DELETE ON decisions_decidedrow
    FOR EACH ROW EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_rows_only_erase BEFORE UPDATE ON decisions_decidedrow
    FOR EACH ROW EXECUTE FUNCTION decisions_only_erase();
CREATE TRIGGER decisions_rows_no_truncate BEFORE TRUNCATE ON decisions_decidedrow
    FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse_change();
"""

UNDO = """
DROP TRIGGER decisions_rows_no_truncate ON decisions_decidedrow;
DROP TRIGGER decisions_rows_only_erase ON decisions_decidedrow;
DROP TRIGGER decisions_rows_no_delete ON decisions_decidedrow;
DROP TRIGGER decisions_no_truncate ON decisions_decidedfact;
DROP TRIGGER decisions_no_change ON decisions_decidedfact;
DROP FUNCTION decisions_only_erase();
DROP FUNCTION decisions_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [("decisions", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, UNDO)]
