"""What stop notices leave of a window (docs/rules.md, 1.4)."""

from collections.abc import Iterable, Sequence

from server_broker.settlement.due import Turn
from server_broker.settlement.pieces import Piece, length, without
from server_broker.settlement.places import Places
from server_broker.settlement.times import Moment
from server_broker.settlement.values import Notice


class Notices:
    """The notices that the county knew at one moment."""

    def __init__(self, notices: Iterable[Notice], places: Places, at: Moment) -> None:
        self._notices = [one for one in notices if one.known <= at and one.begin < one.end]
        self._places = places

    def left(self, turn: Turn, min_rest: int) -> Sequence[Piece]:
        """Return what is left of a window; nothing if it is less than ``min_rest`` minutes."""
        whole = [(turn.start, turn.end)]
        taking = [
            (one.begin, one.end)
            for one in self._notices
            if one.begin < turn.end
            and turn.start < one.end
            and self._places.contains(one.scope, turn.window.village, turn.day)
        ]
        if not taking:
            return whole
        left = without(whole, taking)
        return left if length(left) >= max(min_rest, 1) else []
