"""The old version of a bundle is in force until the new one is whole; then the new one is, and is stated once."""

import msgspec
import pytest

from agent.shelf.shelf import RETRY_FIRST_MS
from protocol.codec import encode
from protocol.facts import BundleTaken
from protocol.twin import PackState
from tests.agent.bench import Bench, bench
from tests.agent.sample import pack
from tests.fakes.clockwork import FakeSystemClock


def in_force(station: Bench) -> dict[str, int]:
    return {one.id: one.version for one in station.shelf._disk.state.held}


def content_of(station: Bench, name: str) -> bytes:
    held = next(one for one in station.shelf._disk.state.held if one.id == name)
    return station.shelf.offered.read(held).content


def take(station: Bench) -> None:
    station.shelf.want(station.county.index())
    station.make_trip()


def test_what_the_index_names_comes_into_force_and_is_stated_once(station: Bench) -> None:
    county = station.county
    entry = county.publish("policy", 3, b"text", items=[county.item("p1.jpg", b"picture")])
    take(station)
    assert in_force(station) == {"policy": 3}
    held = station.shelf._disk.state.held[0]
    assert station.shelf.offered.read_item(held, "p1.jpg") == b"picture"
    station.shelf.hurry()
    station.make_trip()
    (taken,) = station.of(BundleTaken)
    assert (taken.bundle, taken.version, taken.sha256, taken.via) == ("policy", 3, entry.sha256, "line")
    assert station.shelf.states() == [PackState(id="policy", version=3, state="whole")]


@pytest.mark.parametrize("breaks", [[0], [40], [400, 3], [400, 400, 1]])
def test_the_old_version_stays_until_the_new_one_is_whole(
    station: Bench, system: FakeSystemClock, breaks: list[int]
) -> None:
    """The files of the new version are the index, the bundle and one new item; the line breaks in one of them."""
    county = station.county
    county.publish("policy", 1, b"old", items=[county.item("p1.jpg", b"old picture")])
    take(station)
    county.publish("policy", 2, b"new", items=[county.item("p1.jpg", b"new picture")])
    county.breaks_after = list(breaks)
    take(station)
    assert in_force(station) == {"policy": 1}
    assert content_of(station, "policy") == b"old"
    assert station.shelf.offered.read_item(station.shelf._disk.state.held[0], "p1.jpg") == b"old picture"
    if len(breaks) > 1:
        assert PackState(id="policy", version=2, state="fetching", reason="unreachable") in station.shelf.states()
    system.pass_ms(RETRY_FIRST_MS)
    station.make_trip()
    assert content_of(station, "policy") == b"new"


@pytest.mark.parametrize("breaks", [[], [0]])
def test_an_index_that_is_named_during_a_trip_is_fetched_right_after_it(station: Bench, breaks: list[int]) -> None:
    county = station.county
    county.publish("policy", 1)
    county.breaks_after = list(breaks)
    station.shelf.want(county.index())
    station.shelf.tick(facts_wait=False)
    assert station.shelf.busy
    county.notice("news", 1, "停水通知")
    station.shelf.want(county.index())
    station.end_trip()
    station.make_trip()
    assert in_force(station) == {"policy": 1, "news": 1}


def test_no_byte_is_fetched_twice_after_a_line_that_breaks(station: Bench, system: FakeSystemClock) -> None:
    county = station.county
    county.publish(
        "policy", 1, bytes(5_000), items=[county.item("a.jpg", b"a" * 3_000), county.item("b.jpg", b"b" * 3_000)]
    )
    ref = county.index()
    county.breaks_after = [50, 1_000, 1_000, 1, 10_000, 2_000, 500, 10_000, 0, 2_999]
    station.shelf.want(ref)
    for _ in range(8):
        station.make_trip()
        system.pass_ms(RETRY_FIRST_MS * 200)
    assert in_force(station) == {"policy": 1}
    assert county.spent_bytes == sum(len(file) for file in county.files.values())


def test_a_picture_survives_a_new_version_and_a_new_key(station: Bench) -> None:
    county = station.county
    county.publish("policy", 1, b"old", items=[county.item("p1.jpg", b"picture")])
    take(station)
    county.publish("policy", 2, b"new", items=[county.item("p1.jpg", b"picture")])
    take(station)
    assert [wanted.kind for wanted in county.asked].count("items") == 1


