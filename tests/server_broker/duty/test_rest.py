"""What absences leave of a window, in the words of docs/rules.md, section 3, lines 2 to 4."""

import datetime as dt

import pytest

from server_broker.duty.due import Turn
from server_broker.duty.reading import Absent
from server_broker.duty.reasons import CutByNotice
from server_broker.duty.rest import Rest, rest_of
from server_broker.duty.values import Crew, Notice, Window, minute_at

DAY = dt.date(2026, 11, 24)
WINDOW = Window(id=1, village=1, name="上午", start=480, end=720, crew=Crew())


def at(minutes: int) -> int:
    return minute_at(DAY, minutes)


def turn(*notices: tuple[int, int]) -> Turn:
    why = tuple(CutByNotice(Notice(at(begin), at(end))) for begin, end in notices)
    begin = max([480, *(end for start, end in notices if start <= 480)])
    return Turn(1, WINDOW, DAY, due=True, why=why, begin=at(begin), end=at(720))


def rest(absences: list[tuple[str, int, int]], *notices: tuple[int, int]) -> tuple[int, int, str]:
    left = rest_of(turn(*notices), [Absent(kind, "", at(begin), at(end)) for kind, begin, end in absences])
    return left.begin - at(0), left.end - at(0), left.why


@pytest.mark.parametrize(
    ("absences", "left"),
    [
        ([], (480, 720, "")),
        ([("leave", 0, 480), ("leave", 720, 900)], (480, 720, "")),
        ([("leave", 0, 1440)], (480, 480, "leave")),
        ([("leave", 480, 691)], (480, 480, "leave")),
        ([("leave", 480, 690)], (690, 720, "leave")),
        ([("field_duty", 540, 600)], (480, 720, "field_duty")),
        ([("meeting", 480, 540), ("leave", 660, 720)], (540, 660, "leave")),
        ([("meeting", 480, 601), ("leave", 601, 720)], (480, 480, "meeting")),
        ([("field_duty", 480, 600), ("leave", 600, 720)], (480, 480, "leave")),
        ([("leave", 480, 600), ("leave", 600, 720)], (480, 480, "leave")),
        ([("residency", 0, 1440)], (480, 720, "")),
    ],
)
def test_what_is_left(absences: list[tuple[str, int, int]], left: tuple[int, int, str]) -> None:
    assert rest(absences) == left


def test_leave_of_what_a_notice_left_covers_the_whole_window() -> None:
    assert rest([("leave", 600, 720)], (480, 600)) == (600, 600, "leave")
    assert rest([("leave", 480, 600)], (480, 600)) == (600, 720, "")
    assert rest([("leave", 480, 560)], (500, 700)) == (480, 480, "leave")


def test_nothing_is_none() -> None:
    assert Rest(1, 1).is_none
    assert not Rest(1, 2).is_none
