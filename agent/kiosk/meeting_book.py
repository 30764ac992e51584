"""Know which meetings are announced here, and keep in memory only those that are near.

A bundle names everybody who is expected at each meeting of five weeks. Of most meetings the screens need one line.
"""

import logging

from msgspec import Struct

from agent.kiosk.county_lists import OfferedBundles
from agent.shelf.state import HeldBundle
from agent.timekeeping.clock import StationClock
from protocol.bundle_contents import read_content
from protocol.kiosk_meetings import MeetingLine
from protocol.meetings import SIGN_IN_BEFORE_MS, Meeting, Meetings
from protocol.refusal import Refused
from protocol.units import PersonId

log = logging.getLogger(__name__)

AFTER_MS = 3 * 3_600_000
"""So long after the end a meeting's chair may still enter votes, and everybody sees who had come."""
AHEAD_MS = 7 * 24 * 3_600_000
"""Home announces what begins within this time."""
PERHAPS_MS = 24 * 3_600_000
"""While the time is not known, it is at least the clock's. A meeting that begins within this time of it may be near."""


class _Known(Struct):
    sha256: bytes
    lines: list[MeetingLine]
    near: dict[str, Meeting]


class MeetingBook:
    """Reads the county's bundle. Used on the core thread only."""

    def __init__(self, clock: StationClock) -> None:
        self._clock = clock
        self._offered: OfferedBundles | None = None
        self._known = _Known(b"", [], {})

    def furnish(self, offered: OfferedBundles) -> None:
        """Take what the county offers. Before that no meeting is known."""
        self._offered = offered

    def near(self) -> list[Meeting]:
        """Return the meetings of this station at which a touch may count now, or whose outcome may be entered."""
        self._look()
        return list(self._known.near.values())

    def find(self, meeting: str) -> Meeting | None:
        """Return a meeting that is near."""
        self._look()
        return self._known.near.get(meeting)

    def announced(self) -> list[MeetingLine]:
        """Return in one line each what is near, and what begins within a week, by begin."""
        self._look()
        now = self._clock.now().wall
        return [one for one in self._known.lines if one.id in self._known.near or self._is_to_come(one, now)]

    def next_of(self, person: PersonId) -> MeetingLine | None:
        """Return the next meeting at which a person is expected; none if it is near already, or not within a week.

        The bundle is read for it, because of meetings that are not near nobody's name is in memory.
        """
        to_come = {one.id: one for one in self.announced() if one.id not in self._known.near and not one.cancelled}
        meetings = self._read() if to_come else []
        theirs = (one.id for one in meetings if any(of.person == person for of in one.expected))
        return min((to_come[one] for one in theirs if one in to_come), key=lambda one: one.begin, default=None)

    def _read(self) -> list[Meeting]:
        """Return the meetings of the newest bundle; none if it can't be read."""
        newest = self._newest()
        try:
            read = read_content(self._offered.read(newest)) if self._offered and newest else None
        except (Refused, OSError) as error:
            log.warning("the meetings can't be read: %s", error)
            read = None
        return read.meetings if isinstance(read, Meetings) else []

    def _newest(self) -> HeldBundle | None:
        offered = self._offered.bundles("meetings") if self._offered else ()
        return max(offered, key=lambda one: one.version, default=None)

    def _is_to_come(self, one: MeetingLine, now: int) -> bool:
        # Without the time nothing can be said of what is to come.
        return self._clock.dated and now < one.end and one.begin < now + AHEAD_MS

    def _look(self) -> None:
        """Read the bundle again if it is another now, or if a meeting has come near."""
        newest = self._newest()
        if newest is None:
            self._known = _Known(b"", [], {})
            return
        known = self._known
        if known.sha256 == newest.sha256:
            near = {one.id for one in known.lines if self._is_near(one)}
            if near == known.near.keys():
                return
            if near < known.near.keys():
                known.near = {name: one for name, one in known.near.items() if name in near}
                return
        meetings = self._read()
        lines = sorted((_line(one) for one in meetings), key=lambda one: (one.begin, one.id))
        near = {one.id for one in lines if self._is_near(one)}
        self._known = _Known(newest.sha256, lines, {one.id: one for one in meetings if one.id in near})

    def _is_near(self, one: MeetingLine) -> bool:
        if not one.here or one.cancelled:
            return False
        now = self._clock.now().wall
        before = SIGN_IN_BEFORE_MS if self._clock.dated else PERHAPS_MS
        return one.begin - before <= now < one.end + AFTER_MS


def _line(meeting: Meeting) -> MeetingLine:
    return MeetingLine(
        id=meeting.id,
        title=meeting.title,
        kind=meeting.kind,
        of=meeting.of,
        place=meeting.place,
        begin=meeting.begin,
        end=meeting.end,
        here=meeting.here,
        cancelled=meeting.cancelled,
    )
