"""Where the files of the shelf come from: the county's HTTPS service, or a USB stick."""

from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from agent.shelf.disk import item_name, signed_name
from protocol.twin import NotWhole


class Wanted(Struct, frozen=True):
    """A file that the shelf wants."""

    kind: Literal["bundles", "items"]
    sha256: bytes
    """Of a bundle or an index the hash of what is inside (`agent.shelf.sealed`)."""
    size: int
    """Of the file in bytes."""
    private: bool = False
    """Only a station that the county addresses gets it, by a signed request."""

    @property
    def name(self) -> str:
        """The file's name on the shelf."""
        return item_name(self.sha256) if self.kind == "items" else signed_name(self.sha256)


class Bounds(Struct, frozen=True, kw_only=True):
    """What bringing one file may cost."""

    within_s: float
    most_bytes: int | None = None
    """Of the month's data."""
    wall_ms: int | None = None
    """The station's time, for a signed request."""


class Unreachable(Exception):
    """The source can't be reached now. Nothing more is asked of it in this trip."""


class NotGiven(Exception):
    """The source is there and does not give this file.

    Attributes:
        reason: A code for the report.
    """

    def __init__(self, reason: NotWhole, detail: str) -> None:
        super().__init__(detail)
        self.reason: NotWhole = reason


class Source(Protocol):
    """Brings files."""

    @property
    def spent_bytes(self) -> int:
        """What it has cost of the month's data since it was opened."""

    def fetch(self, wanted: Wanted, *, into: Path, bounds: Bounds) -> None:
        """Bring a file to ``into``. What lies there already is its beginning.

        Raises:
            Unreachable: What came is kept there; also when a bound is reached.
            NotGiven: This file does not come. ``wrong_hash`` if an item came that is another one; nothing is left then.
            StorageFull: What came is kept there.
            StorageFailed: The disk fails.
        """
