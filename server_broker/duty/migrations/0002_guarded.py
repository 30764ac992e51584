"""PostgreSQL keeps the rows of absences."""

from django.db import migrations

from server_broker.dated.guards import guard, note, unguard, unnote

TABLE = "duty_absencerecord"


class Migration(migrations.Migration):

    dependencies = [("duty", "0001_who_is_due"), ("dated", "0002_noted_for_decisions")]

    operations = [migrations.RunSQL(guard(TABLE) + note(TABLE), unnote(TABLE) + unguard(TABLE))]
