"""What this room reads of facts: what happened at a station, for its page and its alarms."""

from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from protocol import facts
from protocol.alarm_codes import LOST_CARD
from protocol.fact_base import StationFact
from protocol.units import FactRef
from server_broker.fleet.alarm_codes import EPOCH_OPENED, FACTS_LOST, HELP_ASKED, INPUT_FLAPPING
from server_broker.fleet.alarms import AlarmCall, AlarmOver
from server_broker.fleet.fact_rows import STATION_EVENT, FactRoom, Handler, Identity, Rows, add_event, wall_time
from server_broker.fleet.tables import LAST_SANE_SEQ, STATION_EVENTS
from server_broker.platform.sql import copy_rows


def _booted(fact: facts.Booted, identity: Identity, rows: Rows) -> None:
    last_alive = None
    if (at := fact.last_alive) is not None:
        wall_time(at.wall)  # raises for a time after the year 2199, which no calendar has
        last_alive = {"wall": at.wall, "boot": at.boot.hex(), "mono": at.mono, "quality": at.quality}
    add_event(fact, identity, rows, {"cause": fact.cause, "software": fact.software, "last_alive": last_alive})


def _reader(fact: facts.ReaderLost | facts.ReaderBack, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {"reader": fact.reader})


def _contact_changed(fact: facts.ContactChanged, identity: Identity, rows: Rows) -> None:
    detail = {"input": fact.input, "sensor": fact.sensor, "active": fact.active, "flapping": fact.flapping}
    add_event(fact, identity, rows, detail)
    if fact.sensor == "door":
        code = f"{INPUT_FLAPPING}:{fact.input}"
        said = f"“{fact.input}”开合过于频繁，可能接触不良；平稳之前不再逐次记录"
        flaps = AlarmCall(identity.station, code, "minor", said, origin="station")
        rows.alarms.append(flaps if fact.flapping else AlarmOver(identity.station, code))


def _window_closed(fact: facts.WindowClosed, identity: Identity, rows: Rows) -> None:
    wall_time(fact.closed)  # likewise
    add_event(fact, identity, rows, {"window": fact.window, "date": fact.date, "closed": fact.closed})


def _clock_corrected(fact: facts.ClockCorrected, identity: Identity, rows: Rows) -> None:
    wall_time(fact.wall)  # raises for a time after the year 2199, which could date no row
    detail = {
        "boot": fact.boot.hex(),
        "mono": fact.mono,
        "wall": fact.wall,
        "source": fact.source,
        "before": fact.before,
        "run": fact.clock_run.hex() if fact.clock_run else None,
    }
    add_event(fact, identity, rows, detail)
    # From the beginning: this fact may date everything that the boot did before it.
    rows.to_correct(identity.station, fact.boot)


def _epoch_opened(fact: facts.EpochOpened, identity: Identity, rows: Rows) -> None:
    previous = fact.previous.hex() if fact.previous else None
    add_event(fact, identity, rows, {"reason": fact.reason, "previous": previous, "matched": fact.matched})
    # A new board opens its first stream, which is no reason for an alarm.
    if fact.reason != "first":
        said = _EPOCH_REASONS[fact.reason]
        rows.alarms.append(AlarmCall(identity.station, EPOCH_OPENED, "major", f"站点另开了新的记录流：{said}"))


_EPOCH_REASONS = {
    "ahead": "县里比站点多，站点的存储卡可能被换回旧版本",
    "differs": "站点与县里的记录不一致，存储卡可能被复制",
    "corrupt": "站点的记录文件损坏，已抢救可读部分",
}


def _facts_lost(fact: facts.FactsLost, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {"epoch": fact.epoch.hex(), "first": fact.first, "last": fact.last})
    detail = f"第 {fact.first} 至 {fact.last} 条记录无法恢复"
    if fact.last > LAST_SANE_SEQ:
        detail = f"站点说{detail}：没有站点签过这么多，没有算进账目；站点程序可能有误，或站点身份被人冒用"
    rows.alarms.append(AlarmCall(identity.station, FACTS_LOST, "critical", detail))


def _help_asked(fact: facts.HelpAsked, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {"screen": fact.screen})
    rows.alarms.append(AlarmCall(identity.station, HELP_ASKED, "critical", "站点有人求助"))


