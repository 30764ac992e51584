"""Held facts in a person's hands: which wait to be looked at, and writing them off.

A fact that is written off stays where it is, unread, with who decided it and why; the chain and the station's copy
are as before. It is not read again: what a person has decided, no upgrade turns round. Should the station re-issue
its content in a later stream, that is read like any other fact, and the write-off stands beside it as history.
"""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from server_broker.audit.log import Detail, record
from server_broker.fleet.alarms import resolve
from server_broker.fleet.models import Alarm, Stream
from server_broker.ingest.models import Fact, WriteOff

HELD_ALARM = "held:"
"""What the code of an alarm about held facts begins with; the reason follows."""

_SEQS_SHOWN = 100


def held_facts() -> QuerySet[Fact]:
    """Return the facts that are kept unread, written off or not."""
    return Fact.objects.exclude(held_reason="")


def to_review() -> QuerySet[Fact]:
    """Return the held facts that wait for a person."""
    return held_facts().filter(write_off=None)


def write_off(facts: QuerySet[Fact], *, reason: str, actor: str, at: datetime) -> int:
    """Write off those of ``facts`` that wait for a person, say so in the audit log, and return how many there were.

    Args:
        facts: Cut to what ``actor`` may decide on.
        reason: In the actor's words; no names and no card numbers.
    """
    with transaction.atomic():
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
            record(actor, "held.written_off", stream.station_id, detail)
        for station in {stream.station_id for stream in by_stream}:
            close_alarms(station, at=at)
        return sum(len(found) for found in by_stream.values())


def close_alarms(station_id: str, *, at: datetime) -> None:
    """Resolve a station's alarms about held facts of which none waits any more."""
    waiting = set(to_review().filter(stream__station=station_id).values_list("held_reason", flat=True).distinct())
    alarms = Alarm.objects.filter(station=station_id, origin="county", code__startswith=HELD_ALARM, resolved_at=None)
    for code in alarms.values_list("code", flat=True):
        if code.removeprefix(HELD_ALARM) not in waiting:
            resolve(station=station_id, code=code, at=at)
