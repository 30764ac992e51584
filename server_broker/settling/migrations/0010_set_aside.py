"""What can't be settled is set aside, so that all else is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the stations that are set aside, and when a date or a note was tried last. No row is written anew."""

    dependencies = [("fleet", "0020_clock_runs_in_doubt"), ("settling", "0009_all_causes")]

    operations = [
        migrations.CreateModel(
            name="StationAside",
            fields=[
                (
                    "station",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="fleet.station",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
                ("told", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(model_name="change", name="failed_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="settledue", name="failed_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("failed_at__isnull", False)), fields=["failed_at"], name="settling_change_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="settledue",
            index=models.Index(
                condition=models.Q(("failed_at__isnull", False)), fields=["failed_at"], name="settle_due_failed"
            ),
        ),
    ]
