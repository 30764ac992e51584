"""The source that packages are built from has what they need, and what the build asks Debian for can be read."""

from pathlib import Path

import pytest

from firmware_scripts.packaging.build_machine import build_depends
from firmware_scripts.packaging.parts import PACKAGES
from firmware_scripts.packaging.source import lay_out
from firmware_scripts.packaging.version import Commit


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    wheels = tmp_path_factory.mktemp("wheels")
    (wheels / "thing-1.0.tar.gz").touch()
    lay_out(folder, Commit("aaaaaaaa", 1_796_126_400, dirty=False), wheels)
    return folder


def test_it_has_every_room_and_what_builds_it(source: Path) -> None:
    for name in (
        *(f"{room}/__init__.py" for package in PACKAGES.values() for room in package.rooms),
        *(f"requirements/{lock}" for package in PACKAGES.values() for lock in package.locks.values()),
        *("setup.py", "LICENSE", "wheels/thing-1.0.tar.gz", "debian/rules", "debian/control", "debian/changelog"),
        "firmware_scripts/packaging/environment.py",
    ):
        assert (source / name).is_file(), name
    assert (source / "debian" / "rules").stat().st_mode & 0o100


def test_it_has_nothing_else(source: Path) -> None:
    assert not (source / "tests").exists()
    assert not (source / ".git").exists()
    assert not list(source.rglob("__pycache__"))
    rooms = {path.name for path in (source / "firmware_scripts").iterdir()}
    assert rooms == {"__init__.py", "ota", "packaging", "systemd"}


def test_no_file_has_the_time_of_the_checkout(source: Path) -> None:
    began = (source / "wheels").stat().st_mtime - 60
    old = [path for path in (source / "debian").rglob("*") if path.is_file() and path.stat().st_mtime < began]
    assert old == []


def test_debhelper_is_told_each_file(source: Path) -> None:
    for package in PACKAGES.values():
        for line in (source / "debian" / f"{package.name}.install").read_text(encoding="utf-8").splitlines():
            assert (source / line.partition(" ")[0]).is_file(), line
        links = (source / "debian" / f"{package.name}.links").read_text(encoding="utf-8")
        assert links.count("\n") == len(package.programs)


def test_what_only_one_architecture_wants_is_asked_for_there() -> None:
    amd64, arm64 = build_depends("amd64"), build_depends("arm64")
    assert set(arm64) - set(amd64) == {"libcap-dev"}
    assert {"debhelper-compat", "python3-dev", "libpcsclite-dev", "swig"} <= set(amd64)
