"""Alarms get an origin. Of the rows that are there, the code says whose they are: these only the county raises."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OF_THE_COUNTY = (
    "bad_signature",
    "blob_corrupted",
    "conflicting_fact",
    "county_certificate",
    "desired_too_large",
    "desired_unreadable",
    "epoch_opened",
    "facts_lost",
    "held",
    "help_asked",
    "lost_card",
    "media_folder",
    "quarantined",
    "signed_heads_full",
    "station_certificate",
    "station_journal",
    "unexplained_facts",
)
"""By the part of a code before its colon."""


def tell_origins(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Mark the rows that stations raised; one that both raised stays the county's, which no station closes."""
    theirs = apps.get_model("fleet", "Alarm").objects.filter(station__isnull=False)
    for code in OF_THE_COUNTY:
        theirs = theirs.exclude(code=code).exclude(code__startswith=f"{code}:")
    theirs.update(origin="station")


def leave_one_open(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Before origins go: close what a station raised where the county raised the same, as the table has place for one.

    Without origins both counted up one row. The county's stays open, because no station may close it.
    """
    still_open = apps.get_model("fleet", "Alarm").objects.filter(resolved_at=None, station__isnull=False)
    countys = still_open.filter(origin="county", station=models.OuterRef("station"), code=models.OuterRef("code"))
    still_open.filter(models.Exists(countys), origin="station").update(resolved_at=models.F("last_at"))


class Migration(migrations.Migration):
    dependencies = [("fleet", "0004_status_health")]

    operations = [
        migrations.AddField("alarm", "origin", models.CharField(default="county", max_length=8)),
        migrations.AddField(
            "alarm", "resolved_because", models.CharField(blank=True, default="", max_length=16), preserve_default=False
        ),
        migrations.RunPython(tell_origins, migrations.RunPython.noop),
        migrations.RemoveConstraint("alarm", "alarm_open_once"),
        # Here, because on the way back this comes before the constraint that it makes room for.
        migrations.RunPython(migrations.RunPython.noop, leave_one_open),
        migrations.AddConstraint(
            "alarm",
            models.UniqueConstraint(
                condition=models.Q(resolved_at__isnull=True),
                fields=("station", "origin", "code"),
                name="alarm_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            "alarm",
            models.Index(condition=models.Q(origin="station"), fields=["station", "opened_at"], name="alarm_own"),
        ),
    ]
