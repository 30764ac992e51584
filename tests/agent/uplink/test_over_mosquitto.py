"""The uplink over paho, TLS 1.3 and a real Mosquitto; broker and county can be stopped, killed and silenced."""

import datetime
import hashlib
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.drivers.mqtt import PahoLink, station_context
from agent.events import Event, LinkUp
from agent.uplink.take_overs import ENOUGH, LASTS_MS
from protocol.birth import Gone
from protocol.codec import decode
from protocol.facts import Reissued, Touch, decode_fact
from protocol.units import Moment
from tests.agent.uplink.bench import STATION, MemoryOutbox, some_facts
from tests.agent.uplink.network import MosquittoBroker, Wire
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.real_station import PATIENCE_S, RealStation
from tests.benchmarks.stage.ip_packets import PacketCounter
from tests.fakes.county_peer import CountyBook, CountyPeer


@pytest.fixture
def broker(authority: Authority) -> Iterator[MosquittoBroker]:
    broker = MosquittoBroker(authority.folder, authority)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


@pytest.fixture
def book(outbox: MemoryOutbox) -> CountyBook:
    return CountyBook({STATION: outbox.public_key})


@pytest.fixture
def county(broker: MosquittoBroker, book: CountyBook) -> Iterator[CountyPeer]:
    peer = CountyPeer(book, port=broker.plain_port)
    yield peer
    peer.close()


@pytest.fixture
def wire(broker: MosquittoBroker) -> Iterator[Wire]:
    wire = Wire(broker.tls_port)
    yield wire
    wire.close()


@pytest.fixture
def station(
    broker: MosquittoBroker, wire: Wire, authority: Authority, book: CountyBook, outbox: MemoryOutbox
) -> Iterator[RealStation]:
    station = RealStation(book, outbox, port=wire.port, ca_file=authority.ca_file, identity=authority.issue(STATION))
    yield station
    station.uplink.say_gone("shutdown")


def bodies(outbox: MemoryOutbox) -> list[bytes]:
    return [fact.body for fact in outbox.facts]


def test_facts_and_a_blob_arrive(station: RealStation, county: CountyPeer, book: CountyBook) -> None:
    content = os.urandom(150_000)
    name = hashlib.sha256(content).digest()
    station.blobs.content[name] = content
    station.outbox.commit(*some_facts(300))
    station.run(lambda: station.all_receipted and not station.blobs.content)
    assert book.bodies(STATION) == bodies(station.outbox)
    assert book.whole_blobs() == {name}
    assert len(station.host.times) == 1
    assert not station.host.alarms


