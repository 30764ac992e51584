"""What a change of somebody's posts or registration does to their duty, said before it is confirmed.

It is said and not refused, because posts stand below rosters: on such a date one of two windows is off, and the
township looks at it (docs/rules.md, 1.1).
"""

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from server_broker.accounts.scope import Viewer, scope
from server_broker.duty.due import Turn
from server_broker.duty.overlaps import Overlap, overlap_words, overlaps_between
from server_broker.duty.reading import Asked, turns_of
from server_broker.regions.models import subtree_prefix

LOOK_AHEAD = dt.timedelta(days=62)
MOST_TOLD = 10


class DutyBeside:
    """Looks at one person's duty before and after a change."""

    def __init__(self, viewer: Viewer, person: int) -> None:
        own = scope(viewer)
        self._prefix = "none" if own is None else subtree_prefix(own)
        self._person = person
        self._overlaps: set[Overlap] = set()
        self._dropped: list[Turn] = []

    def watching(self, change: Callable[[str], object]) -> Callable[[str], None]:
        """Return the change, which is looked at when it is made."""

        def watched(reason: str) -> None:
            first = timezone.localdate()
            last = first + LOOK_AHEAD
            before = overlaps_between([self._person], first, last)
            change(reason)
            self._overlaps = overlaps_between([self._person], first, last) - before
            turns = turns_of([self._person], Asked(first, last))
            self._dropped = [turn for turn in turns if turn.is_dropped]

        return watched

    def notes(self) -> list[str]:
        """Return a sentence for each date on which two windows meet, or a window that was taken over is nobody's."""
        told = list(overlap_words(sorted(self._overlaps), prefix=self._prefix).values())
        told += [f"{turn.day} 换来的值班“{turn.window.name}”没有人值，请在“排班”里另排人" for turn in self._dropped]
        more = [f"另有 {len(told) - MOST_TOLD} 处没有列出，确认以后请看“谁该到岗”"] if len(told) > MOST_TOLD else []
        return [*told[:MOST_TOLD], *more]
