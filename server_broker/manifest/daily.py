"""Make the daily manifest: one signed root over all that the county has recorded until the end of a day."""

import datetime as dt

import msgspec
from django.db import transaction
from django.db.models import F

from protocol.china_time import CHINA, milliseconds
from protocol.decisions import ManifestMade
from protocol.manifest import KeptHead, Leaf, ManifestRoot, kept_heads, read_leaves, root_over, seal_root
from server_broker.audit.log import record
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import CountyStream
from server_broker.decisions.stream import decide, open_stream
from server_broker.fleet.models import Stream
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.manifest.models import DailyManifest, DailyTable
from server_broker.manifest.received import RECEIVED, Told, note_told, received_days
from server_broker.manifest.tables import TableDay, dated_models, decoded, table_day
from server_broker.platform.home import CountyHome
from server_broker.trust.record_key import record_key

DUE_AFTER = dt.timedelta(minutes=30)
"""A day's manifest is made so long after midnight, so that what was begun before has been committed."""


def due_day(now: dt.datetime) -> dt.date:
    """Return the last day, in China, whose manifest may be made."""
    return (now - DUE_AFTER).astimezone(CHINA).date() - dt.timedelta(days=1)


def end_of(day: dt.date) -> dt.datetime:
    """Return the moment at which a day in China ends."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), CHINA)


def make_due(home: CountyHome, *, now: dt.datetime) -> DailyManifest | None:
    """Make the manifest of the last whole day, and return it; None if it is there already.

    Args:
        now: By a clock that is believed; otherwise don't call this.

    Raises:
        ServiceError: The record key is missing.
    """
    day = due_day(now)
    with transaction.atomic():
        stream = open_stream(home)
        last = DailyManifest.objects.order_by("-number").first()
        if last is not None and last.day >= day:
            return None
        entry = record("service", "county.manifest_made", day.isoformat())
        after, until = None if last is None else end_of(last.day), end_of(day)
        streams = _stream_leaves()
        tables = [table_day(model, after=after, until=until) for model in dated_models()]
        tables += received_days(streams, _told(), until=until)
        leaves = [*_head_leaves(), *(table.leaf() for table in tables), *streams]
        root = ManifestRoot(
            county=stream.county,
            number=1 if last is None else last.number + 1,
            day=day.isoformat(),
            at=milliseconds(now),
            leaves=len(leaves),
            root=root_over(leaves),
        )
        made = DailyManifest.objects.create(
            number=root.number,
            day=day,
            signed=seal_root(record_key(home, bytes(stream.record_key)), root),
            leaves=msgspec.msgpack.encode(leaves),
            made_at=now,
        )
        DailyTable.objects.bulk_create(_kept(made, table) for table in tables)
        shelf_changed_under("", at=now)
        decide(entry, ManifestMade(number=root.number, root=root.root))
    return made


def _kept(manifest: DailyManifest, table: TableDay) -> DailyTable:
    rows, ended = table.encoded()
    return DailyTable(manifest=manifest, table=table.table, columns=table.columns, rows=rows, ended=ended)


def _told() -> Told:
    """Return how far the manifests so far have told when things were received."""
    told = Told()
    for row in DailyTable.objects.filter(table__in=RECEIVED).defer("rows").order_by("manifest"):
        note_told(told, decoded(row.table, row.columns, b"", bytes(row.ended)))
    return told


def _head_leaves() -> list[Leaf]:
    """Return the leaves of the county's own stream and of the audit log, by their present heads."""
    leaves = [
        Leaf(
            kind="county",
            name=stream.county,
            epoch=bytes(stream.epoch),
            count=stream.through,
            digest=bytes(stream.head),
        )
        for stream in CountyStream.objects.order_by("id")
    ]
    last = AuditEntry.objects.order_by("-id").first()
    if last is not None:
        count = AuditEntry.objects.filter(id__lte=last.pk).count()
        leaves.append(Leaf(kind="audit", name="audit", epoch=b"", count=count, digest=bytes(last.hash)))
    return leaves


def _stream_leaves() -> list[Leaf]:
    """Return the leaves of the stations' streams, by their present heads."""
    streams = Stream.objects.filter(through__gt=0).order_by("station_id", "epoch")
    return [
        Leaf(kind="stream", name=station, epoch=bytes(epoch), count=through, digest=bytes(head))
        for station, epoch, through, head in streams.values_list("station_id", "epoch", "through", "head")
    ]


def leaves_of(manifest: DailyManifest) -> list[Leaf]:
    """Return the leaves of a manifest that was made.

    Raises:
        Refused: They were damaged.
    """
    raw = bytes(manifest.leaves)
    return read_leaves(raw, limit=len(raw))


def heads_for(manifest: DailyManifest) -> dict[str, KeptHead]:
    """Return what each station is sent of a manifest, by station: its way to the root from its present stream.

    Of a station with several streams it is the one that it was born in last.
    """
    current: dict[str, bytes] = {}
    born = Stream.objects.filter(through__gt=0).order_by(
        "station_id", F("born_at").asc(nulls_first=True), "opened_at", "id"
    )
    for station, epoch in born.values_list("station_id", "epoch"):
        current[station] = bytes(epoch)
    return {
        station: kept
        for station, kept in kept_heads(bytes(manifest.signed), leaves_of(manifest))
        if current.get(station) == kept.epoch
    }
