"""What is written of windows, swaps, posts, people, absences and regions is noted for the stations that it concerns."""

from django.db import migrations, models

_TABLES = {
    "attendance_windowrecord": "window",
    "attendance_rosterday": "window",
    "attendance_swaprecord": "swap",
    "people_holdingrecord": "holding",
    "people_personrecord": "person",
    "duty_absencerecord": "absence",
    "regions_regionrecord": "region",
}
_FUNCTION = """
CREATE FUNCTION duty_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO duty_rosterchange (what, subject) VALUES (TG_ARGV[0], NEW.subject_id);
    RETURN NULL;
END $$;
"""
_TRIGGERS = "".join(
    f"CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON {table} "
    f"FOR EACH ROW EXECUTE FUNCTION duty_note_change('{what}');\n"
    for table, what in _TABLES.items()
)
_UNDO = "".join(f"DROP TRIGGER duty_note_change ON {table};\n" for table in _TABLES) + "DROP FUNCTION duty_note_change();"


class Migration(migrations.Migration):

    dependencies = [
        ("attendance", "0011_who_is_due_rows"),
        ("duty", "0002_guarded"),
        ("people", "0006_private_numbers"),
        ("regions", "0004_dated_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="RosterChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("what", models.CharField(max_length=7)),
                ("subject", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(_FUNCTION + _TRIGGERS, _UNDO),
    ]
