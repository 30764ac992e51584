"""Turn facts into the rows that other rooms read. Pure; one small handler for each kind of fact.

A row is a tuple in the column order of its room's `Table` (such as `server_broker.attendance.tables`), because tens
of thousands of rows are made in a second. `projection_tables` stores them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from protocol import facts
from protocol.facts import Fact
from protocol.units import Moment
from server_broker.commands.command_queue import CommandOutcome
from server_broker.fleet.alarms import AlarmCall, AlarmOver

LAST_WALL_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: later ones fit neither Python's nor a reader's calendar."""

_LAST_INTEGER = 2**31 - 1


class Unstorable(Exception):
    """A fact that is well formed but cannot be a row: a date after the year 9999, a NUL in a text, a huge number."""


class Identity(NamedTuple):
    """The identity under which a fact's rows stand: its station, and the epoch and seq where it was first committed."""

    station: str
    epoch: bytes
    seq: int


class Direction(NamedTuple):
    """The person chose ``direction`` for the touch with that identity."""

    station: str
    epoch: bytes
    seq: int
    direction: str


class Announced(NamedTuple):
    """A blob that a station has."""

    station: str
    sha256: bytes
    size: int
    media_type: str
    purpose: str
    about_epoch: bytes | None
    about_seq: int | None


class Evicted(NamedTuple):
    """A blob that a station gave up."""

    station: str
    sha256: bytes
    reason: str


@dataclass(slots=True)
class Rows:
    """Rows that are stored together, each in the list of its table."""

    received_at: datetime
    touches: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    attempts: list[tuple[Any, ...]] = field(default_factory=list)
    level_runs: list[tuple[Any, ...]] = field(default_factory=list)
    blobs: list[Announced] = field(default_factory=list)
    evictions: list[Evicted] = field(default_factory=list)
    results: list[CommandOutcome] = field(default_factory=list)
    directions: list[Direction] = field(default_factory=list)
    boots: dict[tuple[str, bytes], int] = field(default_factory=dict)
    """The boots whose rows must be dated: by (station, boot), the lowest mono of the new rows; 0 for a correction."""
    alarms: list[AlarmCall | AlarmOver] = field(default_factory=list)

    def to_date(self, station: str, boot: bytes, mono: int) -> None:
        """Note that rows of a boot from ``mono`` on must be dated: a correction of its clock may be here already."""
        self.boots[station, boot] = min(mono, self.boots.get((station, boot), mono))


def derive(fact: Fact, identity: Identity, rows: Rows) -> None:
    """Add the rows of ``fact`` to ``rows``.

    Raises:
        Unstorable: Nothing was added.
    """
    handler = _HANDLERS.get(type(fact))
    # A kind without a handler says nothing beyond its kind and its time.
    if handler is None:
        _event(fact, identity, rows, {})
    else:
        handler(fact, identity, rows)


def wall_time(wall_ms: int) -> datetime:
    """Return a station's wall clock as aware UTC.

    Raises:
        Unstorable: After the year 9999.
    """
    if wall_ms > LAST_WALL_MS:
        raise Unstorable(f"wall {wall_ms} ms lies after the year 9999")
    return datetime.fromtimestamp(wall_ms / 1000, UTC)


def _stamp(at: Moment, rows: Rows) -> tuple[Any, ...]:
    """Return when a fact was, in the order of `server_broker.fleet.tables.STAMP_COLUMNS`."""
    return wall_time(at.wall), at.quality, at.boot, at.mono, rows.received_at


def _text(value: str) -> str:
    """Return a text that PostgreSQL can hold: U+0000 is no character there."""
    if "\x00" in value:
        raise Unstorable("a text has a NUL in it")
    return value


def _integer(value: int) -> int:
    if not 0 <= value <= _LAST_INTEGER:
        raise Unstorable(f"number {value} does not fit")
    return value


def _touch(fact: facts.Touch, identity: Identity, rows: Rows) -> None:
    stamp = _stamp(fact.at, rows)
    rows.touches.append((*identity, fact.card, *stamp, _text(fact.reader), fact.answer, fact.direction or "", ""))
    rows.to_date(identity.station, fact.at.boot, fact.at.mono)
    if fact.answer == "lost":
        rows.alarms.append(AlarmCall(identity.station, "lost_card", "major", "有人使用已挂失的卡"))


