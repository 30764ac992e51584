"""A full disk, foreign files, decay and a lost state cost bytes, and never what was in force and is still whole."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from agent.shelf.shelf import RETRY_FIRST_MS, RETRY_MOST_MS
from agent.storage.errors import StorageFull
from protocol.codec import encode
from protocol.facts import BundleTaken
from protocol.refusal import Refused
from tests.agent.bench import Bench, bench
from tests.agent.sample import pack
from tests.agent.shelf.test_bad_input import FOREIGN
from tests.agent.shelf.test_change_of_bundle import content_of, in_force, take
from tests.fakes.clockwork import FakeSystemClock


def files_of(station: Bench) -> Path:
    return station.folder / "shelf" / "files"


@contextmanager
def full_disk(at: int) -> Iterator[list[int]]:
    """Have the disk be full at the step with this number: a write, a sync or a rename in the shelf's folder."""
    steps = [0]

    def failing(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            steps[0] += 1
            if steps[0] == at:
                raise OSError(errno.ENOSPC, "no space")
            return function(*args, **named)

        return call

    with (
        patch("agent.shelf.disk.os.fsync", failing(os.fsync)),
        patch("agent.shelf.disk.os.rename", failing(os.rename)),
    ):
        yield steps


def test_a_disk_that_is_full_at_any_step_keeps_the_old_and_is_tried_again(
    station: Bench, system: FakeSystemClock
) -> None:
    county = station.county
    county.publish("policy", 1, b"1", items=[county.item("a.jpg", b"a1")])
    take(station)
    version = 1
    for at in range(1, 40):
        version += 1
        county.publish("policy", version, b"%d" % version, items=[county.item("a.jpg", b"a%d" % version)])
        with full_disk(at) as steps:
            take(station)
        if steps[0] < at:
            break
        assert in_force(station)["policy"] in {version - 1, version}
        assert int(content_of(station, "policy")) == in_force(station)["policy"]
        asked = len(county.asked)
        system.pass_ms(RETRY_MOST_MS)
        station.make_trip()
        assert content_of(station, "policy") == b"%d" % version
        assert len(county.asked) <= asked + 3
    assert at > 10, "there were as many steps as that, and each was full once"


def test_a_source_whose_disk_is_full_waits(station: Bench, system: FakeSystemClock) -> None:
    county = station.county
    county.publish("policy", 1)
    ref = county.index()
    with patch.object(county, "fetch", side_effect=StorageFull("full")):
        station.shelf.want(ref)
        station.make_trip()
        station.shelf.tick(facts_wait=False)
        assert not station.shelf.busy, "not at once again"
    system.pass_ms(RETRY_FIRST_MS)
    station.make_trip()
    assert in_force(station) == {"policy": 1}


def test_a_full_disk_at_the_state_does_not_make_trips_without_end(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("policy", 1)
    ref = station.county.index()
    trips = 0
    with patch("agent.shelf.disk.write_durably", side_effect=OSError(errno.ENOSPC, "no space")):
        station.shelf.want(ref)
        for _ in range(600):
            station.shelf.tick(facts_wait=False)
            if station.shelf.busy:
                trips += 1
                station.end_trip()
            system.pass_ms(10_000)
    assert trips < 25, "in 100 minutes"
    asked = len(station.county.asked)
    system.pass_ms(RETRY_MOST_MS)
    station.make_trip()
    assert in_force(station) == {"policy": 1}
    assert len(station.county.asked) <= asked + 2


def test_damage_that_shows_during_a_trip_is_mended_right_after_it(station: Bench) -> None:
    county = station.county
    entry = county.publish("policy", 1, b"text")
    take(station)
    county.publish("news", 1)
    station.shelf.want(county.index())
    station.shelf.tick(facts_wait=False)
    assert station.shelf.busy
    (files_of(station) / f"{entry.sha256.hex()}.signed").write_bytes(b"decayed")
    with pytest.raises(Refused):
        content_of(station, "policy")
    station.end_trip()
    station.make_trip()
    assert content_of(station, "policy") == b"text"


def test_foreign_things_are_cleared_away_and_never_followed(station: Bench, tmp_path: Path) -> None:
    files = files_of(station)
    files.mkdir(parents=True, exist_ok=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    (files / "notes.txt").write_text("somebody's")
    (files / "folder").mkdir()
    (files / "folder" / "deep").write_text("deep")
    (files / ("ab" * 32)).symlink_to(outside / "precious")
    (files.parent / "link").symlink_to(outside)
    os.mkfifo(files / ("cd" * 32))
    item = station.county.item("a.jpg", b"picture")
    (files / item.sha256.hex()).write_bytes(b"PICTURE")
    (files / f"{item.sha256.hex()}.part").symlink_to(outside / "precious")
    station.county.publish("policy", 1, items=[item])
    take(station)
    station.shelf.hurry()
    station.make_trip()
    assert in_force(station) == {"policy": 1}
    assert station.shelf.offered.read_item(station.shelf._disk.state.held[0], "a.jpg") == b"picture"
    assert (outside / "precious").read_text() == "precious"
    assert {path.name for path in files.parent.iterdir()} == {"files", "state", "lock", "find"}
    assert len(list(files.iterdir())) == 3


@pytest.mark.parametrize("loss", ["gone", "rubbish", "flipped", "later format"])
def test_a_lost_state_is_made_again_from_what_is_signed_and_whole(
    station: Bench, system: FakeSystemClock, loss: str
) -> None:
    county = station.county
    county.publish("policy", 2, b"text", items=[county.item("a.jpg", b"picture")])
    county.publish("decayed", 1, b"decays")
    take(station)
    state = station.folder / "shelf" / "state"
    raw = state.read_bytes()
    match loss:
        case "gone":
            state.unlink()
        case "rubbish":
            state.write_bytes(b"\x00" * 4_096)
        case "flipped":
            state.write_bytes(raw[:50] + bytes([raw[50] ^ 1]) + raw[51:])
        case "later format":
            body = raw[32:].replace(b"\xa6format\x01", b"\xa6format\x02")
            state.write_bytes(sha256(body).digest() + body)
    decayed = files_of(station) / f"{county.entries['decayed'].sha256.hex()}.signed"
    decayed.write_bytes(decayed.read_bytes().replace(b"decays", b"decayZ"))
    station.outbox.close()
    with bench(station.folder, system) as after:
        after.county.reachable = False
        after.make_trip()
        assert in_force(after) == {"policy": 2}
        assert len(after.of(BundleTaken)) == 2, "stated once each"
        after.county.files, after.county.reachable = county.files, True
        system.pass_ms(RETRY_FIRST_MS)
        after.make_trip()
        assert in_force(after) == {"policy": 2, "decayed": 1}


def test_a_lost_state_is_not_believed_from_files_of_another_county(station: Bench, system: FakeSystemClock) -> None:
    county = station.county
    county.publish("policy", 2, b"forged", key=FOREIGN)
    county.index(key=FOREIGN)
    for (_, digest), file in county.files.items():
        (files_of(station) / f"{digest.hex()}.signed").write_bytes(file)
    station.make_trip()
    assert in_force(station) == {}


def test_a_shelf_that_was_lost_as_a_whole_is_noticed_and_fetched_again(station: Bench, system: FakeSystemClock) -> None:
    """As after a card was swapped, or somebody cleared the folder: the index's name has not changed meanwhile."""
    county = station.county
    county.publish("policy", 2, b"text", items=[county.item("a.jpg", b"picture")])
    station.twin.name_shelf(county.index())
    station.shelf.want(station.twin.shelf)
    station.make_trip()
    shutil.rmtree(station.folder / "shelf")
    station.outbox.close()
    with bench(station.folder, system) as after:
        after.county.files = county.files
        after.make_trip()
        assert in_force(after) == {"policy": 2}


@pytest.mark.parametrize("kind", ["bundle", "item", "index", "all"])
def test_a_file_that_is_missing_is_fetched_again_and_the_bundle_not_offered_meanwhile(
    station: Bench, system: FakeSystemClock, kind: str
) -> None:
    county = station.county
    item = county.item("a.jpg", b"picture")
    entry = county.publish("policy", 2, b"text", items=[item])
    ref = county.index()
    station.twin.name_shelf(ref)
    station.shelf.want(ref)
    station.make_trip()
    names = {
        "bundle": f"{entry.sha256.hex()}.signed",
        "item": item.sha256.hex(),
        "index": f"{ref.sha256.hex()}.signed",
    }
    for name in names.values() if kind == "all" else [names[kind]]:
        (files_of(station) / name).unlink()
    station.outbox.close()
    with bench(station.folder, system) as after:
        after.county.reachable = False
        after.make_trip()
        assert in_force(after) == ({"policy": 2} if kind == "index" else {})
        after.county.files, after.county.reachable = county.files, True
        for _ in range(2):
            system.pass_ms(RETRY_MOST_MS)
            after.make_trip()
        assert in_force(after) == {"policy": 2}


def test_a_file_that_decays_while_it_is_played_is_refused_and_fetched_again(
    station: Bench, system: FakeSystemClock
) -> None:
    station.county.publish("sample", 1, encode(pack()), kind="questions")
    take(station)
    path = next(path for path in files_of(station).iterdir() if b"sample" in path.read_bytes())
    path.write_bytes(path.read_bytes()[:-100] + bytes(100))
    (found,) = station.shelf.offered.packs()
    with pytest.raises(Refused):
        found.read_level("1")
    for _ in range(2):
        station.make_trip()
        system.pass_ms(RETRY_MOST_MS)
    (found,) = station.shelf.offered.packs()
    assert found.read_level("1") == pack().levels[0]


def test_a_folder_that_can_not_be_used_costs_only_the_shelf(station: Bench, system: FakeSystemClock) -> None:
    station.outbox.close()
    shutil.rmtree(station.folder / "shelf")
    (station.folder / "shelf").write_text("a file where the folder should be")
    with bench(station.folder, system) as after:
        after.county.publish("policy", 1)
        take(after)
        assert in_force(after) == {}
        (after.folder / "shelf").unlink()
        system.pass_ms(RETRY_MOST_MS)
        after.make_trip()
        assert in_force(after) == {"policy": 1}


def test_a_disk_that_reads_nothing_is_not_looked_at_without_end(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("sample", 1, encode(pack()), kind="questions")
    take(station)
    (found,) = station.shelf.offered.packs()
    trips = 0
    with patch.object(station.shelf._disk, "read_signed", side_effect=OSError(errno.EIO, "input/output error")):
        for _ in range(60):
            with pytest.raises(OSError, match="input/output"):
                found.read_level("1")
            station.shelf.tick(facts_wait=False)
            if station.shelf.busy:
                trips += 1
                station.end_trip()
            system.pass_ms(10_000)
    assert 1 <= trips <= 20, "in ten minutes, of 60 chances"


def test_a_gist_that_another_release_wrote_costs_only_its_bundle(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("sample", 1, encode(pack()), kind="questions")
    station.county.notice("news", 1, "停水通知")
    take(station)
    disk = station.shelf._disk
    disk.keep(replace(disk.state, held=[replace(one, gist=b"\xc1") for one in disk.state.held]))
    station.outbox.close()
    with bench(station.folder, system) as after:
        assert after.home.current().notice == ""
        assert after.shelf.offered.packs() == []