def test_a_withdrawn_bundle_goes_with_its_files_and_a_common_file_stays(station: Bench) -> None:
    county = station.county
    common, own = county.item("c.jpg", b"common"), county.item("o.jpg", b"own")
    county.publish("one", 1, items=[common, own])
    county.publish("two", 1, items=[common])
    take(station)
    county.withdraw("one")
    take(station)
    assert in_force(station) == {"two": 1}
    files = {path.name for path in (station.folder / "shelf" / "files").iterdir()}
    assert common.sha256.hex() in files
    assert own.sha256.hex() not in files
    assert station.shelf.states() == [PackState(id="two", version=1, state="whole")]


def test_a_pack_that_was_withdrawn_is_played_until_the_next_contact_and_no_longer(
    station: Bench, system: FakeSystemClock
) -> None:
    county = station.county
    county.publish("sample", 1, encode(pack()), kind="questions")
    take(station)
    county.withdraw("sample")
    ref = county.index()
    county.reachable = False
    system.pass_ms(7 * 86_400_000)
    station.make_trip()
    assert [one.id for one in station.learning.packs(None)] == ["sample"], "nobody could tell the station"
    county.breaks_after = [30]
    county.reachable = True
    station.shelf.want(ref)
    station.make_trip()
    assert [one.id for one in station.learning.packs(None)] == ["sample"], "the index is not whole"
    station.shelf.hurry()
    station.make_trip()
    assert station.learning.packs(None) == []
    assert {path.suffix for path in (station.folder / "shelf" / "files").iterdir()} == {".signed"}
    assert len(list((station.folder / "shelf" / "files").iterdir())) == 1, "the index alone"


def test_a_restart_knows_the_shelf_without_the_county_and_states_nothing_again(
    tmp_path: object, system: FakeSystemClock, station: Bench
) -> None:
    station.county.publish("sample", 1, encode(pack()), kind="questions")
    take(station)
    folder = station.folder
    station.outbox.close()
    with bench(folder, system) as after:
        after.county.reachable = False
        assert [one.id for one in after.shelf.offered.packs()] == ["sample"]
        after.make_trip()
        assert in_force(after) == {"sample": 1}
        assert len(after.of(BundleTaken)) == 1
        assert after.county.asked == []


def test_todays_level_comes_from_a_questions_bundle(station: Bench) -> None:
    station.county.publish("sample", 1, encode(pack()), kind="questions")
    take(station)
    (found,) = station.shelf.offered.packs()
    assert [found.read_level(level.id) for level in found.levels] == pack().levels
    assert [one.id for one in station.learning.packs(None)] == ["sample"]


def test_an_older_index_than_the_last_is_ignored(station: Bench) -> None:
    station.county.publish("policy", 1)
    old = station.county.index()
    station.county.publish("policy", 2)
    take(station)
    station.shelf.want(old)
    station.shelf.hurry()
    station.make_trip()
    assert in_force(station) == {"policy": 2}


def test_the_county_is_told_when_something_has_changed_and_only_then(station: Bench) -> None:
    station.county.publish("policy", 1)
    take(station)
    assert station.shelf.take_report()
    assert not station.shelf.take_report()
    station.county.publish("policy", 2)
    station.county.denied[station.county.entries["policy"].sha256] = "not_found"
    take(station)
    assert station.shelf.take_report()
    assert [(one.version, one.state, one.reason) for one in station.shelf.states()] == [
        (1, "whole", ""),
        (2, "refused", "not_found"),
    ]


def test_facts_go_first_but_do_not_hold_up_the_shelf_for_ever(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("policy", 1)
    station.shelf.want(station.county.index())
    station.shelf.tick(facts_wait=True)
    assert station.county.asked == []
    system.pass_ms(61_000)
    station.shelf.tick(facts_wait=True)
    station.end_trip()
    assert in_force(station) == {"policy": 1}


def test_the_report_fits_a_message_with_all_bundles(station: Bench) -> None:
    states = [PackState(id=f"bundle-{number:03}", version=99, state="whole") for number in range(400)]
    report = msgspec.structs.replace(station.delegate.reported(), packs=states)
    assert len(msgspec.msgpack.encode(report)) < 20_000
