"""Which stations a window awaits, and which records are not complete (docs/rules.md, section 3, Complete)."""

from bisect import bisect_left
from collections.abc import Sequence

from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.results import Awaited
from server_broker.settlement.times import Minute, begin_of, midnight, previous_month
from server_broker.settlement.units import Share, Unit

ALL_FOR = 7 * 24 * 60
"""Minutes after the end of a window: so long every station that counts is awaited."""


class Awaiting:
    """The stations that windows await, as the county knew it at one moment."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._known = knowledge

    def counting(self, share: Share) -> frozenset[str]:
        """Return the stations that count for a window."""
        return self._known.sites.counting(share.turn.window.village, share.values.place, share.turn.day)

    def own(self, share: Share) -> Sequence[str]:
        """Return the stations of the village of a window's roster."""
        return self._known.sites.own(share.turn.window.village)

    def stations(self, share: Share, unit: Unit) -> list[str]:
        """Return the stations that a window awaits."""
        counting, own = self.counting(share), self.own(share)
        awaited = set(counting) if self._all(unit) else {*own, *self._touched(share, unit, counting)}
        records = self._known.records
        return sorted(one for one in awaited if records[one].station.enrolled < unit.last_minute)

    def incomplete(self, stations: Sequence[str], last_minute: Minute) -> list[Awaited]:
        """Return the stations whose record does not reach a window's last minute."""
        records = (self._known.records[station] for station in stations)
        return [Awaited(record.station.id, record.last_told) for record in records if not record.complete(last_minute)]

    def _all(self, unit: Unit) -> bool:
        return self._known.at < begin_of(unit.whole_end + ALL_FOR)

    def _touched(self, share: Share, unit: Unit, counting: frozenset[str]) -> set[str]:
        touches, person = self._known.touches, share.turn.person
        first, end = midnight(previous_month(share.turn.day)), unit.last_minute
        found = {
            station
            for station, bracket in touches.may_have_touched(person)
            if bracket.first < end and first <= bracket.last
        }
        for station in touches.stations(person):
            minutes = touches.minutes(person, station)
            place = bisect_left(minutes, first)
            if place < len(minutes) and minutes[place] < end:
                found.add(station)
        return found & counting
