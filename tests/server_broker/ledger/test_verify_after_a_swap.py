"""A dead board is swapped for another: what the first one signed still verifies, by the key that the journal keeps."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from protocol.codec import encode
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.reread import reread_held
from server_broker.ledger.verify import verify_station
from server_broker.platform.home import CountyHome
from server_broker.trust.journal import JournalEntry, StationJournal
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def journal(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StationJournal:
    home = CountyHome(tmp_path_factory.mktemp("county"))
    home.trust.mkdir()
    monkeypatch.setattr(settings, "HOME", home)
    return StationJournal(home)


def enrol(station: StationDouble, journal: StationJournal) -> None:
    station.enrol()
    journal.append(
        JournalEntry(
            at="2026-11-24T08:00:00+00:00",
            event="enrolled",
            station=station.id,
            serial=station.public.hex()[:8],
            record_key=station.public.hex(),
        )
    )


def process(station: StationDouble) -> None:
    station.add(touch(1), touch(2))
    BatchProcessor(clock=lambda: NOW).process_batch([station.facts_message()])


@pytest.fixture
def swapped(journal: StationJournal) -> list[StationDouble]:
    boards = [StationDouble(), StationDouble()]
    for board in boards:
        enrol(board, journal)
        process(board)
    return boards


def test_both_boards_streams_verify(swapped: list[StationDouble]) -> None:
    assert [verdict.problem for verdict in verify_station(Station.objects.get())] == ["", ""]


def test_held_facts_of_the_first_board_are_read_on_its_own_later_word(journal: StationJournal) -> None:
    first, second = StationDouble(), StationDouble()
    enrol(first, journal)
    first.add(touch(1), touch(2))
    forged = encode(first.envelope(1, 1, key=Ed25519PrivateKey.generate()))
    processor = BatchProcessor(clock=lambda: NOW)
    # In one batch the later signature would cover the first fact too.
    for message in (first.message("facts", forged), first.facts_message(2)):
        processor.process_batch([message])
    assert Fact.objects.get(held_reason="bad_signature").seq == 1
    enrol(second, journal)
    assert reread_held(first.id, now=NOW).read == 1


def test_a_stranger_s_signature_still_does_not(swapped: list[StationDouble]) -> None:
    stranger = Ed25519PrivateKey.generate()
    for board in swapped:
        forged = board.signed(2, key=stranger).signature
        SignedHeadKept.objects.filter(stream__epoch=board.epoch).update(signature=forged)
    for verdict in verify_station(Station.objects.get()):
        assert "not the station's" in verdict.problem
