"""The contract proof passes for the product, and counts what it is meant to find."""

from pathlib import Path

import msgspec
import pytest

from protocol.signing import key_id
from protocol.topics import parse, topic
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, seal_outgoing
from server_broker.ingest.models import Fact
from tests.golden.vectors import COUNTY_KEY, COUNTY_PUBLIC
from tests.proofs.contract import mutants
from tests.proofs.contract.matrix import Matrix, agrees, read_all
from tests.proofs.contract.mutants import kinds, try_kind
from tests.proofs.contract.versions import OLD, End, take_out
from tests.proofs.contract.weeks import Found, Week
from tests.proofs.power_cut.workload import RECORD_KEY, STATION
from tests.server_broker.station_double import NOW, StationDouble


def test_the_old_reader_and_the_new_one_read_all_that_is_sent_to_them(tmp_path: Path) -> None:
    old = tmp_path / "old"
    take_out(OLD, old)
    matrix = read_all(old)
    assert matrix.refused_wrongly == 0, matrix.examples
    assert matrix.cases > 300


def test_mutants_of_every_kind_are_read_or_refused() -> None:
    for name in kinds():
        outcome = try_kind(name, count=60, seed=7)
        assert (outcome.mutants, outcome.crashes) == (60, 0), outcome.examples


def test_a_reader_that_crashes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(raw: bytes) -> object:
        return msgspec.msgpack.decode(raw)

    monkeypatch.setattr(mutants, "_read_fact", careless)
    assert try_kind("fact touch", count=200, seed=1).crashes > 0


def test_a_message_that_is_read_as_another_is_caught() -> None:
    assert agrees({"a": 1, "later": 2}, {"a": 1})
    assert not agrees({"a": [1, 2]}, {"a": [1]})
    assert not agrees({"a": {"b": "x"}}, {"a": {"b": "y"}})
    matrix = Matrix()
    matrix.note("a message", "refused:malformed", good=False)
    assert matrix.refused_wrongly == 1


def test_the_same_seed_makes_the_same_mutants() -> None:
    samples, _ = kinds()["fact touch"]
    made = [list(mutants.mutants(samples, count=50, seed="5", json=False)) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.django_db
def test_a_station_of_1_0_brings_everything_to_todays_county(tmp_path: Path) -> None:
    """One day of one of the weeks, without kills; the county is the test's own."""
    old = tmp_path / "old"
    take_out(OLD, old)
    StationDouble(id=STATION, key=RECORD_KEY).enrol()
    processor = BatchProcessor(clock=lambda: NOW)
    station = End(old, "station_end", str(tmp_path / "card"), "1")
    station.say([key_id(COUNTY_PUBLIC), COUNTY_PUBLIC])
    stated: list[list[str]] = []
    for asked in (["state", 0, 40], ["connect", True]):
        station.say(asked)
        while (said := station.hear())[0] == "hear":
            answers = processor.process_batch([Incoming(topic(shard=0, station=STATION, leaf=said[1]), said[2])])
            station.say([[parse(one.topic).leaf, seal_outgoing(one, COUNTY_KEY, wall_ms=1)] for one in answers])
        stated += said[1] if asked[0] == "state" else []
    station.stop()
    kept = {(bytes(fact.stream.epoch).hex(), fact.seq): fact for fact in Fact.objects.select_related("stream")}
    assert {(epoch, seq) for epoch, seq, _, _ in stated} <= kept.keys()
    assert {fact.held_reason for fact in kept.values()} == {""}


def test_the_rows_of_a_week_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    week = Week.__new__(Week)
    week.found = Found()
    week._noted = {("e", 1): ("touch", "touch"), ("e", 2): ("later pin_set", "pin_set"), ("e", 3): ("booted", "booted")}
    rows = [("e", 1, "touch", "malformed"), ("e", 2, "pin_set", ""), ("e", 2, "pin_set", "")]
    monkeypatch.setattr(week, "_rows", lambda statement: rows)
    week.judge(upgraded=False, later_expected=True)
    found = week.found
    assert (found.lost, found.doubled, found.held_wrongly, found.read_wrongly) == (1, 1, 1, 1)
