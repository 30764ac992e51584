"""A station installed by hand gets a new version, and has the former one back if it is not well with the new one."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.doctor.problems import PROBLEMS
from firmware_scripts.ota import station_update
from firmware_scripts.ota.station_update import JUDGED, MOST_RESTARTS, NO_AGENT, main
from tests.conftest import short_folder
from tests.firmware_scripts.ota.hand_station import HandStation, make_deb


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for the socket of gpg's agent."""
    with short_folder() as made:
        yield made


@pytest.fixture
def station(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandStation]:
    """Runs version 1, which its county offers too."""
    made = HandStation(folder)
    monkeypatch.setenv("APT_CONFIG", str(made.conf))
    first = make_deb(folder, "1")
    made.install(first)
    made.offer(first)
    yield made
    made.close()


def update(station: HandStation) -> int:
    return main(["run"], station.machine)


def test_a_good_version_is_installed_and_the_former_one_kept(station: HandStation, folder: Path) -> None:
    assert update(station) == 0
    assert station.installed == "1"
    station.offer(make_deb(folder, "2", codes=[22, 26, 31, 99]))  # the county away, no time; version 1 knows no 99
    assert update(station) == 0
    assert station.installed == "2"
    assert sorted(path.name for path in (station.machine.state / "kept").iterdir()) == [
        "cunhui-station_1_amd64.deb",
        "cunhui-station_2_amd64.deb",
    ]
    assert not (station.machine.state / "attempt.json").exists()


def test_no_other_account_can_take_the_lock_of_updates(station: HandStation) -> None:
    station.machine.state.mkdir(parents=True, exist_ok=True)
    lock = station.machine.state / "lock"
    lock.touch(0o644)
    update(station)
    assert lock.stat().st_mode & 0o777 == 0o600


def test_a_version_that_is_not_well_goes_and_is_not_tried_again(station: HandStation, folder: Path) -> None:
    update(station)
    station.offer(make_deb(folder, "2", codes=[41]))
    update(station)
    assert station.installed == "1"
    assert station.state["reverted"] == {"new": "2", "former": "1", "why": "not well: 41"}
    station.asked.clear()
    update(station)
    assert station.installed == "1"
    assert not [name for name in station.asked if name.endswith(".deb")]
    station.offer(make_deb(folder, "3"))
    update(station)
    assert station.installed == "3"
    assert station.state["reverted"] is None


def test_a_version_that_falls_down_a_moment_later_goes_too(station: HandStation, folder: Path) -> None:
    ill = '{"findings": [{"code": 41, "well": false}]}'
    later = f'if [ -e "$0.seen" ]; then echo \'{ill}\'; exit; fi; : >"$0.seen"'
    station.offer(make_deb(folder, "2", program=later))
    update(station)
    assert station.installed == "1"


def test_what_was_wrong_before_is_not_held_against_the_new_version(station: HandStation, folder: Path) -> None:
    station.install(make_deb(folder, "1.1", codes=[63]))
    station.offer(make_deb(folder, "2", codes=[63]))
    update(station)
    assert station.installed == "2"


@pytest.mark.parametrize("script", ["exit 1", "kill -9 $PPID"], ids=["fails", "dpkg is killed"])
def test_a_package_that_can_not_be_installed_leaves_the_former_one(
    station: HandStation, folder: Path, script: str
) -> None:
    update(station)
    station.offer(make_deb(folder, "2", script=script))
    update(station)
    main(["recover"], station.machine)
    update(station)
    assert station.installed == "1"
    assert "2" in station.state["refused"]


def test_after_a_dead_agent_a_new_version_has_to_answer_and_no_more(station: HandStation, folder: Path) -> None:
    station.install(make_deb(folder, "1.1", codes=[42]))
    station.offer(make_deb(folder, "2", codes=[41]))
    update(station)
    assert station.installed == "1.1"
    assert station.state == {"interrupted": {"2": 1}}  # perhaps no fault of its own, so it is tried again
    station.offer(make_deb(folder, "3", codes=[44, 65]))  # no screen, and a dark room, which nobody saw before
    update(station)
    assert station.installed == "3"


