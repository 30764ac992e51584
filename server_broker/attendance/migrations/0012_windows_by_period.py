"""Windows that hold at some time, among years of changes, are found by an index."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("attendance", "0011_who_is_due_rows")]

    operations = [
        migrations.AddIndex(
            model_name="windowrecord",
            index=GistIndex(
                models.Func(
                    models.F("valid_from"),
                    models.F("valid_to"),
                    function="tstzrange",
                    output_field=DateTimeRangeField(),
                ),
                condition=models.Q(("superseded_at", None)),
                name="window_by_period",
            ),
        ),
    ]
