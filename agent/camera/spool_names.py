"""Name files in the camera's spool so that the name alone says what the picture is of."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from protocol.facts import BlobPurpose
from protocol.units import FactRef


class PictureRequest(NamedTuple):
    """What a picture is taken for: ``about`` a fact, or on the county's order ``command``, or neither."""

    purpose: BlobPurpose
    about: FactRef | None = None
    command: bytes | None = None


def spool_name(wanted: PictureRequest, unique: str) -> str:
    """Return the name of the file. ``unique`` is of a-z and 0-9."""
    if wanted.command is not None:
        of = f"order-{wanted.command.hex()}"
    elif wanted.about is not None:
        of = f"{wanted.about.epoch.hex()}-{wanted.about.seq}"
    else:
        of = "none-0"
    return f"{wanted.purpose}-{of}-{unique}.jpg"


def parse_spool_name(path: Path) -> PictureRequest | None:
    """Read what `spool_name` wrote, or None for any other file."""
    parts = path.name.removesuffix(".jpg").split("-")
    if len(parts) != 4 or path.suffix != ".jpg":
        return None
    try:
        purpose: BlobPurpose = msgspec.convert(parts[0], BlobPurpose)
        if parts[1] == "none":
            return PictureRequest(purpose)
        if parts[1] == "order":
            return PictureRequest(purpose, command=_command(parts[2]))
        about = {"epoch": bytes.fromhex(parts[1]), "seq": int(parts[2])}
        return PictureRequest(purpose, about=msgspec.convert(about, FactRef))
    except (ValueError, msgspec.ValidationError):
        return None


def _command(text: str) -> bytes:
    command = bytes.fromhex(text)
    if len(command) != 16:
        raise ValueError("not a command's id")
    return command
