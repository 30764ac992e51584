"""Erase what facts say at the end of their time: the bodies, and the rows that were made of them. Digests stay.

A chain goes over digests, so it holds as before. Each run records what it erased in the same transaction, and the audit
log has the digest of it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import reduce
from itertools import batched
from operator import or_
from types import MappingProxyType

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet

from protocol.chain import fact_digest
from protocol.decisions import FactsErased
from protocol.facts import decode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.models import StationEvent, Stream
from server_broker.ingest.models import Fact
from server_broker.retention.erasures import ACTION, digest_of
from server_broker.retention.keeping_kinds import FactsEnd
from server_broker.retention.keepings import KEEPINGS
from server_broker.retention.models import ErasedFact, Erasure

FACTS_A_STEP = 5_000
"""Facts in memory and in one transaction at a time, of one stream."""


type FactIdentity = tuple[str, bytes, int]
"""(station, epoch, seq): the first identity of a fact, under which its rows stand."""
type First = Mapping[str, Callable[[datetime], Collection[FactIdentity]]]
"""By the key of a keeping what is done before any of it is erased: it takes the time before which that was received,
and returns which of these facts are not erased yet."""


def erase_facts(now: datetime, *, first: First = MappingProxyType({})) -> int:
    """Erase what is due at ``now`` of every keeping that ends by time; return how many facts.

    Args:
        first: What keeps something that outlives the facts. If it fails, nothing of its keeping and of those behind it
            is erased. What it returns stays, with its rows.
    """
    return sum(_erase(row, now, first) for row in KEEPINGS if isinstance(row, FactsEnd))


def _erase(row: FactsEnd, now: datetime, first: First) -> int:
    before = now - row.kept
    keep = first.get(row.key)
    stay = frozenset(keep(before)) if keep is not None else frozenset[FactIdentity]()
    due = _due(row, before)
    erased = 0
    for stream in list(due.values_list("stream_id", flat=True).distinct()):
        facts = due.filter(stream=stream).select_related("stream").order_by("seq").iterator(chunk_size=2_000)
        of_this = (
            (fact.pk, identity)
            for fact in facts
            if (identity := _identity(row, fact)) is not None and (fact.stream.station_id, *identity) not in stay
        )
        for step in batched(of_this, FACTS_A_STEP, strict=False):
            erased += _erase_step(row, stream, dict(step), now=now, before=before)
    for label, received in row.rows:
        due_rows = apps.get_model(label)._base_manager.filter(**{f"{received}__lt": before})
        (due_rows.exclude(_rows_of(stay)) if stay else due_rows).delete()
    return erased


def _rows_of(facts: Iterable[FactIdentity]) -> Q:
    """Return the condition that a row stands under one of these identities."""
    seqs: dict[tuple[str, bytes], list[int]] = {}
    for station, epoch, seq in facts:
        seqs.setdefault((station, epoch), []).append(seq)
    return reduce(or_, (Q(station=station, epoch=epoch, seq__in=some) for (station, epoch), some in seqs.items()))


def _due(row: FactsEnd, before: datetime) -> QuerySet[Fact]:
    """Return the facts that may be due. A held one is left: nobody has read it, so nobody knows what it is."""
    # A re-issue has a kind of its own, whatever it wraps.
    kinds = [*row.kinds, "reissued"]
    return (
        Fact.objects.filter(kind__in=kinds, received_at__lt=before, held_reason="")
        .exclude(body=None)
        .exclude(salt=None)
    )


def _identity(row: FactsEnd, fact: Fact) -> tuple[bytes, int] | None:
    """Return the first identity of the fact, or of what it wraps, if that is of this keeping."""
    assert fact.body is not None
    assert fact.salt is not None
    # Whoever puts other words in place of a touch must not have the county itself erase the trace of that.
    if fact_digest(salt=bytes(fact.salt), body=bytes(fact.body)) != bytes(fact.digest):
        return None
    try:
        layers, inner = unwrap(decode_fact(bytes(fact.body)))
    except Refused:
        return None  # it was read once, so a later release reads it again
    if inner.__struct_config__.tag not in row.kinds or row.stays(inner):
        return None
    return (layers[-1].epoch, layers[-1].seq) if layers else (bytes(fact.stream.epoch), fact.seq)


def _erase_step(
    row: FactsEnd, stream: int, due: dict[int, tuple[bytes, int]], *, now: datetime, before: datetime
) -> int:
    """Erase facts of one stream, given by key with the identities under which their rows stand."""
    with transaction.atomic():
        facts = Fact.objects.select_for_update().filter(pk__in=due).exclude(body=None).order_by("seq")
        found = [(seq, bytes(digest)) for seq, digest in facts.values_list("seq", "digest")]
        if not found:
            return 0
        erasure = Erasure.objects.create(
            stream_id=stream,
            holding=row.key,
            at=now,
            received_before=before,
            facts=len(found),
            digest=digest_of(found),
        )
        ErasedFact.objects.bulk_create(
            (ErasedFact(erasure=erasure, stream_id=stream, seq=seq, digest=digest) for seq, digest in found),
            batch_size=2_000,
        )
        Fact.objects.filter(pk__in=due).update(body=None, salt=None)
        _empty_events(stream, due.values())
        detail: Detail = {"holding": row.key, "facts": len(found), "digest": digest_of(found).hex()}
        said = FactsErased(holding=row.key, facts=len(found), digest=digest_of(found))
        decide(record("service", ACTION, str(erasure.pk), detail), said)
    return len(found)


def _empty_events(stream: int, identities: Iterable[tuple[bytes, int]]) -> None:
    """Take away what the events of these facts say beyond their kind and their time."""
    station = Stream.objects.values_list("station_id", flat=True).get(pk=stream)
    by_epoch: dict[bytes, list[int]] = {}
    for epoch, seq in identities:
        by_epoch.setdefault(epoch, []).append(seq)
    for epoch, seqs in by_epoch.items():
        StationEvent.objects.filter(station=station, epoch=epoch, seq__in=seqs).update(detail={})
