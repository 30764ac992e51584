"""What windows of people came to, as their months bring it to the kiosk: few words, and the same bytes all day.

Bad news, and what waits for something, is brought in the night after it was settled; all else that is not simply in
order on the 1st and the 16th, as ordinary touches are. What is in order is not named.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping

from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.months import MonthResult, MonthResults
from server_broker.duty.reading import these
from server_broker.requests.kinds import LEAVES
from server_broker.settlement.counting import NOT_FINAL
from server_broker.settling.kept import settled_of
from server_broker.settling.models import SettledWindow
from server_broker.settling.own import places_of
from server_broker.settling.windows import Settled
from server_broker.settling.words import SOMEWHERE, board_station, leave_words, reason_words

WORDS: Mapping[str, str] = {
    "迟": "late",
    "早": "early",
    "缺": "missing",
    "旷": "absent",
    "假": "leave",
    "出": "field_duty",
    "会": "meeting",
    "停": "down",
    "暂": "provisional",
    "未": "awaiting",
    "待": "to_review",
}
"""The protocol's words of the results that are brought in."""
_AT_ONCE = frozenset("迟早缺旷未待")
_MOST, _MOST_PLACES, _LONGEST_WHY, _LONGEST_PLACE = 200, 8, 160, 64
_LEAVES = {word: code for code, word in LEAVES.items()}
_DAY = dt.timedelta(days=1)


def own_results(
    people: Collection[int], first: dt.date, half: dt.datetime, night: dt.datetime
) -> dict[int, MonthResults]:
    """Return what windows of each of these people came to, in a fixed number of queries.

    Args:
        first: The first date that is looked at.
        half: All that is not in order before the date of this midnight is named.
        night: What had been settled by this midnight counts.
    """
    until = timezone.localdate(half)
    rows = SettledWindow.objects.known(night).filter(
        person=these(people), day__gte=first, day__lt=timezone.localdate(night)
    )
    settled_people = set(rows.order_by().values_list("person", flat=True).distinct())
    named = list(rows.filter(result__in=list(WORDS)).order_by("-day", "-start", "place"))
    named = [row for row in named if row.day < until or row.result in _AT_ONCE]
    settled = settled_of(named)
    places = places_of({board_station(one.station) for some in settled for one in some.awaited})
    found: dict[int, list[MonthResult]] = defaultdict(list)
    told: dict[int, dt.datetime] = dict.fromkeys(settled_people, half)
    for row, one in zip(named, settled, strict=True):
        told[one.person] = max(told[one.person], row.settled_at)
        found[one.person].append(_result(one, places))
    return {
        person: MonthResults(
            through=(until - _DAY).isoformat(), told=milliseconds(told[person]), results=found[person][:_MOST]
        )
        for person in settled_people
    }


def _result(one: Settled, places: Mapping[str, str]) -> MonthResult:
    result = one.result
    waits = sorted({places.get(board_station(thing.station), SOMEWHERE) for thing in one.awaited if thing.fact is None})
    return MonthResult(
        day=result.day.isoformat(),
        start=result.start,
        result=WORDS[result.result],
        late=result.late,
        early=result.early,
        kind=_LEAVES.get(leave_words(result.kind)) if result.kind else None,
        why=_why(one, places)[:_LONGEST_WHY],
        waits=[place[:_LONGEST_PLACE] for place in waits[:_MOST_PLACES]],
    )


def _why(one: Settled, places: Mapping[str, str]) -> str:
    """Return the reason; of what waits without how far records are, which changes with each fact of a station."""
    reason = reason_words(one.result.reason, one.awaited, places)
    if one.result.result not in NOT_FINAL:
        return reason
    marks, _, _ = reason.rpartition("；")
    return f"{marks}。" if marks else ""
