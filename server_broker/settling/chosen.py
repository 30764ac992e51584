"""What the regions set for one parameter of the rules, for whoever asks of many villages and dates."""

import datetime as dt
from collections import defaultdict

from server_broker.dated.days import begin_of
from server_broker.regions.models import region_chain
from server_broker.settling.models import ParameterRecord


class Chosen:
    """The values of a parameter, read once by one query."""

    def __init__(self, name: str) -> None:
        rows = ParameterRecord.objects.known().filter(subject__name=name).exclude(value=None)
        self._rows: dict[str, list[ParameterRecord]] = defaultdict(list)
        for row in rows.select_related("subject__region"):
            self._rows[row.subject.region.code].append(row)

    def on(self, code: str, day: dt.date) -> object:
        """Return what holds for a region on a date by its first moment; None: nobody sets it.

        The nearest region's value holds, unless the county locks its own.
        """
        chain = region_chain(code)
        found = {place: row for place in chain if (row := self._at(place, day)) is not None}
        county = found.get(chain[0])
        if county is not None and county.locked:
            return county.value
        return next((found[place].value for place in reversed(chain) if place in found), None)

    def _at(self, place: str, day: dt.date) -> ParameterRecord | None:
        at = begin_of(day)
        held = (row for row in self._rows.get(place, ()) if row.valid_from is None or row.valid_from <= at)
        return next((row for row in held if row.valid_to is None or at < row.valid_to), None)
