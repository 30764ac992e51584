"""What this room reads of facts: touches, and the directions that people chose for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from protocol import facts
from protocol.alarm_codes import LOST_CARD
from server_broker.attendance.speaking import said_at, speakers_of
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.alarms import AlarmCall
from server_broker.fleet.fact_rows import FactRoom, Identity, RowKind, Rows, add_event, stamp, text
from server_broker.platform.sql import copy_rows, execute


class ChosenDirection(NamedTuple):
    """The person chose ``direction`` for the touch with that identity, at ``mono`` of ``boot``."""

    station: str
    epoch: bytes
    seq: int
    direction: str
    boot: bytes
    mono: int


CHOSEN_WITHIN_MS = 15 * 60_000
"""Longer than any station lets people correct a touch. Whoever gets hold of a station later turns round no old ones."""


BY_NUMBER = "number"
"""Stands as the reader of a touch by number."""

_WALL, _QUALITY, _RECEIVED, _ANSWER, _PERSON = (
    list(TOUCHES.columns).index(name) for name in ("wall", "quality", "received_at", "answer", "person_number")
)
TOUCH = RowKind[tuple[Any, ...]]("touch")
DIRECTION = RowKind[ChosenDirection]("direction")


def _touch(fact: facts.Touch, identity: Identity, rows: Rows) -> None:
    when = stamp(fact.at, rows)
    rows.of(TOUCH).append((*identity, fact.card, *when, text(fact.reader), fact.answer, fact.direction or "", "", ""))
    rows.to_date(identity, fact.at)
    if fact.answer == "lost":
        rows.alarms.append(AlarmCall(identity.station, LOST_CARD, "major", "有人使用已挂失的卡"))


def _number_entered(fact: facts.NumberEntered, identity: Identity, rows: Rows) -> None:
    person = text(fact.person)
    detail = {"person": person, "answer": fact.answer, "clocks": fact.clocks, "direction": fact.direction}
    add_event(fact, identity, rows, detail)
    # Signing in to read is no touch. It is one only if the person chose it and was let in.
    if fact.clocks and fact.answer == "accepted" and person:
        when = stamp(fact.at, rows)
        rows.of(TOUCH).append((*identity, b"", *when, BY_NUMBER, "recorded", fact.direction or "", "", person))


def _direction_chosen(fact: facts.DirectionChosen, identity: Identity, rows: Rows) -> None:
    detail = {"epoch": fact.touch.epoch.hex(), "seq": fact.touch.seq, "direction": fact.direction}
    add_event(fact, identity, rows, detail)
    chosen = ChosenDirection(
        identity.station, fact.touch.epoch, fact.touch.seq, fact.direction, fact.at.boot, fact.at.mono
    )
    rows.of(DIRECTION).append(chosen)


def _put(rows: Rows) -> None:
    if touches := rows.of(TOUCH):
        copy_rows(TOUCHES, _of_their_people(touches))
    # After the touches: the touch for which a direction was chosen may have come in this very batch.
    if directions := rows.of(DIRECTION):
        choose_directions(directions)


def _of_their_people(touches: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the touches. One by number is nobody's if its station may not speak for the person."""
    if not any(touch[_PERSON] for touch in touches):
        return touches
    speakers = speakers_of((touch[0], touch[_PERSON]) for touch in touches if touch[_PERSON])

    def counts(touch: tuple[Any, ...]) -> bool:
        at = said_at(touch[_WALL], touch[_QUALITY], touch[_RECEIVED])
        return speakers.may_know(touch[0], touch[_PERSON], at)

    return [
        touch
        if not touch[_PERSON] or counts(touch)
        else (*touch[:_ANSWER], "unknown", *touch[_ANSWER + 1 : _PERSON], "")
        for touch in touches
    ]


def choose_directions(directions: list[ChosenDirection]) -> None:
    """Note the directions that people chose for their touches, soon after them and on the same boot's clock.

    Of several for one touch, the last stands.
    """
    columns = [list(column) for column in zip(*directions, strict=True)]
    execute(
        f"""UPDATE {TOUCHES} t SET chosen_direction = c.direction
        FROM (
            SELECT DISTINCT ON (o.station_id, o.epoch, o.seq) o.station_id, o.epoch, o.seq, w.direction
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::text[], %s::bytea[], %s::bigint[])
                 WITH ORDINALITY AS w (station, epoch, seq, direction, boot, mono, place)
            JOIN {TOUCHES} o ON o.station_id = w.station AND o.epoch = w.epoch AND o.seq = w.seq
                 AND o.boot = w.boot AND abs(w.mono - o.mono_ms) <= {CHOSEN_WITHIN_MS}
            ORDER BY o.station_id, o.epoch, o.seq, w.place DESC
        ) c
        WHERE t.station_id = c.station_id AND t.epoch = c.epoch AND t.seq = c.seq""",  # noqa: S608 - our own constants
        columns,
    )


def note_comings(comings: Sequence[tuple[Identity, datetime]]) -> None:
    """Note when the facts of touches came that were held at first and have been read just now.

    Nothing else dates it if its station did not know the time. ``received_at`` stays when the row was made, because
    that is since when the county could go by it.
    """
    execute(
        f"""UPDATE {TOUCHES} t SET came_at = w.at
        FROM unnest(%s::timestamptz[], %s::text[], %s::bytea[], %s::bigint[]) AS w (at, station, epoch, seq)
        WHERE t.station_id = w.station AND t.epoch = w.epoch AND t.seq = w.seq""",  # noqa: S608 - our own constant
        [
            [at for _, at in comings],
            [identity.station for identity, _ in comings],
            [identity.epoch for identity, _ in comings],
            [identity.seq for identity, _ in comings],
        ],
    )


ATTENDANCE = FactRoom(
    {facts.Touch: _touch, facts.NumberEntered: _number_entered, facts.DirectionChosen: _direction_chosen},
    _put,
    stamped=(TOUCHES,),
)
