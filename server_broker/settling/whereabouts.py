"""Which villages something concerns: those of a township, of a region, of the people of a card, of everybody."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property

from django.db.models import F

from server_broker.attendance.models import RosterDay, StationPlace, SwapRecord, WindowRecord
from server_broker.duty.reading import naming, these
from server_broker.people.models import Binding, HoldingRecord, PersonRecord
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, subtree_prefix
from server_broker.settling.models import ParameterRecord, StandIn


class Whereabouts:
    """The villages with windows, as they are now, and the stations that count for them.

    What is asked of is loaded when it is asked first, and once for many marks.

    Args:
        since: Of single dates and swaps of somebody those are looked at that begin from then on.
    """

    def __init__(self, since: dt.datetime) -> None:
        self._since = since
        self._people: dict[int, set[int]] = {}

    @cached_property
    def _codes(self) -> dict[int, str]:
        """The codes of the villages that have windows."""
        rows = WindowRecord.objects.known().filter(ended=False)
        return dict(Region.objects.filter(identity__in=rows.values("village")).values_list("identity", "code"))

    @cached_property
    def _of_station(self) -> dict[str, set[int]]:
        """Where each station stands, or will."""
        found: dict[str, set[int]] = defaultdict(set)
        for station, village in StationPlace.objects.known().values_list("subject", "village__identity"):
            found[station].add(village)
        return found

    @cached_property
    def _stands_in(self) -> dict[str, set[int]]:
        """For which villages each station stands in, or will."""
        found: dict[str, set[int]] = defaultdict(set)
        named = StandIn.objects.known().exclude(station=None).values_list("subject__identity", "station")
        for village, station in named:
            if station is not None:
                found[station].add(village)
        return found

    @cached_property
    def _townships(self) -> dict[int, str]:
        """The first digits of the codes of the villages where stations stand, which name their townships."""
        places = {village for villages in self._of_station.values() for village in villages}
        codes = Region.objects.filter(identity__in=places).values_list("identity", "code")
        return {village: code[:TOWNSHIP_DIGITS] for village, code in codes}

    @cached_property
    def _of_township(self) -> dict[str, set[int]]:
        """The villages with windows, by the first digits of their codes."""
        found: dict[str, set[int]] = defaultdict(set)
        for village, code in self._codes.items():
            found[code[:TOWNSHIP_DIGITS]].add(village)
        return found

    @cached_property
    def _open_to_all(self) -> set[int]:
        """The villages for which touches of the whole county count, or did or will on some date (rules, 2.6)."""
        said = ParameterRecord.objects.known().filter(subject__name="place", value="county")
        codes = Region.objects.filter(identity__in=said.values("subject__region")).values_list("code", flat=True)
        prefixes = tuple(subtree_prefix(code) for code in codes)
        return {village for village, own in self._codes.items() if own.startswith(prefixes)}

    @property
    def everybody(self) -> set[int]:
        """All villages with windows."""
        return set(self._codes)

    def under(self, region: int) -> set[int]:
        """Return the villages in a region."""
        code = Region.objects.filter(identity=region).values_list("code", flat=True).first()
        prefix = subtree_prefix(code) if code else ""
        return {village for village, own in self._codes.items() if prefix and own.startswith(prefix)}

    def own(self, station: str) -> set[int]:
        """Return the villages whose own station it is in every rule."""
        return (self._of_station[station] | self._stands_in[station]) & self._codes.keys()

    def around(self, station: str) -> set[int]:
        """Return the villages for whose windows a touch at a station may count."""
        townships = {self._townships[village] for village in self._of_station[station]}
        near = self.own(station).union(*(self._of_township[township] for township in townships))
        return near | self._open_to_all

    def people_in(self, villages: Collection[int]) -> set[int]:
        """Return who has windows in these villages: by name, by post, on single dates or by a swap; four queries."""
        rows = WindowRecord.objects.known().filter(village__identity__in=villages)
        windows = set(rows.values_list("subject", flat=True))
        dates = RosterDay.objects.known().filter(subject=these(windows), valid_from__gte=self._since)
        crews = [*rows.values_list("people", "posts"), *dates.values_list("people", "posts")]
        posts = {post for _, for_posts in crews for post in for_posts}
        held = HoldingRecord.objects.known().filter(subject__post=these(posts))
        swaps = SwapRecord.objects.known().filter(subject__window=these(windows), valid_from__gte=self._since)
        return (
            {person for named, _ in crews for person in named}
            | set(held.values_list("subject__person", flat=True))
            | set(swaps.values_list("subject__taker", flat=True))
        )

    def of_people(self, people: Collection[int]) -> set[int]:
        """Return the villages of all windows of these people, in five queries for any number of them."""
        missing = set(people) - set(self._people)
        if missing:
            self._people |= _villages_of(missing, self._since)
        return {village for person in people for village in self._people[person]}


def _villages_of(people: set[int], since: dt.datetime) -> dict[int, set[int]]:
    """Return in which villages each of these people has windows: by name, by post, on single dates or by a swap."""
    posts: dict[int, set[int]] = defaultdict(set)
    held = HoldingRecord.objects.known().filter(subject__person=these(people))
    for person, post in held.values_list("subject__person", "subject__post"):
        posts[post].add(person)
    theirs = naming(people, posts)
    crews = [
        *WindowRecord.objects.known().filter(theirs).values_list("subject", "people", "posts"),
        *RosterDay.objects.known().filter(theirs, valid_from__gte=since).values_list("subject", "people", "posts"),
    ]
    found: dict[int, set[int]] = {person: set() for person in people}
    for window, named, for_posts in crews:
        for person in (people & set(named)).union(*(posts.get(post, ()) for post in for_posts)):
            found[person].add(window)
    swaps = SwapRecord.objects.known().filter(subject__taker=these(people), valid_from__gte=since)
    for window, taker in swaps.values_list("subject__window", "subject__taker"):
        found[taker].add(window)
    villages: dict[int, set[int]] = defaultdict(set)
    windows = WindowRecord.objects.known().filter(subject=these({one for some in found.values() for one in some}))
    for window, village in windows.values_list("subject", "village__identity"):
        villages[window].add(village)
    return {person: {village for one in some for village in villages[one]} for person, some in found.items()}


def holders_of(cards: Iterable[bytes], numbers: Iterable[str]) -> tuple[dict[bytes, set[int]], dict[str, set[int]]]:
    """Return everybody who has or had these cards and numbers, by any row that stands; two queries."""
    of_card: dict[bytes, set[int]] = defaultdict(set)
    rows = Binding.objects.known().filter(subject__token__in=set(cards)).exclude(person=None)
    for token, person in rows.annotate(token=F("subject__token")).values_list("token", "person"):
        of_card[bytes(token)].add(person)
    of_number: dict[str, set[int]] = defaultdict(set)
    wanted = set(numbers) - {""}
    if wanted:
        for number, person in PersonRecord.objects.known().filter(number__in=wanted).values_list("number", "subject"):
            of_number[number].add(person)
    return of_card, of_number
