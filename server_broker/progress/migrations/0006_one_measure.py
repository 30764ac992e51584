"""Set apart by rows and not by moments, remember over whom the program failed, and how far days were measured."""

from django.db import migrations, models

TABLES = {"learning_attempt": 10_000, "learning_levelrun": 1_000, "learning_packchoice": 1_000}
"""What counted of a day until now."""


def by_row(table: str, counted: int) -> str:
    """Return the SQL that names the last row that counted instead of its moment."""
    return f"""UPDATE progress_surplus x SET counted = {counted}, after_row = coalesce((
        SELECT max(r.id) FROM {table} r WHERE r.station_id = x.station_id AND r.received_at <= x.after
            AND (r.received_at AT TIME ZONE 'Asia/Shanghai')::date = x.day), 0)
        WHERE x.rows_of = '{table}'"""  # noqa: S608 - our own constants


class Migration(migrations.Migration):

    dependencies = [("progress", "0005_surplus"), ("learning", "0008_counted_by_day")]

    operations = [
        migrations.AddField("persondue", "failed_at", models.DateTimeField(null=True)),
        migrations.AddField("progressstate", "measured_through", models.DateField(null=True)),
        migrations.RemoveConstraint("surplus", "learning_surplus_once"),
        migrations.AddField("surplus", "after_row", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField("surplus", "through_row", models.BigIntegerField(null=True)),
        migrations.AddField("surplus", "counted", models.PositiveIntegerField(default=0), preserve_default=False),
        *(migrations.RunSQL(by_row(table, counted), migrations.RunSQL.noop) for table, counted in TABLES.items()),
        # What is checked at the end of the transaction would keep the table from being altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("surplus", "after"),
        migrations.AddConstraint(
            "surplus",
            models.UniqueConstraint(
                fields=["station", "rows_of", "day", "after_row"], name="learning_surplus_once"
            ),
        ),
    ]
