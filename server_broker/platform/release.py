"""Which version of the product runs, and which one has used a county's database."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome

PACKAGE = "cunhui-county"
_ENVIRONMENT = f"/usr/lib/{PACKAGE}"
"""Where the package has its Python (ADR 52)."""


def program_version() -> str:
    """Return the version of the package that this program came in, or the product's where it runs from a checkout."""
    if sys.prefix == _ENVIRONMENT:
        asked = ["/usr/bin/dpkg-query", "--show", "--showformat=${Version}", PACKAGE]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - argv is ours, no shell
        found = done.stdout.strip()
        if found:
            return found
    return metadata.version("cunhui")


def used_version(home: CountyHome) -> str:
    """Return which version prepared the county last; empty if none has said so."""
    try:
        return _file(home).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def note_used(home: CountyHome, version: str) -> None:
    """Note which version the database is now as it was left by."""
    if used_version(home) != version:
        write_atomically(_file(home), f"{version}\n".encode("ascii"))


def _file(home: CountyHome) -> Path:
    return home.root / "used-by"
