"""Swaps as rows of a page: who takes which window from whom, and whether anybody is due for it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server_broker.accounts.scope import Viewer
from server_broker.attendance.models import SwapRecord
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.console.queries import people_of, windows_of
from server_broker.duty.due import Turn
from server_broker.duty.reading import Absent, Asked, absences_of, turns_in
from server_broker.duty.reasons import HandedOver, TookOver
from server_broker.duty.rest import rest_of
from server_broker.duty.words import words_of
from server_broker.regions.models import Region

MOST_SWAPS = 500
AHEAD = dt.timedelta(days=35)


@dataclass(frozen=True, slots=True)
class SwapRow:
    """One swap. ``state`` is Chinese; ``dropped``: nobody is due for the window that was swapped."""

    day: dt.date
    village: Region
    window: int
    window_name: str
    giver: str
    taker: str
    agreed_at: dt.datetime
    state: str
    dropped: bool


def swap_rows(viewer: Viewer, first: dt.date, last: dt.date) -> list[SwapRow]:
    """Return the swaps of these dates in the viewer's villages: those that leave nobody due first, then by date."""
    records = list(
        SwapRecord.objects.known()
        .filter(subject__window__in=windows_of(viewer), subject__day__range=(first, last))
        .select_related("subject__window__village")
        .order_by("subject__day", "agreed_at")[:MOST_SWAPS]
    )
    if not records:
        return []
    villages = {record.subject.window.village.identity for record in records}
    days = [record.subject.day for record in records]
    asked = Asked(min(days), max(days))
    turns = {(turn.window.id, turn.day, turn.person): turn for turn in turns_in(villages, asked)}
    away = absences_of({record.subject.taker_id for record in records}, asked)
    people = {pk for record in records for pk in (record.subject.giver_id, record.subject.taker_id)}
    names = dict(people_of(viewer).filter(pk__in=people).values_list("pk", "name"))
    rows = [_row(record, turns, away, names) for record in records]
    return sorted(rows, key=lambda row: (not row.dropped, row.day))


def dropped_swaps(viewer: Viewer, today: dt.date) -> list[SwapRow]:
    """Return the swaps from today on that leave nobody due."""
    return [row for row in swap_rows(viewer, today, today + AHEAD) if row.dropped]


def _row(
    record: SwapRecord,
    turns: Mapping[tuple[int, dt.date, int], Turn],
    away: Mapping[int, Sequence[Absent]],
    names: dict[int, str],
) -> SwapRow:
    swap = record.subject
    turn = turns.get((swap.window_id, swap.day, swap.taker_id))
    is_away = turn is not None and _is_covered(turn, away.get(swap.taker_id, ()))
    return SwapRow(
        day=swap.day,
        village=swap.window.village,
        window=swap.window_id,
        window_name=swap.window.name,
        giver=names.get(swap.giver_id, ELSEWHERE),
        taker=names.get(swap.taker_id, ELSEWHERE),
        agreed_at=record.agreed_at,
        state="没有人值班：接班的人那时已批了不在" if is_away and not record.withdrawn else _state(record, turn, names),
        dropped=not record.withdrawn and turn is not None and (turn.is_dropped or is_away),
    )


def _is_covered(turn: Turn, absences: Sequence[Absent]) -> bool:
    """Tell whether somebody took a window over and is away for all of it. Why is nobody's business here."""
    took = turn.due and any(isinstance(reason, TookOver) for reason in turn.why)
    return took and rest_of(turn, absences).is_none


def _state(record: SwapRecord, turn: Turn | None, names: dict[int, str]) -> str:
    if record.withdrawn:
        return "已取消"
    if turn is None:
        return "没有生效"
    if turn.is_dropped:
        return f"没有人值班：{words_of(turn.why[0], people=names, posts={}, windows={})}"
    if any(isinstance(reason, HandedOver) for reason in turn.why):
        return "又换给了别人"
    if not any(isinstance(reason, TookOver) for reason in turn.why):
        return "没有生效"
    return "已换" if turn.due else words_of(turn.why[0], people=names, posts={}, windows={})
