"""A wheel built from the source has everything that the programs read: templates, static files, styles."""

import zipfile
from pathlib import Path

from firmware_scripts.rig.wheels import product

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("protocol", "agent", "kiosk_tui", "server_broker")


def product_files(folder: Path) -> set[str]:
    found = (path for room in ROOMS for path in (folder / room).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in found if "__pycache__" not in path.parts}


def test_a_wheel_has_every_file_of_the_product(tmp_path: Path) -> None:
    with zipfile.ZipFile(product(tmp_path)) as packed:
        assert product_files(ROOT) - set(packed.namelist()) == set()
