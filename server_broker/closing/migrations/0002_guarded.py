"""PostgreSQL refuses every change of what was signed."""

from django.db import migrations

TABLES = ("closing_closedmonth", "closing_slipline")
_FUNCTION = """
CREATE FUNCTION closing_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was signed is kept as it is' USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def _guard(table: str) -> str:
    return f"""
CREATE TRIGGER closing_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION closing_keep();
CREATE TRIGGER closing_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION closing_keep();
"""


def _unguard(table: str) -> str:
    return f"DROP TRIGGER closing_keep ON {table};\nDROP TRIGGER closing_no_truncate ON {table};\n"


class Migration(migrations.Migration):

    dependencies = [("closing", "0001_closed_months")]

    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION closing_keep();"),
        *(migrations.RunSQL(_guard(table), _unguard(table)) for table in TABLES),
    ]
