"""Who is away at some time, among years of absences, is found by an index."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duty", "0004_roster_templates")]

    operations = [
        migrations.AddIndex(
            model_name="absencerecord",
            index=GistIndex(
                models.Func(
                    models.F("valid_from"),
                    models.F("valid_to"),
                    function="tstzrange",
                    output_field=DateTimeRangeField(),
                ),
                condition=models.Q(("superseded_at", None)),
                name="absence_by_period",
            ),
        ),
    ]
