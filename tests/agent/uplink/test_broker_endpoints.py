"""A broker with two ports: which one is tried, what is remembered, and when the usual one has its turn again."""

from collections.abc import Iterator

import pytest

from agent.events import LinkUp
from agent.uplink.reconnector import USUAL_AGAIN_MS
from tests.agent.uplink.bench import STATION, MemoryOutbox, UplinkBench
from tests.agent.uplink.network import MosquittoBroker, Wire, free_port
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.real_station import RealStation
from tests.fakes.county_peer import CountyBook, CountyPeer
from tests.fakes.state import MemoryState


def fail(bench: UplinkBench, times: int) -> None:
    """Let attempts fail, one after the other."""
    for _ in range(times):
        while not bench.link.is_open:
            bench.clock.now = max(bench.clock.now, bench.uplink.tick())
        bench.drop("timed out")


def next_attempt(bench: UplinkBench) -> int:
    while not bench.link.is_open:
        bench.clock.now = max(bench.clock.now, bench.uplink.tick())
    return bench.link.endpoints[-1]


def come_up(bench: UplinkBench) -> None:
    """Let the next attempt come up."""
    next_attempt(bench)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.play()
    assert bench.uplink.state == "connected"


def test_the_ports_take_turns_while_none_works() -> None:
    bench = UplinkBench(endpoints=2)
    fail(bench, 8)
    assert bench.link.endpoints == [0, 0, 1, 1, 0, 0, 1, 1]


def test_a_broker_with_one_port_is_tried_there_alone() -> None:
    bench = UplinkBench()
    fail(bench, 6)
    assert set(bench.link.endpoints) == {0}


def test_what_worked_is_kept_over_a_restart_and_left_after_two_failures_only() -> None:
    kept = MemoryState()
    bench = UplinkBench(endpoints=2, state=kept)
    fail(bench, 2)
    come_up(bench)
    bench.drop()
    again = UplinkBench(endpoints=2, state=kept)
    fail(again, 4)
    assert again.link.endpoints == [1, 1, 0, 0]


def test_the_usual_port_is_tried_once_a_day_and_taken_back_when_it_works() -> None:
    bench = UplinkBench(endpoints=2, state=MemoryState())
    fail(bench, 2)
    come_up(bench)
    bench.wait(USUAL_AGAIN_MS)
    assert len(bench.link.endpoints) == 3, "a connection that holds is left alone"
    bench.drop()
    assert next_attempt(bench) == 0
    bench.drop("timed out")
    assert next_attempt(bench) == 1, "one failure of the usual port leads straight back"
    come_up(bench)
    bench.drop()
    assert next_attempt(bench) == 1
    come_up(bench)
    bench.wait(USUAL_AGAIN_MS)
    bench.drop()
    assert next_attempt(bench) == 0
    come_up(bench)
    bench.drop()
    assert next_attempt(bench) == 0


def test_a_full_disk_or_a_stored_port_that_is_none_costs_only_attempts(caplog: pytest.LogCaptureFixture) -> None:
    kept = MemoryState()
    kept.full = True
    bench = UplinkBench(endpoints=2, state=kept)
    fail(bench, 2)
    come_up(bench)
    assert "not kept" in caplog.text
    for stored in (b"", b"\x02", b"\x01\x01"):
        kept.values = {"door": stored}
        assert next_attempt(UplinkBench(endpoints=2, state=kept)) == 0


@pytest.fixture
def broker(authority: Authority) -> Iterator[MosquittoBroker]:
    broker = MosquittoBroker(authority.folder, authority, more_ports=(free_port(),))
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.parametrize("blocked", ["refused", "swallowed"])
def test_facts_come_through_where_the_usual_port_is_blocked(
    authority: Authority, broker: MosquittoBroker, blocked: str
) -> None:
    """Real Mosquitto with two listeners. The line refuses or swallows everything that goes to the usual port."""
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
    station.run(lambda: station.all_receipted)
    assert len(book.bodies(STATION)) == outbox.through
    station.uplink.say_gone("shutdown")
    county.close()
    wire.close()
