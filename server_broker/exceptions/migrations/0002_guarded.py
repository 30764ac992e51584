"""PostgreSQL guards the dated rows of the kinds, and notes them for the county's stream."""

from django.db import migrations

from server_broker.dated.guards import guard, note, unguard, unnote

_TABLE = "exceptions_kindrecord"


class Migration(migrations.Migration):

    dependencies = [("exceptions", "0001_what_was_found"), ("dated", "0002_noted_for_decisions")]

    operations = [
        migrations.RunSQL(guard(_TABLE), unguard(_TABLE)),
        migrations.RunSQL(note(_TABLE), unnote(_TABLE)),
    ]
