"""Counts of windows in time by village and date, for charts of a year."""

import django.db.models.deletion
from django.db import migrations, models

COUNT = """
INSERT INTO settling_daycount (village_id, day, judged, in_time)
SELECT village_id, day, count(*) FILTER (WHERE result IN ('√', '迟', '早', '缺', '旷')), count(*) FILTER (WHERE result = '√')
FROM settling_settledwindow WHERE superseded_at IS NULL GROUP BY village_id, day
"""


class Migration(migrations.Migration):
    """Make the table, and count what stands already."""

    dependencies = [("regions", "0004_dated_rows"), ("settling", "0007_by_person_ever")]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("judged", models.PositiveIntegerField()),
                ("in_time", models.PositiveIntegerField()),
                (
                    "village",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.region",
                        to_field="identity",
                    ),
                ),
            ],
            options={"verbose_name": "按时到岗计数", "verbose_name_plural": "按时到岗计数"},
        ),
        migrations.AddConstraint(
            model_name="daycount",
            constraint=models.UniqueConstraint(fields=("village", "day"), name="day_count_once"),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
