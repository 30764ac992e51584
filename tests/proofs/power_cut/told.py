"""What the outside knows of a station while it writes, for the judge to compare with what a cut leaves."""

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
    """Number of the county's answer that was kept, and of the one that was being kept; 0 for none."""
    green: dict[int, FactRef] = field(default_factory=dict)
    presented: int = 0
    exposed: frozenset[bytes] = frozenset()
    """Pictures that the camera has begun to write, and logs that were asked for."""
    taken: frozenset[bytes] = frozenset()
    """Pictures that the camera's process has said to have."""
    let_go: frozenset[bytes] = frozenset()
    """Pictures that the county has: the station may drop them."""
    pack: PackRef | None = None
    """The pack that can be played."""
    coming: int = 0
    """Number of the pack that is being fetched, or was fetched last; 0 for none."""
    exports: dict[str, int] = field(default_factory=dict)
    """By name of a file on the stick, how many facts it has at least."""
    notes: dict[str, frozenset[bytes | None]] = field(default_factory=dict)
    """By key of the outbox's state, the values of which one must stand there: more than one while it is written."""
    twin: frozenset[tuple[int, int]] = frozenset({(0, 90)})
    """Version of the desired state and value of its one setting, of which one pair must be in force."""
    orders: dict[bytes, Command] = field(default_factory=dict)
    """What the county ordered, by id."""
    lights: dict[bytes, int] = field(default_factory=dict)
    """How often the lamp was seen to blink on an order, by its id."""


class Teller(Protocol):
    """Who writes down what the outside knows."""

    @property
    def told(self) -> StationTold:
        """What is known by now."""

    def tell(self, **news: Any) -> None:
        """From now on some of it is another."""
