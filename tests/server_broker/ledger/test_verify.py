"""`cunhui-server verify`: a chain that was touched is named at the first bad seq."""

import json
import os

import pytest
from django.db.models import F

from server_broker.fleet.models import Station, Stream
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ledger.verify import run, verify_station
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> StationDouble:
    double = StationDouble()
    double.enrol()
    double.add(touch(1), touch(2)).add_body(b"\xc1").add(touch(4), touch(5))
    BatchProcessor(clock=lambda: NOW).process_batch([double.facts_message()])
    return double


def verdict() -> tuple[int | None, str]:
    [found] = verify_station(Station.objects.get())
    return found.bad_seq, found.problem


def test_an_untouched_chain_holds_with_what_is_held_named(station: StationDouble) -> None:
    [found] = verify_station(Station.objects.get())
    assert (found.good, found.facts, found.held, found.signed_through) == (True, 5, [3], 5)


def test_a_body_that_is_gone_without_an_erasure_is_named(station: StationDouble) -> None:
    Fact.objects.filter(seq=2).update(body=None, salt=None)
    assert verdict() == (2, "its content is gone, and no erasure is on record")


@pytest.mark.parametrize("seq", [1, 3, 5])
@pytest.mark.parametrize(
    "change", [{"body": b"other"}, {"digest": b"d" * 32}, {"head": b"h" * 32}, {"salt": b"s" * 16}]
)
def test_a_changed_fact_is_named(station: StationDouble, seq: int, change: dict[str, bytes]) -> None:
    Fact.objects.filter(seq=seq).update(**change)
    assert verdict()[0] == seq


def test_a_missing_fact_is_named(station: StationDouble) -> None:
    Fact.objects.filter(seq=4).delete()
    assert verdict() == (4, "fact 4 is missing")


def test_a_cut_off_tail_is_named_by_what_the_station_signed(station: StationDouble) -> None:
    Fact.objects.filter(seq__gt=3).delete()
    Stream.objects.update(through=3, head=station.head(3))
    assert verdict() == (4, "the station signed for 5 facts")


def test_a_chain_rewritten_as_a_whole_does_not_lead_to_the_signed_head(station: StationDouble) -> None:
    forger = StationDouble(id=station.id, epoch=station.epoch, sealed=station.sealed[:1]).add(touch(9))
    forger.sealed += station.sealed[2:]
    for seq, sealed in enumerate(forger.sealed, start=1):
        Fact.objects.filter(seq=seq).update(
            salt=sealed.salt, body=sealed.body, digest=sealed.digest(), head=forger.head(seq)
        )
    Stream.objects.update(head=forger.head(5))
    bad_seq, problem = verdict()
    assert bad_seq == 0
    assert "facts were exchanged" in problem
    SignedHeadKept.objects.update(head=forger.head(5), signature=forger.signed(5).signature)
    assert "not the station's" in verdict()[1]


def test_the_stream_s_own_word_is_checked(station: StationDouble) -> None:
    Stream.objects.update(head=os.urandom(32))
    assert verdict() == (5, "the stream's head is not the chain's")
    Stream.objects.update(through=F("through") + 1)
    assert verdict()[0] == 6


def test_exit_status_and_json(station: StationDouble) -> None:
    said: list[str] = []
    assert run(station.id, as_json=True, say=said.append) == 0
    assert json.loads(said.pop())["good"] is True
    assert run(station.id, as_json=False, say=said.append) == 0
    assert said[-1] == "全部记录链完整"
    Fact.objects.filter(seq=2).update(body=b"x")
    assert run(station.id, as_json=True, say=said.append) == 1
    assert json.loads(said[-1])["streams"][0]["bad_seq"] == 2
    assert run("shili-99", as_json=False, say=said.append) == 2
