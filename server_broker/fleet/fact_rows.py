"""What a room says of the facts that it reads: a handler for each kind, and how the rows it made are stored.

A handler is pure: it adds rows to `Rows`, each a tuple in the column order of its `Table`, because tens of thousands of
rows are made in a second. `server_broker.ingest.fact_rooms` lists the rooms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from protocol.fact_base import StationFact
from protocol.units import LAST_WALL_MS, FactRef, Moment
from server_broker.fleet.alarms import AlarmCall, AlarmOver
from server_broker.platform.database_text import shown_json
from server_broker.platform.tables import LAST_INTEGER, Table

LAST_MONO_MS = 2**53 - 1
"""The greatest that a fact can state (`protocol.units.MonoMs`)."""


class Unstorable(Exception):
    """A fact that is well formed but cannot be a row: a date after the year 2199, a NUL in a text, a huge number."""


class Identity(NamedTuple):
    """The identity under which a fact's rows stand: its station, and the epoch and seq where it was first committed."""

    station: str
    epoch: bytes
    seq: int


type Boot = tuple[str, bytes]
"""(station, boot id)."""


class RowKind[T]:
    """One kind of row that a room makes of facts."""

    def __init__(self, name: str) -> None:
        """Make a kind; ``name`` is for debugging."""
        self._name = name

    def __repr__(self) -> str:
        return f"RowKind({self._name})"


@dataclass(slots=True)
class NewOfBoot:
    """What came of one boot of a station."""

    identities: list[tuple[bytes, int]] = field(default_factory=list)
    """Epoch and seq of each new row."""
    from_mono: int = LAST_MONO_MS
    """The lowest mono of the new rows."""
    corrected: bool = False
    """Whether a correction of the boot's clock is among them."""


@dataclass(slots=True)
class Rows:
    """Rows that are stored together, each in the list of its kind."""

    received_at: datetime
    boots: dict[Boot, NewOfBoot] = field(default_factory=dict)
    """What came of each boot: it must be dated."""
    alarms: list[AlarmCall | AlarmOver] = field(default_factory=list)
    _of: dict[RowKind[Any], list[Any]] = field(default_factory=dict)

    def of[T](self, kind: RowKind[T]) -> list[T]:
        """Return the list of the rows of one kind, to be added to or stored."""
        return cast(list[T], self._of.setdefault(kind, []))

    def to_date(self, identity: Identity, at: Moment) -> None:
        """Note that the rows of a fact must be dated: a correction of the clock of its boot may be here already."""
        new = self._new_of(identity.station, at.boot)
        new.identities.append((identity.epoch, identity.seq))
        new.from_mono = min(new.from_mono, at.mono)

    def to_correct(self, station: str, boot: bytes) -> None:
        """Note that a correction of the clock of this boot has come: it may date everything else in it."""
        self._new_of(station, boot).corrected = True

    def take(self, other: "Rows") -> None:
        """Add all of ``other``."""
        for (station, boot), came in other.boots.items():
            new = self._new_of(station, boot)
            new.identities += came.identities
            new.from_mono = min(new.from_mono, came.from_mono)
            new.corrected |= came.corrected
        self.alarms += other.alarms
        for kind, rows in other._of.items():
            self.of(kind).extend(rows)

    def _new_of(self, station: str, boot: bytes) -> NewOfBoot:
        if (new := self.boots.get((station, boot))) is None:
            new = self.boots[station, boot] = NewOfBoot()
        return new


type Handler = Callable[[Any, Identity, Rows], None]
"""Adds the rows of one fact. It raises `Unstorable` before it has added any."""


class RefColumns(NamedTuple):
    """Columns in which rows name another fact of the same station."""

    table: Table
    epoch: str
    seq: str


@dataclass(frozen=True, slots=True)
class FactRoom:
    """One room's part in reading facts."""

    handlers: Mapping[type[StationFact], Handler]
    put: Callable[[Rows], None]
    """Stores the rows of this room's kinds, inside the caller's transaction."""
    stamped: tuple[Table, ...] = ()
    """Tables with a fact's identity and its stamp (`server_broker.fleet.models.Stamped`): they are dated, and their
    rows move when a re-issue gives way."""
    refs: tuple[RefColumns, ...] = ()


STATION_EVENT = RowKind[tuple[Any, ...]]("station event")


def wall_time(wall_ms: int) -> datetime:
    """Return a station's wall clock, or a time that somebody stated there, as aware UTC.

    Raises:
        Unstorable: After the year 2199.
    """
    if wall_ms > LAST_WALL_MS:
        raise Unstorable(f"wall {wall_ms} ms lies after the year 2199")
    return datetime.fromtimestamp(wall_ms / 1000, UTC)


def stamp(at: Moment, rows: Rows) -> tuple[Any, ...]:
    """Return when a fact was, in the order of `server_broker.fleet.tables.STAMP_COLUMNS`."""
    return wall_time(at.wall), at.quality, at.boot, at.mono, rows.received_at


def text(value: str) -> str:
    """Return a text that PostgreSQL can hold: U+0000 is no character there."""
    if "\x00" in value:
        raise Unstorable("a text has a NUL in it")
    return value


def integer(value: int) -> int:
    """Return a number that an integer column can hold."""
    if not 0 <= value <= LAST_INTEGER:
        raise Unstorable(f"number {value} does not fit")
    return value


def ref_columns(ref: FactRef | None) -> tuple[bytes | None, int | None]:
    """Return the name of another fact as two columns."""
    return (ref.epoch, ref.seq) if ref else (None, None)


def add_event(fact: StationFact, identity: Identity, rows: Rows, detail: dict[str, Any]) -> None:
    """Add the row of a station's event: what a page shows of a fact that has no table of its own."""
    kind = str(fact.__struct_config__.tag)
    when = stamp(fact.at, rows)
    # Only for its error: a NUL would fail the whole batch in the database.
    for value in detail.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                text(one)
    rows.of(STATION_EVENT).append((*identity, kind, *when, shown_json(detail)))
    rows.to_date(identity, fact.at)