def _direction_chosen(fact: facts.DirectionChosen, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"epoch": fact.touch.epoch.hex(), "seq": fact.touch.seq, "direction": fact.direction})
    rows.directions.append(Direction(identity.station, fact.touch.epoch, fact.touch.seq, fact.direction))


def _event(fact: Fact, identity: Identity, rows: Rows, detail: dict[str, Any]) -> None:
    kind = str(fact.__struct_config__.tag)
    stamp = _stamp(fact.at, rows)
    # Only for its error: a NUL would fail the whole batch in the database.
    for value in detail.values():
        if isinstance(value, str):
            _text(value)
    rows.events.append((*identity, kind, *stamp, detail))
    rows.to_date(identity.station, fact.at.boot, fact.at.mono)


def _booted(fact: facts.Booted, identity: Identity, rows: Rows) -> None:
    last_alive = None
    if (at := fact.last_alive) is not None:
        last_alive = {"wall": at.wall, "boot": at.boot.hex(), "mono": at.mono, "quality": at.quality}
    _event(fact, identity, rows, {"cause": fact.cause, "software": fact.software, "last_alive": last_alive})


def _reader(fact: facts.ReaderLost | facts.ReaderBack, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"reader": fact.reader})


def _contact_changed(fact: facts.ContactChanged, identity: Identity, rows: Rows) -> None:
    detail = {"input": fact.input, "sensor": fact.sensor, "active": fact.active, "flapping": fact.flapping}
    _event(fact, identity, rows, detail)
    if fact.sensor == "door":
        code = f"input_flapping:{fact.input}"
        said = f"“{fact.input}”开合过于频繁，可能接触不良；平稳之前不再逐次记录"
        flaps = AlarmCall(identity.station, code, "minor", said, origin="station")
        rows.alarms.append(flaps if fact.flapping else AlarmOver(identity.station, code))


def _window_closed(fact: facts.WindowClosed, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"window": fact.window, "date": fact.date, "closed": fact.closed})


def _clock_corrected(fact: facts.ClockCorrected, identity: Identity, rows: Rows) -> None:
    wall_time(fact.wall)  # raises for a time after the year 9999, which could date no row
    detail = {
        "boot": fact.boot.hex(),
        "mono": fact.mono,
        "wall": fact.wall,
        "source": fact.source,
        "before": fact.before,
        "run": fact.clock_run.hex() if fact.clock_run else None,
    }
    _event(fact, identity, rows, detail)
    # From the beginning: this fact may date everything that the boot did before it.
    rows.to_date(identity.station, fact.boot, 0)


def _epoch_opened(fact: facts.EpochOpened, identity: Identity, rows: Rows) -> None:
    previous = fact.previous.hex() if fact.previous else None
    _event(fact, identity, rows, {"reason": fact.reason, "previous": previous, "matched": fact.matched})
    # A new board opens its first stream, which is no reason for an alarm.
    if fact.reason != "first":
        said = _EPOCH_REASONS[fact.reason]
        rows.alarms.append(AlarmCall(identity.station, "epoch_opened", "major", f"站点另开了新的记录流：{said}"))


_EPOCH_REASONS = {
    "ahead": "县里比站点多，站点的存储卡可能被换回旧版本",
    "differs": "站点与县里的记录不一致，存储卡可能被复制",
    "corrupt": "站点的记录文件损坏，已抢救可读部分",
}


def _facts_lost(fact: facts.FactsLost, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"epoch": fact.epoch.hex(), "first": fact.first, "last": fact.last})
    detail = f"第 {fact.first} 至 {fact.last} 条记录无法恢复"
    rows.alarms.append(AlarmCall(identity.station, "facts_lost", "critical", detail))


def _blob_announced(fact: facts.BlobAnnounced, identity: Identity, rows: Rows) -> None:
    epoch, seq = (fact.about.epoch, fact.about.seq) if fact.about else (None, None)
    media_type = _text(fact.media_type)
    rows.blobs.append(Announced(identity.station, fact.sha256, fact.size, media_type, fact.purpose, epoch, seq))


