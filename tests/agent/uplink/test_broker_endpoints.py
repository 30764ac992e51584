"""A broker with two ports: which one is tried, what is remembered, and when the usual one has its turn again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.events import LinkUp
from agent.uplink.broker_endpoints import BACK_AFTER_MS
from tests.agent.uplink.network import Broker, Wire, free_port
from tests.agent.uplink.parts import STATION, Bench, MemoryOutbox
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.test_over_mosquitto import RealStation
from tests.fakes.county_peer import CountyBook, CountyPeer
from tests.fakes.state import MemoryState


def fail(bench: Bench, times: int) -> None:
    """Let attempts fail, one after the other."""
    for _ in range(times):
        while not bench.link.is_open:
            bench.clock.now = max(bench.clock.now, bench.uplink.tick())
        bench.drop("timed out")


def next_attempt(bench: Bench) -> int:
    while not bench.link.is_open:
        bench.clock.now = max(bench.clock.now, bench.uplink.tick())
    return bench.link.doors[-1]


def come_up(bench: Bench) -> None:
    """Let the next attempt come up."""
    next_attempt(bench)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.play()
    assert bench.uplink.state == "connected"


def test_the_ports_take_turns_while_none_works() -> None:
    bench = Bench(doors=2)
    fail(bench, 8)
    assert bench.link.doors == [0, 0, 1, 1, 0, 0, 1, 1]


def test_a_broker_with_one_port_is_knocked_at_there() -> None:
    bench = Bench()
    fail(bench, 6)
    assert set(bench.link.doors) == {0}


def test_what_worked_is_kept_over_a_restart_and_left_after_two_failures_only() -> None:
    kept = MemoryState()
    bench = Bench(doors=2, state=kept)
    fail(bench, 2)
    come_up(bench)
    bench.drop()
    again = Bench(doors=2, state=kept)
    fail(again, 4)
    assert again.link.doors == [1, 1, 0, 0]


def test_the_usual_port_is_tried_once_a_day_and_taken_back_when_it_works() -> None:
    bench = Bench(doors=2, state=MemoryState())
    fail(bench, 2)
    come_up(bench)
    bench.wait(BACK_AFTER_MS)
    assert len(bench.link.doors) == 3, "a connection that holds is left alone"
    bench.drop()
    assert next_attempt(bench) == 0
    bench.drop("timed out")
    assert next_attempt(bench) == 1, "one failure of the usual port leads straight back"
    come_up(bench)
    bench.drop()
    assert next_attempt(bench) == 1
    come_up(bench)
    bench.wait(BACK_AFTER_MS)
    bench.drop()
    assert next_attempt(bench) == 0
    come_up(bench)
    bench.drop()
    assert next_attempt(bench) == 0


def test_a_full_disk_or_a_foreign_mark_costs_nothing_but_tries(caplog: pytest.LogCaptureFixture) -> None:
    kept = MemoryState()
    kept.full = True
    bench = Bench(doors=2, state=kept)
    fail(bench, 2)
    come_up(bench)
    assert "not kept" in caplog.text
    for mark in (b"", b"\x02", b"\x01\x01"):
        kept.values = {"door": mark}
        assert next_attempt(Bench(doors=2, state=kept)) == 0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def broker(authority: Authority) -> Iterator[Broker]:
    broker = Broker(authority.folder, authority, more_ports=(free_port(),))
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.parametrize("blocked", ["refused", "swallowed"])
def test_facts_come_through_where_the_usual_port_is_blocked(authority: Authority, broker: Broker, blocked: str) -> None:
    """Real Mosquitto with two listeners; at the usual port stands a line that refuses or swallows everything."""
    outbox = MemoryOutbox()
    book = CountyBook({STATION: outbox.public_key})
    county = CountyPeer(book, port=broker.plain_port)
    wire = Wire(broker.tls_port)
    wire.flowing.clear()
    usual = wire.port if blocked == "swallowed" else free_port()
    station = RealStation(
        book,
        outbox,
        port=usual,
        more_ports=broker.more_ports,
        connect_s=1.0,
        ca_file=authority.ca_file,
        identity=authority.issue(STATION),
    )
    station.run(lambda: station.settled)
    assert len(book.bodies(STATION)) == outbox.through
    station.uplink.say_gone("shutdown")
    county.close()
    wire.close()