def test_a_broker_that_stops_and_comes_back(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    station.run(lambda: station.all_receipted)
    broker.stop()
    station.run(lambda: station.uplink.state == "offline")
    station.commit("a")
    station.commit("b")
    station.linger(0.3)
    assert not station.all_receipted
    broker.start()
    station.run(lambda: station.all_receipted)
    assert book.bodies(STATION) == bodies(station.outbox)


def test_a_broker_killed_again_and_again(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    for number in range(3):
        station.run(lambda: station.all_receipted)
        station.commit(f"before {number}")
        broker.stop(signal.SIGKILL)
        station.commit(f"after {number}")
        broker.start()
    station.run(lambda: station.all_receipted)
    assert book.bodies(STATION) == bodies(station.outbox)


def test_a_revoked_station_learns_that_it_is_not_the_network(
    station: RealStation, county: CountyPeer, authority: Authority, broker: MosquittoBroker, wire: Wire
) -> None:
    station.run(lambda: station.all_receipted)
    assert not station.uplink.refused
    broker.stop()
    station.run(lambda: station.uplink.state == "offline")
    assert not station.uplink.refused
    broker.crl.write_bytes(authority.revocation_list(authority.folder / f"{STATION}.pem"))
    broker.start()
    station.run(lambda: station.uplink.refused)
    assert station.uplink.state == "offline"
    assert station.host.refused_states[-1]
    # The line says nothing of it any more, and it is true all the same.
    wire.flowing.clear()
    station.linger(0.3)
    assert station.uplink.refused


def test_a_copy_of_the_station_is_no_dead_network(
    station: RealStation, county: CountyPeer, authority: Authority, broker: MosquittoBroker
) -> None:
    heard: queue.Queue[Event] = queue.Queue()
    own = authority.issue(STATION)
    copy = PahoLink(
        station=STATION,
        shard=0,
        endpoints=[("127.0.0.1", broker.tls_port)],
        context=lambda: station_context(ca_file=authority.ca_file, certificate_file=own.certificate, key_file=own.key),
        put=heard.put,
        mono_ms=station.mono_ms,
    )
    for number in range(ENOUGH):
        station.run(lambda: station.all_receipted)
        assert not station.uplink.identity_shared
        copy.connect(attempt=number, keepalive_s=60, will=b"")
        while not isinstance(heard.get(timeout=PATIENCE_S), LinkUp):
            pass  # its connection before was taken over
        station.run(lambda: station.uplink.state != "connected")
    assert station.uplink.identity_shared
    station.commit("all goes on")
    station.run(lambda: station.all_receipted)
    assert station.uplink.identity_shared
    copy.disconnect()
    station.skipped_ms += LASTS_MS
    station.linger(0.1)
    assert not station.uplink.identity_shared


def test_a_station_that_takes_over_its_own_dead_connection_is_alone(
    station: RealStation, county: CountyPeer, broker: MosquittoBroker, wire: Wire
) -> None:
    frozen = []
    for number in range(ENOUGH):
        station.run(lambda: station.all_receipted)
        wire.flowing.clear()
        station.commit(str(number))
        for _ in range(6):
            station.linger(0.05)
            station.skipped_ms += 19_000
        station.run(lambda: station.uplink.state != "connected")
        # What the station sent on this connection stays in the wire, its end as well: the broker takes it for alive.
        frozen.append(wire.flowing)
        wire.flowing = threading.Event()
        wire.flowing.set()
    station.run(lambda: station.all_receipted)
    assert broker.said.count(b"already connected, closing old connection") == ENOUGH
    assert not station.uplink.identity_shared
    assert not any(station.host.shared_states)
    for one in frozen:
        one.set()


def test_a_dead_wire_is_given_up_after_90_s_only_while_something_waits(
    station: RealStation, county: CountyPeer, book: CountyBook, wire: Wire
) -> None:
    station.run(lambda: station.all_receipted)
    station.linger(0.3)
    wire.flowing.clear()
    station.skipped_ms += 95_000
    station.linger(0.3)
    assert station.uplink.state == "connected", "nothing waited"
    station.commit("a")
    for _ in range(5):
        station.linger(0.05)
        station.skipped_ms += 19_000
    station.run(lambda: station.uplink.state != "connected")
    wire.flowing.set()
    station.run(lambda: station.all_receipted)
    assert book.bodies(STATION) == bodies(station.outbox)
    assert wire.connections >= 2


def test_nobody_listens(station: RealStation, broker: MosquittoBroker, book: CountyBook) -> None:
    station.commit("a")
    station.run(lambda: "connecting" in [station.uplink.state] and station.link.bytes_moved()[1] > 0)
    station.linger(1.0)
    assert station.outbox.receipted == 0
    county = CountyPeer(book, port=broker.plain_port)
    station.run(lambda: station.all_receipted)
    county.close()
    assert book.bodies(STATION) == bodies(station.outbox)


def test_a_county_worker_that_goes_and_comes_back(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    station.run(lambda: station.all_receipted)
    county.close()
    station.commit("a")
    station.linger(1.0)
    assert not station.all_receipted
    again = CountyPeer(book, port=broker.plain_port)
    station.run(lambda: station.all_receipted)
    again.close()
    assert book.bodies(STATION) == bodies(station.outbox)


def test_an_access_list_that_turns_against_the_station(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    station.run(lambda: station.all_receipted)
    broker.allow("pattern read cunhui/1/0/%u/#")
    broker.reload()
    station.linger(0.3)
    station.commit("a")
    station.run(lambda: ("facts_refused", "major") in station.host.alarms)
    assert not station.all_receipted
    broker.allow("pattern readwrite cunhui/1/0/%u/#")
    broker.reload()
    station.run(lambda: station.all_receipted)
    assert book.bodies(STATION) == bodies(station.outbox)


def test_receipts_that_are_lost_and_doubled(station: RealStation, county: CountyPeer, book: CountyBook) -> None:
    station.run(lambda: station.all_receipted)
    book.silent.add("facts")
    station.commit("a")
    station.linger(0.3)
    assert not station.all_receipted
    book.silent.clear()
    station.skipped_ms += 3_000
    station.run(lambda: station.all_receipted, patience_s=5)
    for _ in range(3):
        county.say(STATION, "receipt", book.receipt(STATION, station.outbox.epoch))
    station.commit("b")
    station.run(lambda: station.all_receipted)
    assert book.bodies(STATION) == bodies(station.outbox)


def test_a_rolled_back_outbox(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    station.outbox.commit(*some_facts(20))
    station.run(lambda: station.all_receipted)
    broker.stop()
    station.run(lambda: station.uplink.state == "offline")
    station.outbox.roll_back(12)
    station.commit("green on the older copy")
    broker.start()
    station.run(lambda: station.all_receipted)
    assert station.outbox.opened == [("ahead", 12)]
    assert book.bodies(STATION)[-2:] == bodies(station.outbox)


def test_a_county_restored_from_a_backup(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    station.outbox.commit(*some_facts(20))
    station.run(lambda: station.all_receipted)
    broker.stop()
    kept = book.kept(STATION, station.outbox.epoch)
    del kept.bodies[5:], kept.heads[6:]
    book.generation = 2
    broker.start()
    station.run(lambda: station.all_receipted and kept.through == 21)
    assert not station.outbox.opened


def test_a_county_restored_to_before_the_current_stream(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker
) -> None:
    station.outbox.commit(*some_facts(700))
    station.run(lambda: station.all_receipted)
    broker.stop()
    station.run(lambda: station.uplink.state == "offline")
    station.outbox.roll_back(690)
    broker.start()
    station.run(lambda: station.all_receipted)
    broker.stop(signal.SIGKILL)
    book.streams.clear()
    book.generation = 2
    station.commit("after the restoration")
    broker.start()
    station.run(lambda: station.all_receipted and station.outbox.generation == 2)
    [(earlier, facts)] = station.outbox.ended
    again = [fact for fact in map(decode_fact, book.bodies(STATION)) if isinstance(fact, Reissued)]
    assert [(fact.epoch, fact.seq) for fact in again] == [(earlier.epoch, seq) for seq in range(1, 691)]
    assert [fact.body for fact in again] == [fact.body for fact in facts[:690]]
    assert book.bodies(STATION) == bodies(station.outbox)


def test_hostile_messages_over_the_wire(
    station: RealStation, county: CountyPeer, caplog: pytest.LogCaptureFixture
) -> None:
    station.run(lambda: station.all_receipted)
    for leaf in ("receipt", "welcome", "command", "desired", "match", "missing"):
        county.say(STATION, leaf, os.urandom(200))
        county.say(STATION, leaf, b"", retain=True)
    station.run(lambda: len(station.host.alarms) == 6)
    assert "refused" in caplog.text
    station.commit("a")
    station.run(lambda: station.all_receipted)


def test_the_will_names_the_connection(
    station: RealStation, county: CountyPeer, book: CountyBook, broker: MosquittoBroker, wire: Wire
) -> None:
    station.run(lambda: station.all_receipted)
    nonce = book.births[-1].nonce
    wire.close()
    with county.changed:
        assert county.changed.wait_for(lambda: book.gone, timeout=10)
    gone = decode(book.gone[0], Gone)
    assert (gone.nonce, gone.reason) == (nonce, "broken")


def test_a_farewell_is_no_break(station: RealStation, county: CountyPeer, book: CountyBook) -> None:
    station.run(lambda: station.all_receipted)
    station.uplink.say_gone("restart")
    with county.changed:
        assert county.changed.wait_for(lambda: book.gone, timeout=10)
    assert [decode(raw, Gone).reason for raw in book.gone] == ["restart"]


@pytest.mark.parametrize("fault", ["foreign authority", "wrong host"])
def test_a_broker_that_is_not_the_countys(
    tmp_path: Path, book: CountyBook, outbox: MemoryOutbox, broker: MosquittoBroker, authority: Authority, fault: str
) -> None:
    ca_file = Authority(tmp_path / "foreign").ca_file if fault == "foreign authority" else authority.ca_file
    if fault == "wrong host":
        broker.stop()
        authority.issue("broker", host="127.0.0.2")
        broker.start()
    station = RealStation(book, outbox, port=broker.tls_port, ca_file=ca_file, identity=authority.issue(STATION))
    station.run(lambda: station.uplink.state == "offline")
    station.linger(0.5)
    assert station.uplink.state == "offline"
    station.uplink.say_gone("shutdown")


@pytest.mark.parametrize("county_year", [2020, 2026])
def test_a_certificate_that_is_over_by_the_machines_clock(
    station: RealStation,
    county: CountyPeer,
    book: CountyBook,
    broker: MosquittoBroker,
    authority: Authority,
    county_year: int,
) -> None:
    """The machine's clock is years ahead of a certificate of 2021: only the county can say which of them is wrong."""
    broker.stop()
    authority.issue("broker", host="127.0.0.1", end=datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC))
    told = datetime.datetime(county_year, 6, 1, tzinfo=datetime.UTC)
    book.wall_ms = lambda: int(told.timestamp() * 1000)
    broker.start()
    if county_year == 2020:
        station.run(lambda: station.all_receipted)
        assert book.bodies(STATION) == bodies(station.outbox)
    else:
        station.run(lambda: bool(station.host.times))
        station.linger(1.5)
        assert not book.bodies(STATION)
        assert "connected" not in station.host.states


def a_touch() -> Touch:
    """A touch as it is in the field."""
    at = Moment(wall=1_795_507_200_123, boot=os.urandom(16), mono=86_400_123, quality="synced")
    return Touch(at=at, card=os.urandom(16), reader="pcsc", answer="recorded", direction="in")


def test_a_touch_costs_at_most_700_bytes(
    station: RealStation, county: CountyPeer, wire: Wire, record_property: Callable[[str, object], None]
) -> None:
    station.run(lambda: station.all_receipted and len(county.book.vitals) > 0)
    station.linger(0.3)
    before = wire.up, wire.down
    moved = station.link.bytes_moved()
    for _ in range(10):
        station.outbox.commit(a_touch())
        station.uplink.facts_committed()
        station.run(lambda: station.all_receipted)
        station.linger(0.05)
    station.linger(0.3)
    up, down = (wire.up - before[0]) / 10, (wire.down - before[1]) / 10
    record_property("touch_bytes", up + down)
    print(f"one touch: {up} up, {down} down")
    after = station.link.bytes_moved()
    assert abs(sum(after) - sum(moved) - (up + down) * 10) <= 1
    assert up + down <= 700


def test_the_bill_is_what_packets_on_the_wire_come_to(
    book: CountyBook, outbox: MemoryOutbox, broker: MosquittoBroker, county: CountyPeer, authority: Authority
) -> None:
    """Facts one by one and a picture. The measure is a counter of raw packets."""
    outbox.commit(*some_facts(20))
    with PacketCounter(broker.tls_port) as counter:
        station = RealStation(
            book, outbox, port=broker.tls_port, ca_file=authority.ca_file, identity=authority.issue(STATION)
        )
        content = os.urandom(40_000)
        station.blobs.content[hashlib.sha256(content).digest()] = content
        for number in range(10):
            station.commit(f"fact {number}")
            station.run(lambda: station.all_receipted)
        station.run(lambda: not station.blobs.content)
        station.uplink.say_gone("shutdown")
        station.linger(0.5)
    assert counter.counted.missed == 0
    assert station.link.bytes_billed() == pytest.approx(counter.counted.bytes, rel=0.02)


def test_what_the_month_is_short_of_waits_and_facts_do_not(
    station: RealStation, county: CountyPeer, book: CountyBook
) -> None:
    station.host.saving = ("blobs", "vitals")
    content = os.urandom(5_000)
    station.blobs.content[hashlib.sha256(content).digest()] = content
    station.commit("a")
    station.run(lambda: station.all_receipted)
    station.linger(0.5)
    assert station.blobs.content
    assert not book.whole_blobs()
    assert len(book.vitals) == 1, "once at the start of a connection"
    station.host.saving = ()
    station.run(lambda: not station.blobs.content)
    assert len(book.whole_blobs()) == 1
