"""A station's stream in the database with the rows that the county makes of it, signed by a key of the test's own."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils import timezone

from protocol import chain
from protocol.codec import encode
from protocol.decisions import StationEnrolled
from protocol.facts import Fact as ReadFact
from protocol.heads import sign_head
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.fleet.fact_rows import Identity, Rows
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.projections import derive, put_rows
from tests.golden.vectors import FACTS

type Stated = Callable[[bytes, int], ReadFact]
"""What a station states, by epoch and seq."""


def enrol(station: Station, key: Ed25519PrivateKey) -> None:
    """Decide that a station has this key."""
    station.record_key = key.public_key().public_bytes_raw()
    with transaction.atomic():
        station.save(update_fields=["record_key"])
        entry = record(f"station:{station.pk}", "station.enrolled", station.pk)
        decide(entry, StationEnrolled(station=station.pk, record_key=bytes(station.record_key)), [station])


def store_stream(
    station: Station,
    count: int,
    *,
    key: Ed25519PrivateKey | None = None,
    what: ReadFact | Stated = FACTS["touch"],
    old: int = 0,
) -> Stream:
    """Store ``count`` facts of a station, with the signed head at their end, and return the stream.

    Args:
        what: The same fact each time, or what makes one.
        old: So many of them came 200 days ago.
    """
    key = key or Ed25519PrivateKey.generate()
    enrol(station, key)
    epoch, now = secrets.token_bytes(16), timezone.now()
    before = now - timedelta(days=200)
    head = chain.first_head(station=station.pk, epoch=epoch)
    stream = Stream.objects.create(station=station, epoch=epoch, head=head, born_at=now)
    facts, rows = [], {before: Rows(before), now: Rows(now)}
    for seq in range(1, count + 1):
        fact = what(epoch, seq) if callable(what) else what
        body, came = encode(fact), before if seq <= old else now
        salt = secrets.token_bytes(16)
        digest = chain.fact_digest(salt=salt, body=body)
        head = chain.next_head(head, seq=seq, digest=digest)
        facts.append(
            Fact(
                stream=stream,
                seq=seq,
                digest=digest,
                head=head,
                salt=salt,
                body=body,
                kind=str(fact.__struct_config__.tag),
                received_at=came,
            )
        )
        derive(fact, Identity(station.pk, epoch, seq), rows[came])
    Fact.objects.bulk_create(facts)
    with transaction.atomic():
        for some in rows.values():
            put_rows(some)
    signed = sign_head(key, station=station.pk, epoch=epoch, through=count, head=head)
    SignedHeadKept.objects.create(stream=stream, through=count, head=head, signature=signed.signature)
    Stream.objects.filter(pk=stream.pk).update(through=count, head=head, issued=count)
    stream.refresh_from_db()
    return stream
