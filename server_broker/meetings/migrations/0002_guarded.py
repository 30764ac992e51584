"""PostgreSQL guards the dated rows of meetings, and notes them for the decisions about them."""

from django.db import migrations

from server_broker.dated.guards import guard, note, unguard, unnote

TABLES = ("meetings_meetingrecord", "meetings_kindterms")


class Migration(migrations.Migration):

    dependencies = [("meetings", "0001_initial"), ("dated", "0002_noted_for_decisions")]

    operations = [
        *(migrations.RunSQL(guard(table), unguard(table)) for table in TABLES),
        *(migrations.RunSQL(note(table), unnote(table)) for table in TABLES),
    ]
