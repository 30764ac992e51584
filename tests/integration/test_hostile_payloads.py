"""A thief with a station's own keys sends everything that no station should send, on every topic that the station
may use."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from agent.identity.station_identity import Identity, load_identity
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from protocol import facts
from protocol.birth import Birth, Compare, Gone, HeadAtSeq
from protocol.blobs import BlobChunk, BlobQuery
from protocol.codec import MAX_MESSAGE_BYTES, encode
from protocol.heads import sign_head
from protocol.topics import UP, Up, topic
from protocol.twin import Reported
from tests.integration.village import Village, start_agent
from tests.proofs.strangers.visitor import Visitor
from tests.server_broker.station_double import BOOT, StationDouble, booted, moment, touch

_HUGE = 2**53 - 1
NOBODY_LISTENS = 0x10
"""MQTT 5.0, 3.4.2.1: no matching subscribers."""
_NEST = b"\x81\xa1a"


def identity(station: DemoStation) -> Identity:
    found = load_identity(station.sd_card)
    assert found is not None
    return found


@contextmanager
def thief(village: Village, station: DemoStation) -> Iterator[Visitor]:
    """Connect with the station's certificate and key."""
    stolen = identity(station)
    tls = ssl.create_default_context(cafile=str(village.county.home / "ca.pem"))
    tls.load_cert_chain(stolen.certificate_file, stolen.tls_key_file)
    with Visitor(stolen.enrolled.broker.port, stolen.station, tls=tls) as visitor:
        assert visitor.connect()
        yield visitor


