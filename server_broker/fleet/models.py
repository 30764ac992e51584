"""Stations, their streams, their last reports, their events and their alarms."""

from typing import Self

from django.db import models
from django.db.models.fields.json import KeyTextTransform

from protocol.units import DATED_QUALITIES
from server_broker.regions.models import Region, subtree_prefix

UNDATED = ~models.Q(quality__in=DATED_QUALITIES)
"""Filter for `Stamped` rows: the station did not know the time."""


class StationQuerySet(models.QuerySet["Station"]):
    """Queries over stations."""

    def under(self, code: str) -> Self:
        """Return the stations in the subtree of a region."""
        return self.filter(village__code__startswith=subtree_prefix(code))


class Station(models.Model):
    """One kiosk at one site. ``record_key`` is the public key of the board that is enrolled as this station."""

    id = models.CharField("站点编号", max_length=32, primary_key=True)
    name = models.CharField("名称", max_length=64)
    village = models.ForeignKey(Region, verbose_name="村", on_delete=models.PROTECT, related_name="stations")
    shard = models.PositiveSmallIntegerField(default=0)
    record_key = models.BinaryField(max_length=32, null=True)
    enrolled_at = models.DateTimeField("接入时间", null=True)
    revoked_at = models.DateTimeField("吊销时间", null=True)
    desired_version = models.PositiveIntegerField(default=0)
    reported_version = models.PositiveIntegerField(default=0)
    refused_version = models.PositiveIntegerField(default=0)
    refused_reason = models.CharField(max_length=400, blank=True)

    decided_fields = ("name", "village", "record_key", "revoked_at")

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = "站点"
        verbose_name_plural = "站点"

    def __str__(self) -> str:
        return self.name


class Stream(models.Model):
    """One epoch of a station: the seq up to which the county has it without a gap, and the chain's value there."""

    # `stream_once` begins with the station, so an index on it alone would serve nothing.
    station = models.ForeignKey(Station, on_delete=models.PROTECT, db_index=False, related_name="streams")
    epoch = models.BinaryField(max_length=16)
    through = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32)
    opened_at = models.DateTimeField(auto_now_add=True)
    issued = models.BigIntegerField(default=0)
    """The highest seq for which the station has signed a head: so many facts it says that it has issued."""
    born_at = models.DateTimeField(null=True)
    """When the station last connected in this stream. The stream with the latest time is the current one."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch"], name="stream_once")]
        # How many streams a station has opened in a day is counted whenever it opens one.
        indexes = [models.Index(fields=["station", "opened_at"], name="stream_opened")]


def station_of(related_name: str, *, null: bool = False) -> "models.ForeignKey[Station]":
    """Return the column that names the station of a row which was made of a fact.

    Such tables take thousands of rows a second, and two things would cost more than they give. PostgreSQL need not look
    for the station of each row: ingest holds the row of its stream, which names the station and is checked. And an
    index on this column alone serves nothing that the index on the row's identity does not.
    """
    return models.ForeignKey(
        Station,
        on_delete=models.PROTECT,
        related_name=related_name,
        null=null,
        db_constraint=False,
        db_index=False,
    )


class StationStatus(models.Model):
    """A station's last report and whether it is connected; each new report overwrites the one before."""

    station = models.OneToOneField(Station, on_delete=models.CASCADE, related_name="status", primary_key=True)
    online = models.BooleanField(default=False)
    connection = models.BinaryField(max_length=16, null=True)
    """Nonce of the birth that began the present connection."""
    doubted_at = models.DateTimeField(null=True)
    """Since when the county may have missed the end of that connection; null once the station is heard again."""
    changed_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    receipt_at = models.DateTimeField(null=True)
    waiting = models.PositiveIntegerField(default=0)
    blobs_waiting = models.PositiveIntegerField(default=0)
    clock_quality = models.CharField(max_length=10, blank=True)
    software = models.CharField(max_length=64, blank=True)
    reader_ready = models.BooleanField(default=False)
    camera_ready = models.BooleanField(default=False)
    disk_free_kib = models.BigIntegerField(default=0)
    resident_kib = models.BigIntegerField(default=0)
    simulated = models.BooleanField(default=False)
    health = models.JSONField(null=True)
    """As `server_broker.fleet.health` stores it; null until the station has reported once."""
    health_at = models.DateTimeField(null=True)
    vitals_at = models.DateTimeField(null=True)
    """When the station wrote its last vitals, by its own clock; null if that clock was not dated. The head in them says
    how many facts it had stated by then, so with nothing ``waiting`` the county has them all."""
    month_bytes = models.BigIntegerField(null=True)
    month_forecast_bytes = models.BigIntegerField(null=True)
    saving = models.JSONField(null=True)
    contract = models.PositiveSmallIntegerField(default=0, db_default=0)
    """Minor version of the contract that the station's last birth said: what it can be sent."""
    release = models.CharField(max_length=64, blank=True, db_default="")
    image = models.CharField(max_length=64, blank=True, db_default="")
    slot = models.CharField(max_length=64, blank=True, db_default="")
    """The installed release, the image of the system, and which of its places runs; empty: not installed from one."""


