"""A station keeps the roots of the manifests that it was sent, and no county takes one back."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.shelf.witness import Witness
from protocol.bundle_contents import Heads
from protocol.codec import decode, encode
from protocol.facts import AlarmRaised
from protocol.manifest import (
    MAX_KEPT,
    KeptHead,
    KeptHeads,
    Leaf,
    ManifestRoot,
    check_kept_head,
    kept_heads,
    root_over,
    seal_root,
)
from tests.agent.bench import Bench
from tests.agent.shelf.test_change_of_bundle import take

KEY = Ed25519PrivateKey.generate()


def head(station: str, number: int, *, digest: bytes = bytes(32)) -> KeptHead:
    leaves = [
        Leaf(kind="stream", name=name, epoch=bytes(16), count=number, digest=digest) for name in ("other-01", station)
    ]
    root = ManifestRoot(
        county="county-0123456789ab", number=number, day="2026-11-24", at=1, leaves=2, root=root_over(leaves)
    )
    return dict(kept_heads(seal_root(KEY, root), leaves))[station]


def send(station: Bench, version: int, *heads: KeptHead) -> None:
    station.county.publish("heads", version, encode(Heads(days=list(heads))), kind="heads")
    take(station)
    station.parts.witness.look()


def on_disk(station: Bench) -> list[int]:
    path: Path = station.parts.witness._path
    kept = decode(path.read_bytes(), KeptHeads, limit=2**17)
    return [check_kept_head(one, station=kept.station).number for one in kept.heads]


def test_what_was_sent_is_on_the_disk_and_the_last_sixty_stay(station: Bench) -> None:
    own = station.parts.witness._station
    send(station, 1, head(own, 1), head(own, 2))
    assert on_disk(station) == [1, 2]
    for version in range(2, 35):
        send(station, version, head(own, 2 * version - 1), head(own, 2 * version))
    assert len(on_disk(station)) == MAX_KEPT
    assert on_disk(station)[-1] == 68
    assert not station.of(AlarmRaised)


def test_it_is_there_after_a_restart(station: Bench) -> None:
    witness = station.parts.witness
    send(station, 1, head(witness._station, 1))
    again = Witness(witness._path, station=witness._station, offered=witness._offered, alarms=witness._alarms)
    assert again.kept == witness.kept != {}


def test_another_root_for_the_same_day_is_an_alarm_and_the_first_stays(station: Bench) -> None:
    own = station.parts.witness._station
    first = head(own, 1)
    send(station, 1, first)
    send(station, 2, head(own, 1, digest=b"\x01" * 32), head(own, 2))
    assert station.parts.witness.kept[1] == first
    assert on_disk(station) == [1, 2]
    (alarm,) = station.of(AlarmRaised)
    assert (alarm.code, alarm.severity) == ("county_rewrote", "critical")


@pytest.mark.parametrize("wrong", ["another station's", "not in the tree"])
def test_a_root_without_a_way_to_it_from_here_is_not_kept(station: Bench, wrong: str) -> None:
    own = station.parts.witness._station
    good = head("other-01", 1) if wrong == "another station's" else head(own, 1)
    bad = good if wrong == "another station's" else msgspec.structs.replace(good, count=99)
    send(station, 1, bad)
    assert station.parts.witness.kept == {}


def test_a_damaged_file_is_begun_anew(station: Bench) -> None:
    witness = station.parts.witness
    witness._path.write_bytes(b"\x93\x01")
    again = Witness(witness._path, station=witness._station, offered=witness._offered, alarms=witness._alarms)
    assert again.kept == {}
