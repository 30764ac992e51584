"""The county's stream, audit log and manifests as the database holds them, as the plain values that a check reads."""

from collections.abc import Iterator

from server_broker.decisions.models import CountyStream, DecidedFact
from server_broker.manifest.replay import FactRecord, StreamRecord


def stored_streams() -> Iterator[StreamRecord]:
    """Yield the epochs of the county's stream in the order in which they were opened."""
    for stream in CountyStream.objects.order_by("id"):
        yield StreamRecord(
            county=stream.county,
            epoch=bytes(stream.epoch),
            through=stream.through,
            head=bytes(stream.head),
            facts=_facts(stream),
        )


def _facts(stream: CountyStream) -> Iterator[FactRecord]:
    for fact in DecidedFact.objects.filter(stream=stream).order_by("seq").iterator(chunk_size=2_000):
        yield FactRecord(
            seq=fact.seq,
            salt=bytes(fact.salt),
            body=bytes(fact.body),
            head=bytes(fact.head),
            signature=bytes(fact.signature),
        )