def test_each_code_of_the_doctor_is_judged_or_no_version_can_help() -> None:
    assert PROBLEMS.keys() - JUDGED - NO_AGENT == {*range(21, 29), 31, 32, 53, 71, 72, 81}


def test_an_agent_that_is_started_again_and_again_is_not_waited_for(
    station: HandStation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bin").mkdir()
    systemctl = folder / "bin" / "systemctl"
    systemctl.write_text(f"#!/bin/sh\necho x >>{folder}/restarts\nwc -l <{folder}/restarts\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin", prepend=os.pathsep)
    monkeypatch.setattr(station_update, "LOOK_EVERY_S", 0)
    station.machine = replace(station.machine, well_within_s=10)
    station.offer(make_deb(folder, "2", codes=[41]))
    update(station)
    assert station.installed == "1"
    assert "2" in station.state["refused"]
    assert len((folder / "restarts").read_text()) // 2 == MOST_RESTARTS + 1


def test_a_line_that_breaks_goes_on_where_it_broke(
    station: HandStation, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deb = make_deb(folder, "2+20261201.abc~dirty", size=500_000)
    station.offer(deb)
    station.line_breaks_after = 300_000
    assert update(station) == 0
    assert station.installed == "1"
    assert "300000 of" in capsys.readouterr().out
    station.line_breaks_after = None
    update(station)
    assert station.installed == "2+20261201.abc~dirty"
    assert station.sent == deb.stat().st_size


def test_a_command_without_an_end_changes_nothing(
    station: HandStation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(station_update, "APT_S", 0.001)
    assert update(station) == 0
    assert "no end within" in capsys.readouterr().out


def test_an_empty_key_of_the_county_is_named_and_one_of_the_station_replaced(
    station: HandStation, capsys: pytest.CaptureFixture[str]
) -> None:
    station.machine.key.parent.mkdir()
    station.machine.key.touch()
    station.replaced["cunhui.asc"] = b""
    assert update(station) == 0
    assert "for its key is none (0 bytes)" in capsys.readouterr().out
    station.replaced.clear()
    update(station)
    assert "1 is the newest" in capsys.readouterr().out


def test_a_repository_that_somebody_changed_is_refused(station: HandStation, folder: Path) -> None:
    update(station)
    station.offer(make_deb(folder, "2"))
    release = station.repository.file("dists/trixie/InRelease")
    assert release is not None
    station.replaced["dists/trixie/InRelease"] = release.read_bytes().replace(b"Components: main", b"Components: mian")
    assert update(station) == 0
    assert station.installed == "1"
    station.replaced.clear()
    deb = "pool/main/c/cunhui-station/cunhui-station_2_amd64.deb"
    offered = station.repository.file(deb)
    assert offered is not None
    # A byte of its own, because two packages that are built within a second are the same.
    station.replaced[deb] = offered.read_bytes()[:-1] + b"x"
    update(station)
    assert station.installed == "1"
    station.replaced.clear()
    update(station)
    assert station.installed == "2"


def test_a_key_that_the_county_changes_later_is_not_believed(
    station: HandStation, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    update(station)
    key = station.machine.key.read_bytes()
    other = HandStation(folder / "other")
    try:
        other.offer(make_deb(folder / "other", "2"))
        for name in ("dists/trixie/InRelease", "cunhui.asc"):
            file = other.repository.file(name)
            assert file is not None
            station.replaced[name] = file.read_bytes()
        update(station)
    finally:
        other.close()
    assert station.installed == "1"
    assert station.machine.key.read_bytes() == key
    assert "signed by another key" in capsys.readouterr().out


def test_a_hold_and_a_county_that_is_away_change_nothing(station: HandStation, folder: Path) -> None:
    update(station)
    station.offer(make_deb(folder, "2"))
    station.repository.hold()
    assert update(station) == 0
    assert station.installed == "1"
    station.repository.release()
    station.web.close()
    assert update(station) == 0
    assert station.installed == "1"
