"""Each module of a package's rooms can be imported, in the order in which the build of the package imports them."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware_scripts.packaging.parts import PACKAGES

ROOT = Path(__file__).parents[2]
IMPORTS = ROOT / "firmware_scripts" / "packaging" / "imports.py"


def imports(*rooms: str, within: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", str(IMPORTS), *rooms]
    return subprocess.run(command, env={"PYTHONPATH": str(within)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_module_of_a_package_can_be_imported(name: str) -> None:
    done = imports(*PACKAGES[name].rooms)
    assert done.returncode == 0, done.stderr


def test_a_module_that_cannot_be_is_said_and_fails_the_build(tmp_path: Path) -> None:
    room = tmp_path / "example_room"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "whole.py").touch()
    (room / "broken.py").write_text("import no_such_module_here", encoding="utf-8")
    done = imports("example_room", within=tmp_path)
    assert done.returncode == 1
    assert "1 modules can't be imported" in done.stdout
    assert "no_such_module_here" in done.stderr
