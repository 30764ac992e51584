"""What the shelf knows of itself: which bundles are in force, and how far each has come. One small file.

It is not in the outbox, so that the outbox stays what the release before can open, and neither is lost with the other.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.codec import Message, decode, encode
from protocol.refusal import Refused
from protocol.units import Sha256, WallMs

FORMAT = 1
MAX_STATE_BYTES = 16 * 2**20
"""More than 200 packs of 50 levels with the longest names."""
MAX_FLOORS = 2_000
"""How many ids are remembered. When there are more, those go that were announced the longest time ago."""

type Via = Literal["line", "stick"]


class HeldBundle(Message, frozen=True, kw_only=True, array_like=True):
    """A bundle that is whole, verified and in force."""

    id: str
    kind: str
    version: int
    sha256: Sha256
    size: int
    not_before: WallMs
    not_after: WallMs
    via: Via
    items: int
    """How many files it has beside itself."""
    gist: bytes = b""
    """What the agent has in memory of its content, see `agent.shelf.gist`."""


class Floor(Message, frozen=True, kw_only=True, array_like=True):
    """The highest version of an id that was in force here. There is no way back below it."""

    version: int
    sha256: Sha256


class HeldIndex(Message, frozen=True, kw_only=True, array_like=True):
    """The index in force."""

    version: int
    sha256: Sha256
    size: int


class ShelfState(Message, frozen=True, kw_only=True):
    """The whole state. Each change makes another one."""

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    index: HeldIndex | None = None
    held: list[HeldBundle] = []
    floors: dict[str, Floor] = {}
    """By id, the one that came into force last at the end."""

    def find(self, bundle: str) -> HeldBundle | None:
        """Return the version of a bundle that is in force."""
        return next((one for one in self.held if one.id == bundle), None)

    def taking(self, bundle: HeldBundle) -> "ShelfState":
        """Return the state with this version in the place of the one before."""
        others = [one for one in self.held if one.id != bundle.id]
        floors = {name: floor for name, floor in self.floors.items() if name != bundle.id}
        floors[bundle.id] = Floor(version=bundle.version, sha256=bundle.sha256)
        while len(floors) > MAX_FLOORS:
            del floors[next(iter(floors))]
        return msgspec.structs.replace(self, held=[*others, bundle], floors=floors)

    def dropping(self, ids: set[str]) -> "ShelfState":
        """Return the state without some bundles. Their floors stay."""
        return msgspec.structs.replace(self, held=[one for one in self.held if one.id not in ids])


def packed(state: ShelfState) -> bytes:
    """Return the bytes of the file: a SHA-256 of the rest goes first, so that a decayed file is not half believed."""
    body = encode(state)
    return hashlib.sha256(body).digest() + body


def unpacked(raw: bytes) -> ShelfState:
    """Read the bytes of the file.

    Raises:
        Refused: ``wrong_hash``; ``malformed`` also for a file of another format.
    """
    digest, body = raw[:32], raw[32:]
    if hashlib.sha256(body).digest() != digest:
        raise Refused("wrong_hash", "the shelf's state is not what was written")
    return decode(body, ShelfState, limit=MAX_STATE_BYTES)
