"""What the packages have, against what lies in the repository: nothing is forgotten, and what units name is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_scripts.packaging.parts import COUNTY, PACKAGES, SYSTEMD, UNITS, DebianPackage
from firmware_scripts.packaging.source import guides_of, install_lines
from firmware_scripts.systemd.unit import settings

ROOT = Path(__file__).parents[2]
DEBIAN = ROOT / "firmware_scripts" / "packaging" / "debian"
EVERY = pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)


def units_of(package: DebianPackage) -> list[Path]:
    return [ROOT / file for file, folder in package.files.items() if folder == UNITS]


def taken(package: DebianPackage) -> list[str]:
    return [*package.files, *filter(None, (package.sysusers, package.tmpfiles))]


def test_each_unit_and_rule_is_in_one_package() -> None:
    there = {
        str(path.relative_to(ROOT))
        for path in (ROOT / SYSTEMD).rglob("*")
        if path.suffix in (".service", ".socket", ".target", ".timer", ".path", ".mount", ".rules", ".conf")
    }
    named = [file for package in PACKAGES.values() for file in taken(package) if file.startswith(f"{SYSTEMD}/")]
    assert sorted(named) == sorted(there)


def test_each_guide_is_in_a_package_and_all_are_in_the_countys() -> None:
    there = sorted(f"guides/{path.name}" for path in (ROOT / "docs" / "guides").glob("*.md"))
    guides = {name: [one for one in guides_of(PACKAGES[name]) if one.startswith("guides/")] for name in PACKAGES}
    assert sorted({one for listed in guides.values() for one in listed}) == there
    assert guides[COUNTY.name] == there


@EVERY
def test_what_is_to_be_installed_is_there(package: DebianPackage) -> None:
    for line in install_lines(package).splitlines():
        file, _, folder = line.partition(" ")
        assert (ROOT / file).is_file(), file
        assert folder.startswith(("usr/lib/", "usr/share/"))


@EVERY
def test_units_start_what_the_package_has(package: DebianPackage) -> None:
    programs = {f"/{package.environment}/bin/{name}" for name in (*package.programs, "python")}
    programs |= {f"/{folder}/{Path(file).name}" for file, folder in package.files.items()}
    for unit in units_of(package):
        said = settings(unit)
        lines = [line for key, found in said.items() if key.startswith("Exec") for line in found]
        ours = {word for line in lines for word in shlex.split(line) if word.startswith(f"/{package.environment}")}
        assert ours <= programs, unit.name
        assert not [line for line in lines if "/opt/" in line]
        for module in re.findall(r"/python(?: -P)? -m ([\w.]+)", " ".join(lines)):
            assert module.partition(".")[0] in package.rooms
        for page in said.get("Documentation", []):
            folder = page.removeprefix(f"file:///usr/share/doc/{package.name}/")
            assert any(name.startswith(f"{folder}/") or name == folder for name in guides_of(package)), page


@EVERY
def test_the_rooms_of_a_package_need_no_other_room(package: DebianPackage, tmp_path: Path) -> None:
    """``tests/test_rooms.py`` and the import contracts say it of the code; this says it of ``setup.py``."""
    command = [sys.executable, "-c", "import setup, sys; print(*setup.ROOMS); print(*setup.PROGRAMS)", "--name"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={"CUNHUI_ROOMS": " ".join(package.rooms)}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2].split() == list(package.rooms)
    assert "firmware_scripts" not in package.rooms


@EVERY
def test_control_knows_the_package(package: DebianPackage) -> None:
    control = (DEBIAN / "control").read_text(encoding="utf-8")
    assert f"\nPackage: {package.name}\n" in control
    assert f"<!pkg.cunhui.no{package.name.removeprefix('cunhui-')}>" in control
    assert set(package.locks) == {"amd64", "arm64"}


def test_the_county_takes_no_driver_along() -> None:
    assert "agent" not in COUNTY.rooms


def test_what_a_guide_does_after_the_county_has_stopped_waits_until_it_has() -> None:
    """To stop the target waits for none of its units, so that a copy of the database could begin before its end."""
    stop = "systemctl stop cunhui-county.target"
    for path in (ROOT / "docs" / "guides").glob("*.md"):
        for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            lines = block.splitlines()
            early = [line for line in lines[:-1] if line.endswith(stop)]
            assert not early, f"{path.name}: {early}"