def _live_view_began(fact: facts.LiveViewBegan, identity: Identity, rows: Rows) -> None:
    told = {"command": fact.command.hex(), "issuer": fact.issuer, "viewer": fact.viewer, "reason": fact.reason}
    add_event(fact, identity, rows, {**told, "seconds": fact.seconds})


def _live_view_ended(fact: facts.LiveViewEnded, identity: Identity, rows: Rows) -> None:
    counted = {"frames": fact.frames, "bytes": fact.sent_bytes, "seconds": fact.seconds}
    add_event(fact, identity, rows, {"command": fact.command.hex(), "why": fact.why, **counted})


def _alarm_raised(fact: facts.AlarmRaised, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {"code": fact.code, "severity": fact.severity, "detail": fact.detail})
    if fact.code not in _TOLD_BY_ANOTHER_FACT:
        rows.alarms.append(AlarmCall(identity.station, fact.code, fact.severity, fact.detail, origin="station"))


_TOLD_BY_ANOTHER_FACT = (LOST_CARD,)
"""For a lost card the county raises its own alarm, from the touch. A second one would tell people twice."""


def _alarm_cleared(fact: facts.AlarmCleared, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {"code": fact.code})
    rows.alarms.append(AlarmOver(identity.station, fact.code))


_TOLD: dict[type[StationFact], tuple[str, ...]] = {
    facts.PinSet: ("person", "by"),
    facts.PhoneLinkShown: ("person", "by", "code"),
    facts.VisitEnded: ("person", "by", "opened", "why", "seconds"),
    facts.PackChosen: ("by", "pack", "chosen"),
    facts.RequestMade: ("request", "by", "request_kind", "code"),
    facts.RequestWithdrawn: ("request", "by"),
    facts.Agreed: ("request", "by", "agrees"),
    facts.PersonVouched: ("person", "by", "purpose"),
    facts.MeetingStepped: ("meeting", "step", "item", "by"),
    facts.VotesCounted: ("meeting", "question", "votes", "present", "abstained", "by"),
    facts.RecordMade: ("record", "by", "area"),
    facts.RecordWithdrawn: ("record", "by"),
    facts.FeedbackGiven: ("feedback", "about", "item"),
    facts.FeedbackRated: ("feedback", "rating"),
    facts.ScoreGiven: ("sheet", "indicator", "person", "by"),
    facts.BallotsSealed: ("poll",),
    facts.SlipsSpent: ("poll",),
    facts.HintAnswered: ("hint", "answer", "by"),
    facts.BundleTaken: ("bundle", "version", "sha256", "via"),
    facts.UpdateStepped: ("release", "step", "slot", "detail"),
    facts.Retired: ("command",),
}
"""What an event shows of these kinds, whether or not a room makes rows of its own of them too. What people wrote, a
PIN's verifier, ballots and scores are not among it: they stay in the fact itself, which few may read."""


def _told(fact: StationFact, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {name: _plain(getattr(fact, name)) for name in _TOLD[type(fact)]})


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case FactRef():
            return f"{value.epoch.hex()}:{value.seq}"
        case _:
            return msgspec.to_builtins(value)


def _put(rows: Rows) -> None:
    # Jsonb, because psycopg does not convert a plain dict or list to JSON by itself.
    if events := rows.of(STATION_EVENT):
        copy_rows(STATION_EVENTS, ((*row[:-1], Jsonb(row[-1])) for row in events))


_HANDLERS: dict[type[StationFact], Handler] = {
    facts.Booted: _booted,
    facts.ReaderLost: _reader,
    facts.ReaderBack: _reader,
    facts.ContactChanged: _contact_changed,
    facts.WindowClosed: _window_closed,
    facts.ClockCorrected: _clock_corrected,
    facts.EpochOpened: _epoch_opened,
    facts.FactsLost: _facts_lost,
    facts.HelpAsked: _help_asked,
    facts.LiveViewBegan: _live_view_began,
    facts.LiveViewEnded: _live_view_ended,
    facts.AlarmRaised: _alarm_raised,
    facts.AlarmCleared: _alarm_cleared,
}

FLEET = FactRoom(_HANDLERS | dict.fromkeys(_TOLD, _told), _put, stamped=(STATION_EVENTS,))
