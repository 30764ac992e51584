"""PostgreSQL guards the dated rows of the calendar, and notes them for the decisions about them."""

from django.db import migrations

from server_broker.dated.guards import guard, note, unguard, unnote

TABLES = ("workdays_countyday", "workdays_librarytable", "workdays_stoprecord")


class Migration(migrations.Migration):

    dependencies = [("workdays", "0001_initial"), ("dated", "0002_noted_for_decisions")]

    operations = [
        *(migrations.RunSQL(guard(table), unguard(table)) for table in TABLES),
        *(migrations.RunSQL(note(table), unnote(table)) for table in TABLES),
    ]
