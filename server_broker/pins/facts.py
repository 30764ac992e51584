"""What this room reads of facts: the numbers that people entered, and the PINs that they set."""

from typing import Any

from protocol import facts
from server_broker.attendance.speaking import said_at, speakers_of
from server_broker.fleet.alarm_codes import NUMBER_STRANGER, PIN_REFUSED, PIN_TRIES_BEYOND
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.fact_rows import FactRoom, Identity, RowKind, Rows, stamp, text
from server_broker.pins.accepting import GONE, NewPin, WrongTry, best_wall, take_in_order
from server_broker.pins.tables import NUMBER_ENTRIES
from server_broker.platform.sql import copy_rows

_WALL, _QUALITY, _NUMBER, _CLOCKS = (
    list(NUMBER_ENTRIES.columns).index(name) for name in ("wall", "quality", "number", "clocks")
)
ENTRY = RowKind[tuple[Any, ...]]("number entry")
STEP = RowKind[NewPin | WrongTry]("step of a PIN")


def _number_entered(fact: facts.NumberEntered, identity: Identity, rows: Rows) -> None:
    number = text(fact.person)
    when = stamp(fact.at, rows)
    rows.of(ENTRY).append((*identity, *when, number, fact.answer, fact.clocks, fact.direction or ""))
    rows.to_date(identity, fact.at)
    if fact.answer == "wrong_pin":
        rows.of(STEP).append(WrongTry(identity.station, number, best_wall(fact.at, rows.received_at)))


def _pin_set(fact: facts.PinSet, identity: Identity, rows: Rows) -> None:
    text(fact.person)  # raises for what no column can hold; the station's own room adds the event
    wall = best_wall(fact.at, rows.received_at)
    rows.of(STEP).append(NewPin(*identity, fact.person, fact.verifier, fact.by, fact.at, wall))


def _put(rows: Rows) -> None:
    if entries := rows.of(ENTRY):
        _put_entries(entries, rows)
    if steps := rows.of(STEP):
        taken = take_in_order(steps, received_at=rows.received_at)
        alarms = [
            AlarmCall(
                one.pin.station,
                PIN_REFUSED,
                "major",
                f"站点报来的密码没有采用（{_REASONS[one.refused]}），请核对站点有没有被人动过",
            )
            for one in taken.refused
            if one.refused != GONE  # the station goes on by its old list, as any does that is offline
        ]
        for station, count in taken.beyond.items():
            detail = f"站点报来的输错密码，比站点自己会核对的多 {count} 次，多出的没有计入"
            alarms.append(AlarmCall(station, PIN_TRIES_BEYOND, "major", detail))
        raise_alarms(alarms, at=rows.received_at)


_REASONS = {
    "no_touch": "没有刷卡记录",
    "other_card": "刷的是别人的卡",
    "too_long_ago": "离刷卡太久",
    "stranger": "不是本镇的人",
}


def _put_entries(entries: list[tuple[Any, ...]], rows: Rows) -> None:
    speakers = speakers_of((entry[0], entry[_NUMBER]) for entry in entries)
    judged = []
    alarms: list[AlarmCall] = []
    for entry in entries:
        at = said_at(entry[_WALL], entry[_QUALITY], rows.received_at)
        counts = speakers.may_know(entry[0], entry[_NUMBER], at)
        judged.append((*entry, counts))
        if entry[_CLOCKS] and not counts:
            detail = "站点报来一次按编号打卡，但不是本镇的人，不计入考勤"
            alarms.append(AlarmCall(entry[0], NUMBER_STRANGER, "major", detail))
    raise_alarms(alarms, at=rows.received_at)
    copy_rows(NUMBER_ENTRIES, judged)


PINS = FactRoom({facts.NumberEntered: _number_entered, facts.PinSet: _pin_set}, _put, stamped=(NUMBER_ENTRIES,))
