"""Titles are found by their digits: only what may be shown now, whatever becomes of the index."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from protocol.bundle_contents import Heads, Roster
from protocol.codec import encode
from protocol.finding import FindEntry
from protocol.kiosk_find import MAX_HITS, Found, Search
from tests.agent.bench import Bench
from tests.fakes.clockwork import FakeSystemClock

SUBSIDY = FindEntry(of="d1", title="农业补贴", digits=["6928"])
WATER = FindEntry(of="d2", title="停水通知", digits=["8789"])
READ_TWICE = FindEntry(of="", title="长远规划", digits=["2944", "9944"])


def take(station: Bench) -> None:
    station.shelf.want(station.county.index())
    station.make_trip()


def found(station: Bench, digits: str) -> list[str]:
    return [hit.title for hit in station.shelf.finder.find(digits).hits]


def index_file(station: Bench) -> Path:
    return station.folder / "shelf" / "find"


def test_a_title_is_found_by_any_digits_in_a_row_and_those_at_its_beginning_come_first(station: Bench) -> None:
    station.county.publish("one", 1, find=[SUBSIDY, WATER])
    station.county.publish("two", 1, find=[FindEntry(of="d", title="补贴名单", digits=["2864"])], kind="disclosure")
    take(station)
    assert found(station, "28") == ["补贴名单", "农业补贴"]
    assert found(station, "286") == ["补贴名单"]
    assert found(station, "692") == ["农业补贴"]
    assert found(station, "82") == []
    (hit,) = station.shelf.finder.find("69").hits
    assert (hit.bundle, hit.of, hit.kind) == ("one", "d1", "library")


def test_digits_never_run_from_one_reading_into_the_next(station: Bench) -> None:
    station.county.publish("plan", 1, find=[READ_TWICE])
    take(station)
    assert found(station, "29") == found(station, "99") == ["长远规划"]
    assert found(station, "4499") == found(station, "449") == []


def test_a_newer_bundle_comes_before_an_older_one(station: Bench) -> None:
    for name in ("a", "b"):
        station.county.publish(name, 1, find=[FindEntry(of=name, title=f"通知{name}", digits=["89"])])
        take(station)
    assert found(station, "89") == ["通知b", "通知a"]


def test_no_more_than_a_line_can_hold_and_the_answer_says_that_there_is_more(station: Bench) -> None:
    entries = [FindEntry(of=f"{n}", title="长" * 64, digits=["2" * 40] * 8) for n in range(MAX_HITS + 1)]
    station.county.publish("many", 1, find=entries)
    take(station)
    answer = station.shelf.finder.find("222222222222")
    assert (len(answer.hits), answer.more) == (MAX_HITS, True)
    assert len(msgspec.json.encode(answer)) < 65_536
    station.county.publish("many", 2, find=entries[:MAX_HITS])
    take(station)
    assert station.shelf.finder.find("2").more is False


def test_what_is_withdrawn_over_or_to_come_is_no_hit(station: Bench, system: FakeSystemClock) -> None:
    now = station.clock.now().wall
    station.county.publish("one", 1, find=[SUBSIDY])
    station.county.publish("over", 1, find=[WATER], not_after=now + 60_000)
    station.county.publish("soon", 1, find=[READ_TWICE], not_before=now + 120_000)
    take(station)
    assert (found(station, "28"), found(station, "87"), found(station, "29")) == (["农业补贴"], ["停水通知"], [])
    system.pass_ms(60_000)
    assert found(station, "87") == []
    system.pass_ms(60_000)
    assert found(station, "29") == ["长远规划"]
    # The moment the state changes counts, not the moment the index follows.
    disk = station.shelf._disk
    disk.keep(disk.state.dropping({"one"}))
    assert found(station, "28") == []


def test_a_new_version_takes_the_place_of_the_old_one_in_the_middle_of_a_search(station: Bench) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    assert found(station, "2") == ["农业补贴"]
    station.county.publish("one", 2, find=[WATER])
    take(station)
    assert found(station, "28") == []
    assert found(station, "87") == ["停水通知"]


def test_a_person_s_own_bundles_are_never_found(station: Bench) -> None:
    contents = {"answers": b"", "roster": encode(Roster()), "heads": encode(Heads()), "clips": b"", "poll": b""}
    for kind, content in contents.items():
        station.county.publish(kind, 1, content, kind=kind, find=[SUBSIDY], access="station")  # type: ignore[arg-type]
    take(station)
    assert len(station.shelf._disk.state.held) == len(contents)
    assert station.shelf.finder.find("28") == Found(digits="28")
    station.county.publish("one", 1, find=[WATER])
    take(station)
    assert station.shelf.finder.find("28") == Found(digits="28")


def _gone(file: Path) -> None:
    file.unlink()


def _cut(file: Path) -> None:
    os.truncate(file, 6_000)


def _empty(file: Path) -> None:
    os.truncate(file, 0)


def _garbage(file: Path) -> None:
    file.write_bytes(b"\xff" * 9_000)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _flipped(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[4_096:] = bytes(len(raw) - 4_096)
    file.write_bytes(raw)


def _later(file: Path) -> None:
    """What another release would have made of it."""
    raw = bytearray(file.read_bytes())
    raw[60:64] = (9).to_bytes(4, "big")
    file.write_bytes(raw)


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


@pytest.mark.parametrize("harm", [_gone, _cut, _empty, _garbage, _flipped, _later, _link])
def test_an_index_that_was_harmed_is_said_to_be_not_ready_and_made_anew(
    station: Bench, harm: Callable[[Path], None]
) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    before = index_file(station).read_bytes()
    harm(index_file(station))
    answer = station.shelf.finder.find("28")
    assert (answer.hits, answer.ready) == ([], False)
    station.county.reachable = False
    station.make_trip()
    assert found(station, "28") == ["农业补贴"]
    assert index_file(station).read_bytes() == before


def test_a_bundle_that_is_not_indexed_yet_hides_no_other(station: Bench) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    before = index_file(station).read_bytes()
    station.county.publish("two", 1, find=[WATER])
    take(station)
    index_file(station).write_bytes(before)
    answer = station.shelf.finder.find("28")
    assert ([hit.title for hit in answer.hits], answer.ready) == (["农业补贴"], False)
    station.make_trip()
    assert station.shelf.finder.find("87").ready


def test_a_bundle_whose_file_decayed_is_asked_for_anew_and_found_again(station: Bench, system: FakeSystemClock) -> None:
    entry = station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    index_file(station).unlink()
    (station.folder / "shelf" / "files" / f"{entry.sha256.hex()}.signed").write_bytes(b"decayed")
    assert station.shelf.finder.find("28").ready is False
    station.make_trip()
    assert found(station, "28") == ["农业补贴"]


def test_a_full_disk_costs_the_index_and_nothing_else(station: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    station.county.publish("two", 1, find=[WATER])
    # The bundle finds room, and no more than that.
    monkeypatch.setattr("agent.shelf.find_index.ROOM_BYTES", 2**62)
    take(station)
    assert {one.id for one in station.shelf._disk.state.held} == {"one", "two"}
    answer = station.shelf.finder.find("28")
    assert ([hit.title for hit in answer.hits], answer.ready) == (["农业补贴"], False)


def test_a_trip_over_a_slow_line_lets_what_has_come_be_found_meanwhile(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    station.county.publish("two", 1, find=[WATER])
    fetch = station.county.fetch
    seen: list[list[str]] = []

    def slowly(wanted: object, **how: object) -> None:
        system.pass_ms(40_000)
        seen.append(found(station, "28"))
        fetch(wanted, **how)  # type: ignore[arg-type]

    station.county.fetch = slowly  # type: ignore[method-assign]
    take(station)
    assert seen == [[], [], ["农业补贴"]]


def test_the_kiosk_that_asks_is_answered_and_no_other(station: Bench) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    (answer,) = station.ask(Search(digits="28"), kiosk=2)
    assert isinstance(answer, Found)
    assert [hit.title for hit in answer.hits] == ["农业补贴"]
    assert answer not in [what for who, what in station.recorded.order if who != "kiosk 2"]


def test_without_digits_the_newest_titles_are_found_and_each_thing_once(station: Bench) -> None:
    station.county.publish("one", 1, find=[SUBSIDY])
    take(station)
    heading = msgspec.structs.replace(WATER, title="二、停水的时间")
    station.county.publish("two", 1, find=[WATER, heading])
    take(station)
    assert found(station, "") == [WATER.title, SUBSIDY.title]