def _blob_evicted(fact: facts.BlobEvicted, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"sha256": fact.sha256.hex(), "reason": fact.reason})
    rows.evictions.append(Evicted(identity.station, fact.sha256, fact.reason))


def _attempt(fact: facts.Attempt, identity: Identity, rows: Rows) -> None:
    rows.attempts.append(
        (
            *identity,
            fact.run,
            _text(fact.pack),
            _integer(fact.pack_version),
            _text(fact.level),
            _text(fact.question),
            fact.chosen,
            fact.right,
            fact.lives_left,
            *_stamp(fact.at, rows),
        )
    )
    rows.to_date(identity.station, fact.at.boot, fact.at.mono)


def _level_ended(fact: facts.LevelEnded, identity: Identity, rows: Rows) -> None:
    rows.level_runs.append(
        (
            *identity,
            fact.run,
            _text(fact.pack),
            _integer(fact.pack_version),
            _text(fact.level),
            fact.passed,
            fact.stars,
            *_stamp(fact.at, rows),
        )
    )
    rows.to_date(identity.station, fact.at.boot, fact.at.mono)


def _help_asked(fact: facts.HelpAsked, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"screen": fact.screen})
    rows.alarms.append(AlarmCall(identity.station, "help_asked", "minor", "站点有人求助"))


def _command_result(fact: facts.CommandResult, identity: Identity, rows: Rows) -> None:
    figures = {_text(name): figure for name, figure in fact.figures.items()}
    told = {"command": fact.command.hex(), "outcome": fact.outcome, "detail": fact.detail, "figures": figures}
    _event(fact, identity, rows, told)
    rows.results.append(CommandOutcome(identity.station, fact.command, fact.outcome, fact.detail, figures))


def _live_view_began(fact: facts.LiveViewBegan, identity: Identity, rows: Rows) -> None:
    told = {"command": fact.command.hex(), "issuer": fact.issuer, "viewer": fact.viewer, "reason": fact.reason}
    _event(fact, identity, rows, {**told, "seconds": fact.seconds})


def _live_view_ended(fact: facts.LiveViewEnded, identity: Identity, rows: Rows) -> None:
    counted = {"frames": fact.frames, "bytes": fact.sent_bytes, "seconds": fact.seconds}
    _event(fact, identity, rows, {"command": fact.command.hex(), "why": fact.why, **counted})


def _alarm_raised(fact: facts.AlarmRaised, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"code": fact.code, "severity": fact.severity, "detail": fact.detail})
    if fact.code not in _TOLD_BY_ANOTHER_FACT:
        rows.alarms.append(AlarmCall(identity.station, fact.code, fact.severity, fact.detail, origin="station"))


_TOLD_BY_ANOTHER_FACT = ("lost_card",)
"""For a lost card the county raises its own alarm, from the touch. A second one would tell people twice."""


def _alarm_cleared(fact: facts.AlarmCleared, identity: Identity, rows: Rows) -> None:
    _event(fact, identity, rows, {"code": fact.code})
    rows.alarms.append(AlarmOver(identity.station, fact.code))


_HANDLERS: dict[type, Callable[[Any, Identity, Rows], None]] = {
    facts.Touch: _touch,
    facts.DirectionChosen: _direction_chosen,
    facts.Booted: _booted,
    facts.ReaderLost: _reader,
    facts.ReaderBack: _reader,
    facts.ContactChanged: _contact_changed,
    facts.WindowClosed: _window_closed,
    facts.ClockCorrected: _clock_corrected,
    facts.EpochOpened: _epoch_opened,
    facts.FactsLost: _facts_lost,
    facts.BlobAnnounced: _blob_announced,
    facts.BlobEvicted: _blob_evicted,
    facts.Attempt: _attempt,
    facts.LevelEnded: _level_ended,
    facts.HelpAsked: _help_asked,
    facts.CommandResult: _command_result,
    facts.LiveViewBegan: _live_view_began,
    facts.LiveViewEnded: _live_view_ended,
    facts.AlarmRaised: _alarm_raised,
    facts.AlarmCleared: _alarm_cleared,
}
