"""A USB stick carries index, bundles and items; they are verified as if they came over the line."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from agent.cli import main
from agent.shelf.stick import ShelfBusy, StickRefused, load_stick
from agent.shelf.trip import Addressee
from protocol.facts import BundleTaken
from protocol.twin import ShelfRef
from tests.agent.bench import COUNTY_KEYS, STATION, Bench
from tests.agent.shelf.test_bad_input import FOREIGN
from tests.agent.shelf.test_change_of_bundle import content_of, in_force, take
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.enrolled import make_enrolled
from tests.fakes.shelf_source import ShelfCounty

ADDRESSEE = Addressee(station=STATION, region="", public_keys=COUNTY_KEYS)


def write_stick(stick: Path, county: ShelfCounty, ref: ShelfRef) -> Path:
    """Write what a county's verb writes."""
    folder = stick / "cunhui-shelf"
    for kind in ("bundles", "items"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for (kind, digest), file in county.files.items():
        (folder / kind / digest.hex()).write_bytes(file)
    (folder / "index").write_bytes(county.files["bundles", ref.sha256])
    return folder


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    return tmp_path / "stick"


def test_a_stick_brings_what_is_announced_and_the_running_station_shows_it(
    station: Bench, system: FakeSystemClock, stick: Path
) -> None:
    county = station.county
    station.make_trip()
    county.publish("policy", 1, b"text", items=[county.item("a.jpg", b"picture")], night=True, access="station")
    write_stick(stick, county, county.index())
    loaded = load_stick(stick, station.shelf._disk.__class__(station.folder / "shelf"), ADDRESSEE)
    assert (loaded.taken, loaded.whole, loaded.of, loaded.reasons) == (1, 1, 1, {})
    county.reachable = False
    system.pass_ms(60_000)
    station.make_trip()
    assert content_of(station, "policy") == b"text"
    (taken,) = station.of(BundleTaken)
    assert (taken.bundle, taken.via) == ("policy", "stick")


def test_what_is_not_on_the_stick_is_named_and_the_rest_taken(station: Bench, stick: Path) -> None:
    county = station.county
    entry = county.publish("film", 1, b"film")
    county.publish("policy", 1, b"text")
    folder = write_stick(stick, county, county.index())
    (folder / "bundles" / entry.sha256.hex()).unlink()
    loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert (loaded.taken, loaded.reasons) == (1, {"film": "not_found"})
    assert loaded.sentences() == [
        "已从 U 盘装入 1 份内容；本站应有 2 份，现有 1 份。",
        "film 没有装入：U 盘上没有",
    ]


@pytest.mark.parametrize("case", ["no index", "other station", "other county", "rubbish", "older", "a link"])
def test_a_stick_that_does_not_hold_changes_nothing(station: Bench, stick: Path, case: str) -> None:
    county = station.county
    county.publish("policy", 1, b"text")
    old = county.index()
    county.publish("policy", 2, b"new")
    take(station)
    key, name = (FOREIGN, "") if case == "other county" else (None, "other-0001" if case == "other station" else "")
    ref = old if case == "older" else county.index(key=key, station=name)
    folder = write_stick(stick, county, ref)
    if case == "no index":
        (folder / "index").unlink()
    if case == "rubbish":
        (folder / "index").write_bytes(os.urandom(100_000))
    if case == "a link":
        (folder / "index").rename(stick / "elsewhere")
        (folder / "index").symlink_to(stick / "elsewhere")
    with pytest.raises(StickRefused):
        load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert in_force(station) == {"policy": 2}


def test_files_of_a_stick_that_are_not_what_they_are_called(station: Bench, stick: Path) -> None:
    county = station.county
    item = county.item("a.jpg", b"picture")
    entry = county.publish("policy", 1, b"text", items=[item])
    other = county.publish("news", 1, b"news")
    folder = write_stick(stick, county, county.index())
    (folder / "items" / item.sha256.hex()).write_bytes(b"PICTURE")
    news = folder / "bundles" / other.sha256.hex()
    news.write_bytes((folder / "bundles" / entry.sha256.hex()).read_bytes())
    loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert loaded.reasons == {"policy": "wrong_hash", "news": "wrong_hash"}
    assert in_force(station) == {}


@contextmanager
def pulled_out(stick: Path, *, after: int, kind: str) -> Iterator[None]:
    """Somebody pulls the stick out after so many reads of files on it: reading fails, or nothing is there any more."""
    reads = [0]
    read, opened = os.read, os.open

    def failing(descriptor: int, length: int) -> bytes:
        reads[0] += 1
        if reads[0] > after:
            raise OSError(errno.EIO, "input/output error")
        return read(descriptor, length)

    def vanishing(path: Any, *rest: Any, **named: Any) -> int:
        if Path(path).is_relative_to(stick):
            reads[0] += 1
            if reads[0] > after and stick.exists():
                stick.rename(stick.with_name("in a pocket"))
        return opened(path, *rest, **named)

    if kind == "reading fails":
        with patch("agent.shelf.stick.os.read", failing):
            yield
    else:
        with patch("agent.shelf.stick.os.open", vanishing):
            yield


@pytest.mark.parametrize("kind", ["reading fails", "nothing is there"])
@pytest.mark.parametrize("after", range(1, 12))
def test_a_stick_that_is_pulled_out_half_way_leaves_what_is_whole_and_the_next_one_completes_it(
    station: Bench, stick: Path, after: int, kind: str
) -> None:
    county = station.county
    county.publish("policy", 1, b"old", items=[county.item("a.jpg", b"old picture")])
    take(station)
    county.publish("policy", 2, b"new", items=[county.item("a.jpg", b"new picture")])
    county.publish("news", 1, b"news", items=[county.item("b.jpg", b"b" * 200_000)])
    ref = county.index()
    write_stick(stick, county, ref)
    with pulled_out(stick, after=after, kind=kind):
        loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    for held in station.shelf._disk.state.held:
        content, picture = {
            ("policy", 1): (b"old", b"old picture"),
            ("policy", 2): (b"new", b"new picture"),
            ("news", 1): (b"news", b"b" * 200_000),
        }[held.id, held.version]
        assert content_of(station, held.id) == content
        assert station.shelf.offered.read_item(held, "b.jpg" if held.id == "news" else "a.jpg") == picture
    assert "policy" in in_force(station), "the old one or the new one"
    if not loaded.is_all:
        assert loaded.ended_early == "unreachable"
        assert loaded.sentences()[-1] == (
            "没有装完：U 盘读到一半读不出来了，可能拔早了，也可能坏了。已经装入的照常使用，请再装一次。"
        )
    write_stick(stick, county, ref)
    again = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert (again.whole, again.of, again.is_all) == (2, 2, True)
    assert in_force(station) == {"policy": 2, "news": 1}


def test_a_read_that_fails_is_the_stick_s_and_not_the_card_s(station: Bench, stick: Path) -> None:
    station.county.publish("policy", 1, b"text")
    write_stick(stick, station.county, station.county.index())
    with pulled_out(stick, after=0, kind="reading fails"):
        loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert (loaded.taken, loaded.whole, loaded.of, loaded.is_all) == (0, 0, 1, False)
    assert "存储卡" not in "".join(loaded.sentences())


def test_two_sticks_complete_one_another_and_the_older_of_two_is_refused(
    station: Bench, stick: Path, tmp_path: Path
) -> None:
    county = station.county
    film = county.publish("film", 1, b"film")
    policy = county.publish("policy", 1, b"text")
    ref = county.index()
    first, second = (write_stick(tmp_path / name, county, ref) for name in ("first", "second"))
    (first / "bundles" / film.sha256.hex()).unlink()
    (second / "bundles" / policy.sha256.hex()).unlink()
    assert load_stick(first, station.shelf._disk, ADDRESSEE).reasons == {"film": "not_found"}
    both = load_stick(second, station.shelf._disk, ADDRESSEE)
    assert (both.taken, both.whole, both.is_all) == (1, 2, True)
    county.publish("policy", 2, b"newer")
    load_stick(write_stick(stick, county, county.index()), station.shelf._disk, ADDRESSEE)
    with pytest.raises(StickRefused, match="比本站已有的旧"):
        load_stick(first, station.shelf._disk, ADDRESSEE)
    assert in_force(station) == {"film": 1, "policy": 2}


def test_whatever_else_is_on_a_stick_is_neither_read_nor_taken(
    station: Bench, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = station.county
    item = county.item("a.jpg", b"picture")
    county.publish("policy", 1, b"text", items=[item])
    folder = write_stick(stick, county, county.index())
    for number in range(10_000):
        (folder / "bundles" / f"{number:064x}").touch()
    (folder / "items" / "IMG_0001.JPG").symlink_to("/etc/passwd")
    (stick / "电影.mp4").write_bytes(b"film")
    (stick / "loop").symlink_to(stick)
    os.mkfifo(folder / "items" / ("ab" * 32))
    opened: list[str] = []
    open_file = os.open

    def noting(path: Any, *rest: Any, **named: Any) -> int:
        opened.append(str(path))
        return open_file(path, *rest, **named)

    monkeypatch.setattr("agent.shelf.stick.os.open", noting)
    loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert (loaded.taken, loaded.is_all) == (1, True)
    assert len([path for path in opened if path.startswith(str(stick))]) == 4, "the index twice, a bundle, an item"
    assert len(list((station.folder / "shelf" / "files").iterdir())) == 3


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder", "4 GB"])
def test_what_is_no_file_of_its_size_is_not_read(station: Bench, stick: Path, tmp_path: Path, kind: str) -> None:
    county = station.county
    item = county.item("a.jpg", b"picture")
    county.publish("policy", 1, b"text", items=[item])
    path = write_stick(stick, county, county.index()) / "items" / item.sha256.hex()
    path.unlink()
    match kind:
        case "a link":
            (tmp_path / "elsewhere").write_bytes(b"picture")
            path.symlink_to(tmp_path / "elsewhere")
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case _:
            path.touch()
            os.truncate(path, 4 * 2**30)
    loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert loaded.reasons == {"policy": "not_found" if kind == "a link" else "wrong_hash"}
    assert in_force(station) == {}


def test_what_is_about_people_is_on_no_stick_and_nobody_has_to_do_anything(station: Bench, stick: Path) -> None:
    county = station.county
    county.publish("policy", 1, b"text")
    month = county.publish("month-1", 1, b"month", access="station")
    folder = write_stick(stick, county, county.index())
    (folder / "bundles" / month.sha256.hex()).unlink()
    loaded = load_stick(stick, station.shelf._disk, ADDRESSEE)
    assert loaded.is_all
    assert loaded.sentences() == [
        "已从 U 盘装入 1 份内容；本站应有 2 份，现有 1 份。",
        "另有 1 份关于个人的内容不在 U 盘上，连上县里以后再取。",
    ]


def test_a_stick_waits_while_the_station_changes_its_shelf(station: Bench, stick: Path) -> None:
    station.county.publish("policy", 1, b"text")
    write_stick(stick, station.county, station.county.index())
    with station.shelf._disk.alone() as alone:
        assert alone
        with pytest.raises(ShelfBusy):
            load_stick(stick, station.shelf._disk.__class__(station.folder / "shelf"), ADDRESSEE)


@pytest.mark.parametrize("complete", [True, False])
def test_the_verb_says_in_chinese_what_came(
    tmp_path: Path, stick: Path, capsys: pytest.CaptureFixture[str], complete: bool
) -> None:
    enrolled = make_enrolled(tmp_path / "station")
    county = ShelfCounty(enrolled.county_key, enrolled.identity.station)
    county.publish("policy", 1, b"text")
    entry = county.publish("film", 1, b"film")
    folder = write_stick(stick, county, county.index())
    if not complete:
        (folder / "bundles" / entry.sha256.hex()).unlink()
    code = main(["shelf", "load", str(stick), "--config", str(enrolled.config)])
    said = capsys.readouterr().out
    assert code == (0 if complete else 1)
    assert said.startswith(f"已从 U 盘装入 {2 if complete else 1} 份内容")
    assert complete or "film 没有装入：U 盘上没有" in said


def test_the_verb_says_in_chinese_why_nothing_came(
    tmp_path: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled = make_enrolled(tmp_path / "station")
    stick.mkdir()
    assert main(["shelf", "load", str(stick), "--config", str(enrolled.config)]) == 1
    assert capsys.readouterr().err.startswith("没有装入：U 盘的文件夹")
