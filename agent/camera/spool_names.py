"""Name files in the camera's spool so that a file's name alone says what its picture was taken for.

If the agent is killed, its next run must announce the picture, and knows nothing of it but the file.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec

from protocol.facts import BlobPurpose
from protocol.units import FactRef

COMMAND_ID_BYTES = 16


class PictureRequest(NamedTuple):
    """What a picture is taken for: ``about`` a fact, for the county's ``command``, or for neither."""

    purpose: BlobPurpose
    about: FactRef | None = None
    command: bytes | None = None


def spool_name(request: PictureRequest, unique: str) -> str:
    """Return the name of the file. ``unique`` consists of a-z and 0-9."""
    if request.command is not None:
        # Files of earlier releases are named so, and must still be read.
        subject = f"order-{request.command.hex()}"
    elif request.about is not None:
        subject = f"{request.about.epoch.hex()}-{request.about.seq}"
    else:
        subject = "none-0"
    return f"{request.purpose}-{subject}-{unique}.jpg"


def parse_spool_name(path: Path) -> PictureRequest | None:
    """Return the request that a file's name tells, or None for a name that `spool_name` does not make."""
    parts = path.name.removesuffix(".jpg").split("-")
    if len(parts) != 4 or path.suffix != ".jpg":
        return None
    try:
        purpose: BlobPurpose = msgspec.convert(parts[0], BlobPurpose)
        if parts[1] == "none":
            return PictureRequest(purpose)
        if parts[1] == "order":
            command = bytes.fromhex(parts[2])
            return PictureRequest(purpose, command=command) if len(command) == COMMAND_ID_BYTES else None
        about = {"epoch": bytes.fromhex(parts[1]), "seq": int(parts[2])}
        return PictureRequest(purpose, about=msgspec.convert(about, FactRef))
    except (ValueError, msgspec.ValidationError):
        return None
