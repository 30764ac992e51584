"""A USB stick carries index, bundles and items; they are verified as if they came over the line."""

import os
from pathlib import Path

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