def rubbish() -> list[bytes]:
    whole = encode(StationDouble(id="demo-0001").add(touch()).envelope())
    return [
        b"",
        b"\x00",
        b"\xc1",
        b"{}",
        os.urandom(300),
        whole[: len(whole) // 2],
        os.urandom(MAX_MESSAGE_BYTES),
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        _NEST * 20_000,
        b"\x91" * 60_000,
        msgspec.msgpack.encode({"v": 99}),
        msgspec.msgpack.encode({"station": "demo-0001\x00", "first": -1, "facts": [], "head": None}),
        msgspec.msgpack.encode({"station": 2**63, "v": "1", "at": -5}),
        whole,
    ]


def envelope(double: StationDouble, **changes: object) -> bytes:
    return encode(msgspec.structs.replace(double.envelope(), **changes))


def nonsense_facts(double: StationDouble) -> list[facts.Fact]:
    epoch = double.epoch
    run: dict[str, Any] = {"at": moment(), "run": bytes(8), "pack": "\x00", "level": ""}
    return [
        booted(),
        touch(reader="\x00nul"),
        facts.AlarmRaised(at=moment(), code="\x00", severity="critical", detail="\x00" * 400),
        facts.HelpAsked(at=moment(wall=_HUGE), screen="year 287396"),
        facts.ClockCorrected(at=moment(), boot=BOOT, mono=_HUGE, wall=_HUGE, source="ntp", before="unknown"),
        facts.ClockCorrected(at=moment(), boot=BOOT, mono=0, wall=0, source="rtc", before="synced"),
        facts.FactsLost(at=moment(), epoch=epoch, first=1, last=_HUGE),
        facts.FactsLost(at=moment(), epoch=epoch, first=_HUGE, last=1),
        facts.EpochOpened(at=moment(), reason="ahead", previous=epoch, matched=_HUGE),
        facts.DirectionChosen(at=moment(), touch=double.ref(_HUGE), direction="in"),
        facts.BlobAnnounced(at=moment(), sha256=bytes(32), size=64 * 2**20, media_type="\x00", purpose="door"),
        facts.BlobEvicted(at=moment(), sha256=bytes(32), reason="damaged"),
        facts.Attempt(**run, pack_version=-(2**63), question="", chosen=[5, 5], right=True, lives_left=3),
        facts.LevelEnded(**run, pack_version=2**63 - 1, passed=True, stars=3),
        facts.Reissued(at=moment(), epoch=epoch, seq=_HUGE, salt=bytes(16), body=b"\xc1"),
    ]


def signed_nonsense(double: StationDouble) -> list[tuple[Up, bytes]]:
    """Payloads that make no sense, although the station's own record key has signed them."""
    station = double.id
    double.add(*nonsense_facts(double))
    double.add_body(msgspec.msgpack.encode({"kind": "from_the_future", "at": None}))
    double.add_body(msgspec.msgpack.encode({"kind": "touch", "at": [-1, BOOT, -1, "synced"], "card": bytes(16)}))
    double.add_body(_NEST * 2_000)
    head = double.signed(len(double.sealed))
    absurd = sign_head(double.key, station=station, epoch=double.epoch, through=_HUGE, head=bytes(32))
    birth = Birth(station=station, head=head, boot=BOOT, nonce=bytes(16), software="\x00", twin_version=_HUGE)
    strange = StationDouble(id=station).add(touch(), touch())
    return [
        ("facts", encode(double.envelope())),
        ("facts", envelope(double, first=_HUGE - len(double.sealed) + 1, head=absurd)),
        ("facts", envelope(double, alg=7)),
        ("facts", envelope(strange)),
        ("birth", encode(birth)),
        ("birth", encode(msgspec.structs.replace(birth, head=absurd))),
        ("birth", encode(msgspec.structs.replace(birth, station="demo-0001"))),
        (
            "compare",
            encode(Compare(station=station, epoch=bytes(16), marks=[HeadAtSeq(seq=_HUGE, head=bytes(32))] * 64)),
        ),
        ("gone", encode(Gone(station=station, nonce=bytes(16), reason="broken"))),
        ("vitals", double.vitals().payload),
        ("reported", encode(Reported(station=station, version=2**62, at=_HUGE, refused=2**62, reason="\x00"))),
        ("blob", encode(BlobChunk(station=station, sha256=bytes(32), size=3, offset=0, data=b"not"))),
        ("blob", encode(BlobChunk(station=station, sha256=bytes(32), size=9, offset=8, data=b"beyond"))),
        ("asked", encode(BlobQuery(station=station, sha256=bytes(32), size=64 * 2**20))),
    ]


LISTENED = [leaf for leaf in UP if leaf != "frame"]
"""The county listens to frames only while someone watches, and keeps none of them."""


def test_neighbours_get_their_receipts_meanwhile(village: Village) -> None:
    neighbour, station = village.stations[0], village.stations[2]
    village.touch(station, times=3)
    village.await_all_stored()
    worker = village.county.part_pid("ingest")
    station.agent.stop()
    double = StationDouble(id=station.cast.id, key=identity(station).record_key)
    said = [(leaf, payload) for payload in rubbish() for leaf in LISTENED] + signed_nonsense(double) * 2
    with thief(village, station) as visitor:
        frame = topic(shard=0, station=station.cast.id, leaf="frame")
        assert visitor.publish(frame, b"rubbish") == NOBODY_LISTENS
        for number, (leaf, payload) in enumerate(said):
            assert visitor.publish(topic(shard=0, station=station.cast.id, leaf=leaf), payload) == 0
            if number % 30 == 0:
                village.touch(neighbour)
        village.touch(neighbour)
        village.await_all_stored(timeout_s=10)
    wait_until(lambda: quarantined(village, station) >= len(LISTENED), what="what was said", timeout_s=10)
    assert village.county.part_pid("ingest") == worker
    assert any(code.startswith("quarantined:") for code in village.open_alarms(station))
    assert any(code.startswith("held:") for code in village.open_alarms(station))
    assert village.county.try_tool("ledger", "--json").stdout


def test_the_board_itself_goes_on_after_the_thief(village: Village) -> None:
    station = village.stations[2]
    if not station.agent.process.running():
        start_agent(station)
    assert village.touch(station)[0].colour == "green"
    village.await_all_stored()


def quarantined(village: Village, station: DemoStation) -> int:
    rows = village.county.sql(f"select count(*) from ingest_quarantined where station_id = '{station.cast.id}'")
    return int(rows[0][0])
