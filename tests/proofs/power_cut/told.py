"""What the outside knows of a station while it writes. The judge compares it with what a cut leaves."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from protocol.commands import Command
from protocol.twin import PackRef
from protocol.units import FactRef


@dataclass
class StationTold:
    """What the outside knows of a station after a number of calls."""

    calls: int
    record_key: bytes | None = None
    tls_key: bytes | None = None
    """The certificate's key, PEM."""
    identity: tuple[int, int] = (0, 0)
    """Number of the county's answer that is kept, and of the one that is being written; 0 for none."""
    green: dict[int, FactRef] = field(default_factory=dict)
    presented: int = 0
    exposed: frozenset[bytes] = frozenset()
    """Pictures that the camera has begun to write, and logs that were asked for."""
    taken: frozenset[bytes] = frozenset()
    """Pictures that the camera's process has reported."""
    let_go: frozenset[bytes] = frozenset()
    """Pictures that the county has; the station may drop them."""
    pack: PackRef | None = None
    """The pack that can be played."""
    coming: int = 0
    """Number of the pack that is being fetched, or was fetched last; 0 for none."""
    exports: dict[str, int] = field(default_factory=dict)
    """How many facts each file on the stick has at least, by the file's name."""
    notes: dict[str, frozenset[bytes | None]] = field(default_factory=dict)
    """By key of the outbox's state, the values of which one must be there. They are several while the value is
    written."""
    twin: frozenset[tuple[int, int]] = frozenset({(0, 90)})
    """Pairs of the desired state's version and its one setting. One pair must be in force."""
    commands: dict[bytes, Command] = field(default_factory=dict)
    """The county's commands, by id."""
    lights: dict[bytes, int] = field(default_factory=dict)
    """How often the lamp was seen to blink for a command, by the command's id."""


class Teller(Protocol):
    """Writes down what the outside knows."""

    @property
    def told(self) -> StationTold:
        """What is known now."""

    def tell(self, **news: Any) -> None:
        """From now on these fields have other values."""
