"""What absences leave of a turn (docs/rules.md, section 3, lines 2 to 4), for stations and for the pages of today.

It reckons from plain values alone. The minutes that notices take are gone already, by `Turn.why`.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from server_broker.duty.due import MIN_REST, Turn
from server_broker.duty.reading import Absent
from server_broker.duty.reasons import CutByNotice

COVERING = ("leave", "field_duty", "meeting")
"""What excuses somebody from a window, in the order in which one stands before another of as many minutes. Whoever is
resident in a village (驻村) is on duty there."""

type _Pieces = list[tuple[int, int]]


class Rest(Struct, frozen=True):
    """What is left of a turn: local minutes ``[begin, end)``. A hole between the two needs no touch."""

    begin: int
    end: int
    why: str = ""
    """The absence of most minutes in the window; empty without any."""

    @property
    def is_none(self) -> bool:
        """Tell whether the absence covers the whole window."""
        return self.begin == self.end


def rest_of(turn: Turn, absences: Iterable[Absent]) -> Rest:
    """Return what absences leave of a turn that is due."""
    there: _Pieces = [(turn.begin, turn.end)]
    for reason in turn.why:
        if isinstance(reason, CutByNotice):
            there = _without(there, [(reason.notice.begin, reason.notice.end)])
    taken: dict[str, _Pieces] = {kind: [] for kind in COVERING}
    for one in absences:
        if one.kind in taken and one.begin < one.end:
            taken[one.kind].append((one.begin, one.end))
    minutes = {kind: _length(there) - _length(_without(there, pieces)) for kind, pieces in taken.items()}
    most = max(COVERING, key=lambda kind: minutes[kind])
    if not minutes[most]:
        return Rest(turn.begin, turn.end)
    alone = next((kind for kind in COVERING if minutes[kind] and _length(there) - minutes[kind] < MIN_REST), None)
    left = _without(there, [piece for pieces in taken.values() for piece in pieces])
    if alone is not None or _length(left) < MIN_REST:
        return Rest(turn.begin, turn.begin, alone or most)
    return Rest(left[0][0], left[-1][1], most)


def _without(pieces: Sequence[tuple[int, int]], taken: Iterable[tuple[int, int]]) -> _Pieces:
    left = list(pieces)
    for begin, end in taken:
        left = [
            piece
            for first, last in left
            for piece in ((first, min(last, begin)), (max(first, end), last))
            if piece[0] < piece[1]
        ]
    return left


def _length(pieces: Iterable[tuple[int, int]]) -> int:
    return sum(end - begin for begin, end in pieces)
