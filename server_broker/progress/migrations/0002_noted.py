"""PostgreSQL notes in which visits something was answered, chosen or dated anew, and which cards changed hands."""

from django.db import migrations

TABLES = ("learning_attempt", "learning_levelrun", "learning_packchoice")
_FUNCTIONS = """
CREATE FUNCTION progress_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_visitdue (station_id, epoch, seq)
        SELECT DISTINCT station_id, by_epoch, by_seq FROM changed WHERE by_seq IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION progress_note_card() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_carddue (card) VALUES (NEW.subject_id);
    RETURN NULL;
END $$;
CREATE TRIGGER progress_note_card AFTER INSERT OR UPDATE ON people_binding
    FOR EACH ROW EXECUTE FUNCTION progress_note_card();
"""
_UNDO_FUNCTIONS = """
DROP TRIGGER progress_note_card ON people_binding;
DROP FUNCTION progress_note_card();
DROP FUNCTION progress_note();
"""


def noted(table: str) -> str:
    """Return the SQL by which whatever is written in a table marks its visits: both, if a row goes to another."""
    return "".join(
        f"CREATE TRIGGER progress_note_{name} AFTER {event} ON {table} REFERENCING {rows} TABLE AS changed "
        "FOR EACH STATEMENT EXECUTE FUNCTION progress_note();\n"
        for name, event, rows in (("new", "INSERT", "NEW"), ("changed", "UPDATE", "NEW"), ("was", "UPDATE", "OLD"))
    )


def not_noted(table: str) -> str:
    """Return the SQL that undoes `noted`."""
    return "".join(f"DROP TRIGGER progress_note_{name} ON {table};\n" for name in ("new", "changed", "was"))


class Migration(migrations.Migration):

    dependencies = [("progress", "0001_initial"), ("learning", "0005_marked_anew"), ("people", "0004_dated_rows")]

    operations = [
        migrations.RunSQL(_FUNCTIONS, _UNDO_FUNCTIONS),
        *(migrations.RunSQL(noted(table), not_noted(table)) for table in TABLES),
    ]
