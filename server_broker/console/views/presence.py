"""今日在岗: who is here by now, by township, village and person. It settles nothing."""

import datetime as dt
from collections import Counter
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of
from server_broker.console import parameters
from server_broker.console.polling import live_page
from server_broker.console.presence_lines import STATE_SIGNS, person_rows, place_rows
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, Region, subtree_prefix
from server_broker.today.reading import today
from server_broker.today.values import STATES, State

DAYS_AHEAD = 35
MOST_ROWS = 300
_VILLAGE_DIGITS = 12


@require_safe
@needs(Power.SEE_PEOPLE)
def presence(request: HttpRequest) -> HttpResponse:
    """Show who is here in ``?place=`` on ``?date=``, or the people in one ``?state=``. A poll gets the live part."""
    now = timezone.now()
    this_day, day = timezone.localdate(now), parameters.day(request.GET, ahead=DAYS_AHEAD)
    places = list(regions_of(request.user).filter(ended=False))
    asked = parameters.text(request.GET, "place", longest=12)
    place = next((one for one in places if one.pk == asked), places[0] if places else None)
    villages = [] if place is None else _villages(place, places)
    days = today(villages, day, now)
    counts = Counter(line.state for one in days for line in one.lines)
    given = parameters.choice(request.GET, "state", ("all", *STATES))
    state = None if given == "all" else cast("State", given)
    by_person = state is not None or place is None or _digits(place) == _VILLAGE_DIGITS
    rows = person_rows(request.user, days, day, state, most=MOST_ROWS) if by_person else []
    listed = sum(counts.values()) if state is None else counts[state]
    digits = TOWNSHIP_DIGITS if place is not None and _digits(place) == COUNTY_DIGITS else _VILLAGE_DIGITS
    context = {
        "place": place,
        "places": places,
        "above": _above(place, places),
        "day": day,
        "is_today": day == this_day,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1),
        "refused": parameters.day_refused(request.GET, ahead=DAYS_AHEAD),
        "state": given,
        "tabs": [("all", "全部", sum(counts.values())), *((s, STATE_SIGNS[s].word, counts[s]) for s in STATES)],
        "counts": counts,
        "here": counts["here"] + counts["left"],
        "due": sum(counts.values()) - counts["off"],
        "by_person": by_person,
        "with_village": place is not None and _digits(place) < _VILLAGE_DIGITS,
        "people": rows,
        "left_out": max(0, listed - MOST_ROWS),
        "rows": [] if by_person else place_rows(days, places, digits),
        # The county's page takes a second to make. With that it still shows a touch within 10 s.
        "every": 8 if place is not None and _digits(place) == COUNTY_DIGITS else 5,
        "dark": sum(1 for one in days for station in one.stations if station.cause not in (None, "waits")),
    }
    return live_page(request, "presence", context)


def _digits(place: Region) -> int:
    return len(subtree_prefix(place.code))


def _villages(place: Region, places: list[Region]) -> list[Region]:
    """Return the place and all that lies in it: a township's own people may have windows on its own roster."""
    prefix = subtree_prefix(place.code)
    return [one for one in places if one.code.startswith(prefix)]


def _above(place: Region | None, places: list[Region]) -> list[Region]:
    """Return the regions around a place that the viewer sees, the largest first."""
    if place is None:
        return []
    return [one for one in places if one != place and place.code.startswith(subtree_prefix(one.code))]
