"""A county's seeded days: what officers record and people ask for, by the product's own functions.

Import it after `django.setup`.
"""

import datetime as dt
from collections import Counter

from server_broker.attendance.leaving import LeavingRefused
from server_broker.attendance.region_changes import RegionRefused
from server_broker.duty.overlaps import WindowRefused
from server_broker.meetings.refused import MeetingRefused
from server_broker.people.cards import BindRefused
from server_broker.people.changes import PersonRefused
from server_broker.people.posts import PostRefused
from server_broker.requests.refused import RequestRefused
from server_broker.sheets.importing import ImportRefused
from server_broker.workdays.county_table import DayRefused
from server_broker.workdays.notices import NoticeRefused
from tests.proofs.dated import edits_cards, edits_meetings, edits_people, edits_requests, edits_rosters
from tests.proofs.dated.county import County

REFUSALS = (
    BindRefused,
    PersonRefused,
    PostRefused,
    WindowRefused,
    LeavingRefused,
    RegionRefused,
    RequestRefused,
    DayRefused,
    NoticeRefused,
    MeetingRefused,
    ImportRefused,
)
_ROOMS = (edits_people, edits_rosters, edits_requests, edits_meetings)
_KINDS = (
    *edits_cards.EDITS * 4,
    *(edits_cards.replace, edits_cards.replace),
    *(edit for room in _ROOMS for edit in (*room.OFTEN * 3, *room.SOMETIMES * 2, *room.SELDOM)),
)


class Officers:
    """Record what happens; what the product refuses is counted and changes nothing."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def day(self, day: dt.date, edits: int) -> None:
        """Record a day's edits."""
        for _ in range(edits):
            edit = self.county.draw.choice(_KINDS)
            word = f"{edit.__module__.rpartition('_')[2]}.{edit.__name__}"
            try:
                edit(self.county, day)
            except REFUSALS:
                self.refused[word] += 1
            else:
                self.done[word] += 1
