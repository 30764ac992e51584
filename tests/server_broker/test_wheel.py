"""A wheel built from the source has everything that the programs read: templates, static files, styles."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("protocol", "agent", "kiosk_tui", "server_broker")


def product_files(folder: Path) -> set[str]:
    found = (path for room in ROOMS for path in (folder / room).rglob("*") if path.is_file())
    # What a checkout compiles for itself, a package compiles for its own architecture.
    compiled = {"__pycache__", "compiled"}
    return {str(path.relative_to(folder)) for path in found if not compiled.intersection(path.parts)}


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout into a folder. Nothing is written into the checkout."""
    source = folder / "source"
    source.mkdir()
    for name in (*ROOMS, "firmware_scripts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "compiled"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def test_a_wheel_has_every_file_of_the_product(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path)) as packed:
        assert product_files(ROOT) - set(packed.namelist()) == set()
