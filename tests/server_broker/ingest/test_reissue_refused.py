"""A re-issue that says nothing storable vouches for nothing: what was held in its own stream stays held."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from protocol.codec import encode
from protocol.facts import Touch
from protocol.units import LAST_WALL_MS
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact, Reissue
from tests.server_broker.station_double import CARD, NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("careful", [False, True])
def test_the_first_copy_stays_held(careful: bool) -> None:
    station = StationDouble()
    station.enrol()
    undatable = moment(wall=LAST_WALL_MS + 1)
    station.add(Touch(at=undatable, card=CARD, reader="simulated", answer="recorded"), touch(2))
    processor = BatchProcessor(clock=lambda: NOW)
    forged = encode(station.envelope(key=Ed25519PrivateKey.generate()))
    processor.process_batch([station.message("facts", forged)])
    fresh = station.reopen(matched=0)
    processor.process_batch([fresh.facts_message()], careful=careful)
    held = {(bytes(fact.stream.epoch), fact.seq): fact.held_reason for fact in Fact.objects.exclude(held_reason="")}
    assert held == {(station.epoch, 1): "bad_signature", (fresh.epoch, 2): "out_of_range"}
    assert [reissue.seq for reissue in Reissue.objects.all()] == [2]


def test_what_carries_a_fact_must_have_a_time_that_a_calendar_has() -> None:
    """The fact within is as it should be. But settling reads the carrier's time too."""
    station = StationDouble()
    station.enrol()
    station.add(touch(1), touch(2))
    carrier = structs.replace(station.reissued(2), at=moment(wall=LAST_WALL_MS + 1), epoch=b"e" * 16)
    BatchProcessor(clock=lambda: NOW).process_batch([station.add(carrier).facts_message()])
    assert list(Fact.objects.exclude(held_reason="").values_list("seq", "held_reason")) == [(3, "malformed")]
