"""What became of the last update of the station's package (`firmware_scripts/ota/station_update.py` writes it)."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

UPDATE_STATE = Path("/var/lib/cunhui-update/state.json")
MAX_STATE_BYTES = 65_536


class Reverted(Struct, frozen=True):
    """A version with which the station was not well, and the one that it went back to."""

    new: str
    former: str

    @property
    def says(self) -> str:
        """What happened, for people in the county."""
        return f"升级到 {self.new} 后站点不正常，已换回 {self.former}"[:200]


class _State(Struct, frozen=True):
    reverted: Reverted | None = None
    refused: dict[str, Any] = {}


def reverted_update(path: Path = UPDATE_STATE) -> Reverted | None:
    """Return the version that the station had to give up last; None if there is none, or nobody can tell."""
    with suppress(OSError, msgspec.MsgspecError), path.open("rb") as file:
        return msgspec.json.decode(file.read(MAX_STATE_BYTES), type=_State).reverted
    return None
