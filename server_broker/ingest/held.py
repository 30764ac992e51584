"""Held facts: those that wait for a person, and those that a person has written off.

A held fact is stored but was not read. A person may write it off: it stays where it is, unread, with who decided it
and why. The chain and the station's copy do not change. It is never read again, because no upgrade of ours may
overrule what a person decided. If the station re-issues it in a later stream, that re-issue is read like any other
fact, and the write-off stays beside it as history.

What came after its station was revoked, which is only what somebody carried here, is held until a person accepts it.
"""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from protocol.decisions import FactsWrittenOff
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.alarm_codes import HELD
from server_broker.fleet.alarms import resolve
from server_broker.fleet.models import Alarm, Station, Stream
from server_broker.ingest.models import Fact, WriteOff

REVOKED = "carried_revoked"
"""The reason of facts that somebody carried here after their station was revoked."""
BY_DATABASE = ("refused_by_database", "unsettled")
"""Reasons of facts at which the database or the program failed."""
HELD_ALARM = f"{HELD}:"
"""The code of an alarm about held facts begins with this. The reason follows."""

WRITTEN_OFF = "held.written_off"
"""The action of the audit log."""
_SEQS_SHOWN = 100
"""Seqs in one entry of the audit log. A stream may have many thousands of held facts; the count is always complete."""


def held_facts() -> QuerySet[Fact]:
    """Return all held facts, written off or not."""
    return Fact.objects.exclude(held_reason="")


def to_review() -> QuerySet[Fact]:
    """Return the held facts that wait for a person."""
    return held_facts().filter(write_off=None)


def is_to_be_accepted(reason: str, received_at: datetime, *, revoked_at: datetime | None) -> bool:
    """Tell whether a held fact waits for a person to accept it, whatever it was held for.

    Args:
        revoked_at: When the fact's station was revoked. Whoever holds its key since then can sign anything.
    """
    # What failed at the database was accepted before, because until then nothing is tried.
    return revoked_at is not None and received_at >= revoked_at and reason not in BY_DATABASE


def to_accept(station: Station) -> QuerySet[Fact]:
    """Return the facts of a station that wait for a person to accept them, as `is_to_be_accepted` tells of one."""
    since = station.revoked_at
    waiting = to_review().filter(stream__station=station).exclude(held_reason__in=BY_DATABASE)
    return waiting.none() if since is None else waiting.filter(received_at__gte=since)


def write_off(facts: QuerySet[Fact], *, reason: str, actor: str, at: datetime) -> int:
    """Write off those of ``facts`` that wait for a person, record it in the audit log, and return how many there were.

    Args:
        facts: Only such as ``actor`` may decide on.
        reason: In the actor's words; without names and card numbers.
    """
    with transaction.atomic():
        # Locked in the order of ids, as the ingest worker does. Nobody reads these facts again in the meantime.
        streams = Stream.objects.select_for_update().filter(pk__in=facts.values("stream")).order_by("id")
        by_stream: dict[Stream, list[Fact]] = defaultdict(list)
        known = {stream.pk: stream for stream in streams}
        for fact in facts.filter(pk__in=to_review().values("pk"), stream__in=known).order_by("seq"):
            by_stream[known[fact.stream_id]].append(fact)
        for stream, found in by_stream.items():
            WriteOff.objects.bulk_create(WriteOff(fact=fact, at=at, actor=actor, reason=reason) for fact in found)
            seqs = " ".join(str(fact.seq) for fact in found[:_SEQS_SHOWN])
            detail: Detail = {
                "epoch": bytes(stream.epoch).hex(),
                "seqs": seqs,
                "count": len(found),
                "reason": reason,
            }
            written_off = FactsWrittenOff(
                station=stream.station_id,
                epoch=bytes(stream.epoch),
                first=found[0].seq,
                last=found[-1].seq,
                count=len(found),
            )
            decide(record(actor, WRITTEN_OFF, stream.station_id, detail), written_off)
        for station in {stream.station_id for stream in by_stream}:
            close_alarms(station, at=at)
        return sum(len(found) for found in by_stream.values())


def close_alarms(station_id: str, *, at: datetime) -> None:
    """Resolve a station's alarms about held facts, for the reasons for which no fact waits any more."""
    waiting = set(to_review().filter(stream__station=station_id).values_list("held_reason", flat=True).distinct())
    alarms = Alarm.objects.filter(station=station_id, origin="county", code__startswith=HELD_ALARM, resolved_at=None)
    for code in alarms.values_list("code", flat=True):
        if code.removeprefix(HELD_ALARM) not in waiting:
            resolve(station=station_id, code=code, at=at)
