"""The proof in small; and its judges find what is wrong."""

import asyncio
import http.client
import itertools
import json
import random
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.birth import Birth
from protocol.blobs import BlobChunk
from protocol.codec import decode
from protocol.enrolment import RenewRequest, decode_json, verify_request
from protocol.envelope import decode_envelope
from protocol.fetch import read_fetch, verify_fetch
from protocol.heads import verify_head
from tests.proofs.neighbours import attacks, packets
from tests.proofs.neighbours.__main__ import named_in_time
from tests.proofs.neighbours.attacks import ATTACKS
from tests.proofs.neighbours.more_attacks import download_request
from tests.proofs.neighbours.rogue import Rogue
from tests.proofs.neighbours.watching import AlarmClock
from tests.proofs.strangers.county import County
from tests.server_broker.station_double import StationDouble

PUBLISH, PUBLISH_BY_QOS_1, SUBSCRIBE, UNSUBSCRIBE, PINGREQ = 0x30, 0x32, 0x82, 0xA2, 0xC0
"""The first bytes of what attacks send."""


@pytest.mark.small_proof
def test_a_flood_in_small_costs_neighbours_nothing() -> None:
    command = [sys.executable, "-m", "tests.proofs.neighbours", "--honest", "5", "--seconds", "8", "--every", "1"]
    command += ["--seed", "1", "--json", "--attacks", "empty-vitals", "poison"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=280)
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["lost"], report["doubled"], report["starved"], report["unnamed"]) == (0, 0, 0, [])
    assert report["touches"] > 5


@pytest.mark.parametrize(("codes", "alarm"), [(["station_silent"], None), (["station_silent", "flooding"], "flooding")])
def test_an_alarm_about_its_silence_does_not_name_a_rogue(codes: list[str], alarm: str | None) -> None:
    county = SimpleNamespace(rows=lambda query: [[code] for code in codes])
    named = asyncio.run(AlarmClock(cast(County, county), "rogue-00").watch(0.1))
    assert named["alarm"] == alarm


def test_an_alarm_names_a_rogue_in_time_from_the_first_moment_on_for_a_minute() -> None:
    assert [named_in_time(after) for after in (0.0, 60.0, 60.1, None)] == [True, True, False, False]


@pytest.fixture
def rogue() -> Rogue:
    station = StationDouble(id="rogue-00", key=Ed25519PrivateKey.generate())
    return Rogue(station, 0, ssl.create_default_context(), 0.0, random.Random(1))


def sent(rogue: Rogue, attack: str) -> Iterator[tuple[int, bytes]]:
    """Yield an attack's first packets as the broker reads them: each one's first byte and its body."""
    buffer = bytearray()
    # Not without end: an attack that sends nothing must fail its test.
    for some in itertools.islice(ATTACKS[attack](rogue), 500):
        buffer += some
        while (packet := packets.take(buffer)) is not None:
            yield packet


def first_message(rogue: Rogue, attack: str) -> tuple[str, bytes]:
    topic, _, payload = packets.published(*next(sent(rogue, attack)))
    return topic, payload


@pytest.mark.parametrize("attack", ["touches", "alarms", "clock-anchors", "streams-and-losses", "announced-pictures"])
def test_what_floods_in_good_order_is_signed(rogue: Rogue, attack: str) -> None:
    topic, payload = first_message(rogue, attack)
    envelope = decode_envelope(payload)
    assert topic == "cunhui/1/0/rogue-00/facts"
    verify_head(rogue.station.public, station="rogue-00", signed=envelope.head)


def test_pieces_are_of_one_byte(rogue: Rogue) -> None:
    _, payload = first_message(rogue, "one-byte-pieces")
    assert decode(payload, BlobChunk).data == b"x"


@pytest.mark.parametrize(
    "attack",
    sorted(
        ATTACKS.keys()
        - {"peace", "reconnections", "contradicting-heads", "unread-welcomes", "renewals", "unread-downloads"}
    ),
)
def test_each_attack_goes_on(rogue: Rogue, attack: str) -> None:
    kinds = [first for first, _ in itertools.islice(sent(rogue, attack), 3)]
    assert len(kinds) == 3
    assert set(kinds) <= {PUBLISH, PUBLISH_BY_QOS_1, SUBSCRIBE, UNSUBSCRIBE, PINGREQ}


def test_contradicting_heads_are_signed_and_of_64_places(rogue: Rogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(attacks, "FACTS_AN_ENVELOPE", 1)
    # The first 120 packets are its long stream.
    births = [
        decode(packets.published(*one)[2], Birth)
        for one in itertools.islice(sent(rogue, "contradicting-heads"), 120, 120 + 64)
    ]
    assert len({birth.head.through for birth in births}) == len(births) == 64
    for birth in births:
        verify_head(rogue.station.public, station="rogue-00", signed=birth.head)


def test_who_reads_no_welcome_asks_for_one_after_the_other(rogue: Rogue) -> None:
    topics = [packets.published(*one)[0] for one in itertools.islice(sent(rogue, "unread-welcomes"), 3)]
    assert [topic.rpartition("/")[2] for topic in topics] == ["facts", "birth", "birth"]
    assert not rogue.reads


def test_renewals_are_signed_each_anew(rogue: Rogue, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[bytes] = []
    key = ec.generate_private_key(ec.SECP256R1())
    monkeypatch.setattr(rogue, "tls_key", lambda: key)
    monkeypatch.setattr(rogue, "web_context", ssl.create_default_context)

    def refuse(_link: http.client.HTTPSConnection, _method: str, path: str, body: bytes, _headers: object) -> None:
        assert path == "/renew"
        bodies.append(body)
        raise ConnectionRefusedError

    monkeypatch.setattr(http.client.HTTPSConnection, "request", refuse)
    for _ in itertools.islice(ATTACKS["renewals"](rogue), 2):
        pass
    asked = [decode_json(body, RenewRequest) for body in bodies]
    for request in asked:
        verify_request(rogue.station.public, request)
    assert len({request.nonce for request in asked}) == 2


def test_downloads_that_are_not_read_are_signed(rogue: Rogue) -> None:
    rogue.roster = "/bundles/" + "0" * 64
    line, _, signed = download_request(rogue).decode().partition("\r\nHost: 127.0.0.1\r\nAuthorization: ")
    assert line == f"GET {rogue.roster} HTTP/1.1"
    now = time.time_ns() // 1_000_000
    verify_fetch(rogue.station.public, read_fetch(signed.removesuffix("\r\n\r\n")), path=rogue.roster, now=now)
