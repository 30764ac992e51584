"""Note what a transaction writes of dated rows, so that the decision about it names them."""

from django.db import migrations

from server_broker.dated.guards import NOTES, UNDO_NOTES, note, unnote

TABLES = (
    "attendance_stationplace",
    "attendance_windowrecord",
    "people_binding",
    "people_holdingrecord",
    "people_personrecord",
    "people_unitrecord",
    "regions_regionrecord",
)


class Migration(migrations.Migration):

    dependencies = [
        ("dated", "0001_initial"),
        ("attendance", "0007_dated_rows"),
        ("people", "0004_dated_rows"),
        ("regions", "0004_dated_rows"),
    ]

    operations = [
        migrations.RunSQL(NOTES, UNDO_NOTES),
        *(migrations.RunSQL(note(table), unnote(table)) for table in TABLES),
    ]
