"""What notices and absences leave of a window: lines 1 to 4 of section 3 of docs/rules.md."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from server_broker.settlement.due import Turn
from server_broker.settlement.pieces import Piece, length, taken_of, without
from server_broker.settlement.requests import Absence
from server_broker.settlement.times import Minute
from server_broker.settlement.values import Cover

COVERS: tuple[Cover, ...] = ("假", "出", "会")
"""Of equal minutes the first gives the word."""


class Covered(Struct, frozen=True):
    """What is left of a window, or what it comes to if nothing is left to judge."""

    line: str
    """1 to 4 if the line decides the whole window; empty: the rest is judged."""
    result: str = ""
    why: str = ""
    first: Minute = 0
    """Of the rest; a hole between first and last needs no touch."""
    last: Minute = 0
    """The minute after the last one of the rest."""
    part: bool = False
    """Something was taken off the window."""
    beside: tuple[str, ...] = ()
    kind: str = ""
    """Of leave, where it decides or stands beside."""
    leave_minutes: int = 0
    """Of leave that stands beside."""
    asked_late: bool = False


def cover(turn: Turn, left: Sequence[Piece], absences: Iterable[Absence], min_rest: int) -> Covered:
    """Return what is left of somebody's window of which notices leave ``left``."""
    if not turn.due:
        return Covered("1", "休", turn.why)
    if not left:
        return Covered("1", "休", "停班通知盖住了")
    near = [one for one in absences if one.begin < left[-1][1] and left[0][0] < one.end and one.begin < one.end]
    if not near:
        return Covered("", first=left[0][0], last=left[-1][1], part=length(left) < turn.end - turn.start)
    return _with_absences(turn, left, near, min_rest)


def _with_absences(turn: Turn, left: Sequence[Piece], near: Sequence[Absence], min_rest: int) -> Covered:
    # Nothing at all is too little to judge, however little the county finds enough.
    least = max(min_rest, 1)
    minutes = {name: taken_of(left, _pieces(near, name)) for name in COVERS}
    taking = [name for name in COVERS if minutes[name]]
    whole = length(left)
    for name in taking:
        if whole - minutes[name] < least:
            return Covered(
                "2" if name == "假" else "3",
                name,
                kind=_kind(left, near) if name == "假" else "",
                asked_late=_late(left, near, (name,)),
            )
    rest = without(left, _pieces(near))
    kind, late = _kind(left, near) if minutes["假"] else "", _late(left, near, taking)
    if taking and length(rest) < least:
        most = max(taking, key=lambda name: minutes[name])
        beside = tuple(name for name in taking if name != most)
        leave_minutes = minutes["假"] if "假" in beside else 0
        return Covered("4", most, beside=beside, kind=kind, leave_minutes=leave_minutes, asked_late=late)
    return Covered(
        "",
        first=rest[0][0],
        last=rest[-1][1],
        part=length(rest) < turn.end - turn.start,
        beside=tuple(taking),
        kind=kind,
        leave_minutes=minutes["假"],
        asked_late=late,
    )


def _pieces(absences: Iterable[Absence], name: str | None = None) -> list[Piece]:
    return [(one.begin, one.end) for one in absences if name is None or one.cover == name]


def _takes(left: Sequence[Piece], one: Absence) -> int:
    return taken_of(left, [(one.begin, one.end)])


def _kind(left: Sequence[Piece], absences: Iterable[Absence]) -> str:
    """Return the kind of the leave of most minutes; of equal ones the earlier, then the one asked first."""
    leave = [one for one in absences if one.cover == "假"]
    return min(leave, key=lambda one: (-_takes(left, one), one.begin, one.asked, one.kind)).kind


def _late(left: Sequence[Piece], absences: Iterable[Absence], names: Sequence[str]) -> bool:
    return any(one.late for one in absences if one.cover in names and _takes(left, one))
