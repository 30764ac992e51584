"""The proof in small; and its judges find what is wrong."""

import json
import random
import ssl
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.blobs import BlobChunk
from protocol.codec import decode
from protocol.envelope import decode_envelope
from protocol.heads import verify_head
from tests.proofs.neighbours import packets
from tests.proofs.neighbours.attacks import ATTACKS
from tests.proofs.neighbours.rogue import Rogue
from tests.server_broker.station_double import StationDouble


@pytest.mark.small_proof
def test_a_flood_in_small_costs_neighbours_nothing() -> None:
    command = [sys.executable, "-m", "tests.proofs.neighbours", "--honest", "5", "--seconds", "8", "--every", "1"]
    command += ["--seed", "1", "--json", "--attacks", "empty-vitals", "poison"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=280)
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["lost"], report["doubled"], report["starved"], report["unnamed"]) == (0, 0, 0, [])
    assert report["touches"] > 5


@pytest.fixture
def rogue() -> Rogue:
    station = StationDouble(id="rogue-00", key=Ed25519PrivateKey.generate())
    return Rogue(station, 0, ssl.create_default_context(), 0.0, random.Random(1))


def first_message(rogue: Rogue, attack: str) -> tuple[str, bytes]:
    found = packets.take(bytearray(next(iter(ATTACKS[attack](rogue)))))
    assert found is not None
    topic, _, payload = packets.published(*found)
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
    packets_sent = ATTACKS[attack](rogue)
    assert all(next(packets_sent) is not None for _ in range(3))
