"""Charts of 考勤: a village's month as a calendar, and how many windows were in time over a year, by place."""

import datetime as dt
from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of
from server_broker.console import parameters
from server_broker.console.queries import people_of
from server_broker.console.sheet_words import STATE_WORDS
from server_broker.console.views.rosters import asked_month, month_after
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, Region, subtree_prefix
from server_broker.settlement.times import first_of_month
from server_broker.timesheets.charts import Line, by_month, counts_of, line, village_calendar
from server_broker.timesheets.person_sheet import entries_of, person_calendar, sums_of
from server_broker.timesheets.workbooks import months_with

MONTHS = 12
_CODE_DIGITS = 12
_FIRST = dt.date(2000, 1, 1)
"""The first month that has an address."""


@require_safe
@needs(Power.SEE_SHEETS)
def sheet_charts(request: HttpRequest) -> HttpResponse:
    """Draw the last twelve months of what lies in ``?place=``, and of a village ``?month=`` as a calendar."""
    month = min(asked_month(request.GET.get("month", "")), timezone.localdate().replace(day=1))
    places = list(regions_of(request.user).filter(ended=False).order_by("pk"))
    asked = parameters.text(request.GET, "place", longest=12)
    place = next((one for one in places if one.pk == asked), places[0] if places else None)
    months = [f"{month_after(month, number):%Y-%m}" for number in range(1 - MONTHS, 1)]
    is_village = place is not None and len(subtree_prefix(place.pk)) == _CODE_DIGITS
    counts = counts_of(place.identity, months[-1]) if is_village and place is not None else {}
    context = {
        "section": "sheets",
        "first": month,
        "month": months[-1],
        "before": month_after(month, -1),
        "after": month_after(month) if month_after(month) <= timezone.localdate() else None,
        "places": places,
        "place": place,
        "is_village": is_village,
        "calendar": village_calendar(months[-1], counts) if counts else None,
        "months": [first_of_month(one) for one in months],
        "lines": [] if place is None else _lines(place, places, months),
    }
    return render(request, "console/sheet_charts.html", context)


def _lines(place: Region, places: Sequence[Region], months: Sequence[str]) -> list[Line]:
    """Return a line for each township of a county, or for each village of a township, in the order of codes."""
    prefix = subtree_prefix(place.pk)
    digits = TOWNSHIP_DIGITS if len(prefix) == COUNTY_DIGITS else _CODE_DIGITS
    within = [one for one in places if one.pk.startswith(prefix)]
    counts = by_month([one.identity for one in within], months, digits=digits)
    names = {one.pk[:digits]: one.name for one in reversed(within)}
    return [line(code, names.get(code, code), months, counts[code]) for code in sorted(counts)]


@require_safe
@needs(Power.SEE_SHEETS)
def person_month(request: HttpRequest, pk: str, month: str) -> HttpResponse:
    """Show a person's month as a calendar and window by window, as it is printed and signed."""
    first = first_of_month(month)
    if first > timezone.localdate():
        raise Http404
    person = get_object_or_404(people_of(request.user), pk=pk)
    months = months_with(person.pk, regions_of(request.user), month, timezone.now())
    entries = entries_of(months)
    after = month_after(first)
    context = {
        "section": "sheets",
        "person": person,
        "first": first,
        "month": month,
        "before": f"{month_after(first, -1):%Y-%m}" if first > _FIRST else "",
        "after": f"{after:%Y-%m}" if after <= timezone.localdate() else "",
        "villages": [(village, STATE_WORDS[village.state]) for village, _ in months],
        "entries": entries,
        "calendar": person_calendar(month, entries) if entries else None,
        "sums": sums_of(entries),
    }
    return render(request, "console/person_month.html", context)
