"""A station's stream in the database with the rows that the county makes of it, signed by a key of the test's own."""

import secrets

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


def store_stream(
    station: Station, count: int, *, key: Ed25519PrivateKey | None = None, what: ReadFact = FACTS["touch"]
) -> Stream:
    """Store ``count`` facts of a station, with the signed head at their end, and return the stream."""
    key = key or Ed25519PrivateKey.generate()
    station.record_key = key.public_key().public_bytes_raw()
    with transaction.atomic():
        station.save(update_fields=["record_key"])
        entry = record(f"station:{station.pk}", "station.enrolled", station.pk)
        decide(entry, StationEnrolled(station=station.pk, record_key=bytes(station.record_key)), [station])
    epoch, body, now = secrets.token_bytes(16), encode(what), timezone.now()
    kind = str(what.__struct_config__.tag)
    head = chain.first_head(station=station.pk, epoch=epoch)
    stream = Stream.objects.create(station=station, epoch=epoch, head=head, born_at=now)
    facts, rows = [], Rows(now)
    for seq in range(1, count + 1):
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
                kind=kind,
                received_at=now,
            )
        )
        derive(what, Identity(station.pk, epoch, seq), rows)
    Fact.objects.bulk_create(facts)
    with transaction.atomic():
        put_rows(rows)
    signed = sign_head(key, station=station.pk, epoch=epoch, through=count, head=head)
    SignedHeadKept.objects.create(stream=stream, through=count, head=head, signature=signed.signature)
    Stream.objects.filter(pk=stream.pk).update(through=count, head=head, issued=count)
    stream.refresh_from_db()
    return stream
