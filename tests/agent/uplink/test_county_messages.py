"""What the county sends: desired state, commands, and hostile messages."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.birth import Welcome, seal_welcome
from protocol.commands import Command, seal_command
from protocol.receipts import Receipt, seal_receipt
from protocol.topics import DOWN, Down
from protocol.twin import Desired, PackState, Reported, ShelfNamed, ShelfRef, seal_desired, seal_shelf_named
from tests.agent.uplink.bench import STATION, UplinkBench


def command(station: str = STATION) -> Command:
    return Command(
        id=bytes(16), station=station, order="identify", not_after=2**40, issuer="operator", reason="find it"
    )


def desired(station: str = STATION) -> Desired:
    return Desired(station=station, version=3, station_name="示例站点", village="示例村")


def test_a_desired_state_is_taken_and_reported() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.say("desired", seal_desired(bench.book.key, desired()))
    bench.play()
    assert [item.version for item in bench.host.desired] == [3]
    assert [item.version for item in bench.book.reported] == [3]


def test_a_report_that_the_broker_did_not_acknowledge_is_sent_on_the_next_connection() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.play()
    report = Reported(station=STATION, version=3, at=1, packs=[PackState(id="news", version=2, state="whole")])
    bench.uplink.report(report)
    bench.uplink.tick()
    bench.heard = len(bench.link.sent)
    bench.drop()
    bench.wait(5_000)
    bench.connect()
    assert report in bench.book.reported


def test_the_name_of_a_shelf_index_comes_on_the_same_leaf() -> None:
    bench = UplinkBench()
    bench.connect()
    ref = ShelfRef(version=7, sha256=bytes(32), size=900)
    bench.say("desired", seal_shelf_named(bench.book.key, ShelfNamed(station=STATION, shelf=ref)))
    bench.play()
    assert bench.host.shelves == [ref]
    assert (bench.host.desired, bench.host.alarms) == ([], [])


def test_the_name_of_another_stations_shelf_or_of_a_strangers_is_refused() -> None:
    bench = UplinkBench()
    bench.connect()
    named = ShelfNamed(station=STATION, shelf=ShelfRef(version=7, sha256=bytes(32), size=900))
    other = ShelfNamed(station="demo-0002", shelf=named.shelf)
    bench.say("desired", seal_shelf_named(bench.book.key, other))
    bench.say("desired", seal_shelf_named(Ed25519PrivateKey.generate(), named))
    assert bench.host.shelves == []
    assert ("refused_desired", "minor") in bench.host.alarms


def test_a_command_reaches_the_host() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.say("command", seal_command(bench.book.key, command()))
    assert bench.host.commands == [command()]


def test_a_retained_command_is_refused() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.say("command", seal_command(bench.book.key, command()), retained=True)
    assert not bench.host.commands
    assert bench.host.refused == [(command(), "retained")]
    assert ("refused_command", "minor") in bench.host.alarms


def test_a_retained_command_that_is_not_the_countys_is_not_answered() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.say("command", seal_command(Ed25519PrivateKey.generate(), command()), retained=True)
    assert (bench.host.commands, bench.host.refused) == ([], [])
    assert ("refused_command", "minor") in bench.host.alarms


def test_a_retained_receipt_marks_nothing() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.silent_broker = True
    bench.commit("not received")
    through, head = bench.outbox.through, bench.outbox.heads[-1]
    receipt = Receipt(station=STATION, epoch=bench.outbox.epoch, through=through, head=head, generation=1)
    bench.say("receipt", seal_receipt(bench.book.key, receipt), retained=True)
    assert bench.outbox.receipted == through - 1
    assert bench.host.alarms == [("refused_receipt", "minor")]
    bench.say("receipt", seal_receipt(bench.book.key, receipt))
    assert bench.outbox.receipted == through


def test_a_retained_desired_state_is_not_taken() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.say("desired", seal_desired(bench.book.key, desired()), retained=True)
    assert bench.host.desired == []
    assert bench.host.alarms == [("refused_desired", "minor")]


def test_a_revoked_key_commands_nothing_from_then_on() -> None:
    bench = UplinkBench()
    bench.connect()
    new = Ed25519PrivateKey.generate()
    bench.say("command", seal_command(new, command()))
    assert (bench.host.commands, bench.host.keys_unknown) == ([], 1)
    bench.county_keys.replace([new.public_key().public_bytes_raw()])
    bench.say("command", seal_command(bench.book.key, command()))
    bench.say("desired", seal_desired(bench.book.key, desired()))
    assert (bench.host.commands, bench.host.desired) == ([], [])
    bench.say("command", seal_command(new, command()))
    assert bench.host.commands == [command()]


def test_a_county_with_another_key_takes_the_facts_once_the_station_knows_it() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.book.key = Ed25519PrivateKey.generate()
    bench.commit("waits")
    bench.wait(60_000)
    assert bench.outbox.receipted < bench.outbox.through, "the station does not know the key that signed the receipt"
    assert bench.host.keys_unknown
    bench.county_keys.replace([bench.book.key.public_key().public_bytes_raw()])
    bench.wait(300_000)
    assert bench.outbox.receipted == bench.outbox.through


def hostile(leaf: Down, bench: UplinkBench) -> list[bytes]:
    stranger = Ed25519PrivateKey.generate()
    receipt = Receipt(station=STATION, epoch=bench.outbox.epoch, through=1, head=bench.outbox.heads[1], generation=1)
    welcome = Welcome(
        station=STATION, epoch=bench.outbox.epoch, through=0, head=bytes(32), generation=1, nonce=bytes(16), wall=1
    )
    return [
        b"",
        b"\xff" * 40,
        b"\x90" * 5_000,
        bytes(70_000),
        msgspec.msgpack.encode({"v": 1}),
        seal_receipt(stranger, receipt),
        seal_welcome(stranger, welcome),
        seal_command(stranger, command()),
        seal_desired(stranger, desired()),
        seal_receipt(bench.book.key, msgspec.structs.replace(receipt, station="demo-0002"))
        if leaf == "receipt"
        else b"x",
        seal_command(bench.book.key, command("demo-0002")) if leaf == "command" else b"y",
        seal_desired(bench.book.key, desired("demo-0002")) if leaf == "desired" else b"z",
    ]


@pytest.mark.parametrize("leaf", DOWN)
def test_hostile_messages_are_logged_alarmed_once_and_otherwise_nothing(
    leaf: Down, caplog: pytest.LogCaptureFixture
) -> None:
    bench = UplinkBench()
    bench.connect()
    marked, state = len(bench.outbox.receipts), bench.uplink.state
    payloads = hostile(leaf, bench)
    for payload in payloads:
        bench.say(leaf, payload)
    assert bench.host.alarms == [(f"refused_{leaf}", "minor")]
    assert len([record for record in caplog.records if "refused" in record.message]) == len(payloads)
    assert (len(bench.outbox.receipts), bench.uplink.state) == (marked, state)
    assert not bench.host.commands
    assert not bench.host.desired
    bench.commit("still works")
    bench.play()
    assert bench.outbox.receipted == bench.outbox.through