class Stamped(models.Model):
    """When something happened: the station's time, how well the station knew it, and the county's correction."""

    wall = models.DateTimeField()
    quality = models.CharField(max_length=10)
    said_quality = models.CharField(max_length=10, db_default="")
    """The quality that the station reported, if the county has replaced it in ``quality``; otherwise empty."""
    boot = models.BinaryField(max_length=16)
    mono_ms = models.BigIntegerField()
    corrected_wall = models.DateTimeField(null=True)
    """The time after a later clock correction of the same boot, if that is more exact than the station's time."""
    received_at = models.DateTimeField()

    class Meta:
        abstract = True


class StationEvent(Stamped):
    """An event of the station itself, from its own facts (booted, shut_down, reader_lost, …)."""

    station = station_of("events")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-received_at", "-seq"]
        indexes = [
            models.Index(fields=["station", "-received_at"], name="event_by_station"),
            models.Index(fields=["station", "kind"], name="event_by_kind"),
            models.Index(fields=["station", "boot"], name="event_by_boot"),
            models.Index(
                "station",
                KeyTextTransform("boot", "detail"),
                "id",
                condition=models.Q(kind="clock_corrected"),
                name="event_correction",
            ),
            # The boot before another one (`server_broker.settling.seen`). By the negated id, so that PostgreSQL does
            # not take the primary key instead.
            models.Index(
                "station",
                "kind",
                models.F("id") * -1,
                condition=models.Q(kind__in=["booted", "shut_down"]),
                name="event_up_or_down",
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="station_event_once")]


class Alarm(models.Model):
    """Something that a person must look at. Each (station, origin, code) has one open row: repeats count up.

    `fleet.alarm_ends` says how each ends, and which repeat is a new one.
    """

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="alarms", null=True)
    origin = models.CharField(max_length=8, default="county")
    """Who raised it: ``county``, or ``station`` if the station reported it. Each closes only its own alarms."""
    code = models.CharField(max_length=64)
    severity = models.CharField(max_length=8)
    detail = models.CharField(max_length=400, blank=True)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    """Null too where it was acknowledged before the county kept who did."""
    resolved_at = models.DateTimeField(null=True)
    resolved_because = models.CharField(max_length=16, blank=True)
    """Empty if it ended as `fleet.alarm_ends` says of its code; ``revoked`` if it was closed because the station is
    revoked, ``replaced`` because a new machine was taken in for it."""

    class Meta:
        ordering = ["-last_at"]
        indexes = [
            models.Index(fields=["station", "opened_at"], condition=models.Q(origin="station"), name="alarm_own"),
            # Resolved alarms are never deleted. The open ones have ``alarm_open_once``.
            models.Index(
                fields=["-last_at", "-id"], condition=models.Q(resolved_at__isnull=False), name="alarm_resolved"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["station", "origin", "code"],
                condition=models.Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="alarm_open_once",
            )
        ]


class DesiredState(models.Model):
    """The desired state of a station as it was last built, to compare a new one with."""

    station = models.OneToOneField(Station, on_delete=models.CASCADE, related_name="desired", primary_key=True)
    version = models.PositiveIntegerField()
    payload = models.BinaryField()
    """The encoded `protocol.twin.Desired`; it is signed when it is sent."""
    built_at = models.DateTimeField()


class ShelfDue(models.Model):
    """A station whose shelf index may have changed. It is computed soon (`server_broker.bundles.index_keeper`).

    A station may have several marks. Rows are only added and deleted, so that whoever marks waits for nobody.
    """

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    marked_at = models.DateTimeField()


class CountyState(models.Model):
    """The county's own single row: ``generation`` rises each time the county comes back from a backup."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    generation = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="county_state_is_one_row")]


class ClockRun(models.Model):
    """A run of the county's own clock. Welcomes name it, so that its times can be corrected later."""

    run = models.BinaryField(max_length=8, unique=True)
    boot = models.BinaryField(max_length=16)
    """Boot of the county's machine. Runs of one boot can be compared by the machine's monotonic clock."""
    began_ms = models.BigIntegerField()
    offset_ms = models.BigIntegerField()
    """Wall minus monotonic time at the end of the run; for the current run, when it was last noted."""
    vouched = models.PositiveSmallIntegerField()
    """Who vouches for the run's time less ``ahead_ms``; the numbers of `server_broker.platform.county_clock`."""
    ahead_ms = models.BigIntegerField(default=0)
    """How far the clock was ahead of the true time, as a later run of the same boot showed."""
    told_ms = models.BigIntegerField(null=True)
    """The latest time, in ms since 1970, that it may have told, as it was last noted; 0: none, NULL: not known."""
    doubted_by = models.CharField(max_length=32, default="", db_default="")
    """Why nothing is dated by it alone: a later boot of the machine showed that its time may have been wrong by an
    unknown amount (that boot, as hex digits), or a person said so (`DOUBTED_BY_PERSON` of
    `server_broker.fleet.clock_runs`). Empty: it is not in doubt. `TRUSTED`: a person said that its time was right."""
    noted_at = models.DateTimeField()

    decided_fields = ("run", "vouched", "ahead_ms", "doubted_by")
    """Touches are dated by these, so the county's stream says them (`server_broker.fleet.clock_runs.decide_runs`)."""
