"""Read small files of sysfs and procfs (sysfs(5), proc(5)): a value, or nothing if it is missing or absurd."""

import re
from pathlib import Path

MAX_BYTES = 16_384


def text(path: Path) -> str:
    """Return the beginning of a file as text, at most `MAX_BYTES` of it; empty if it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def number(path: Path, *, least: int, most: int) -> int | None:
    """Return the whole number in a file, decimal or 0x…; None unless it lies between ``least`` and ``most``."""
    found = re.fullmatch(r"-?[0-9]{1,19}|0[xX][0-9a-fA-F]{1,16}", text(path).strip())
    value = int(found[0], 16 if "x" in found[0].lower() else 10) if found else None
    return value if value is not None and least <= value <= most else None
