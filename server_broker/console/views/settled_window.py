"""Why one window of somebody came to its result: the page that every cell of a sheet leads to."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import in_scope, regions_of
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.audit.log import Detail, record
from server_broker.closing.county_months import closed_at
from server_broker.console.downloads import attached
from server_broker.console.queries import settled_windows_of, stations_of
from server_broker.console.settled_words import result_word
from server_broker.people.models import Person
from server_broker.settling.case_file import case_of
from server_broker.settling.models import SettledWindow
from server_broker.settling.why import Why, why_of

_TOML = "application/toml; charset=utf-8"


@require_safe
@needs(Power.SEE_SHEETS)
def settled_window(request: HttpRequest, code: str, person: str, day: str, start: str) -> HttpResponse:
    """Show what a window came to, on what that rests, what is awaited and what it was before."""
    rows = _rows(request, code, person, day, start)
    whys = [why_of(row, viewer=request.user) for row in rows]
    found = Person.objects.select_related("village").get(pk=rows[0].person_id)
    seen = in_scope(request.user, found.village_id)
    context = {
        "section": "sheets",
        "person": found,
        "name": found.name if seen else ELSEWHERE,
        "sees_person": seen,
        "village": get_object_or_404(regions_of(request.user), pk=code),
        "day": rows[0].day,
        "month": f"{rows[0].day:%Y-%m}",
        "whys": [_shown(request, why, found if seen else None) for why in whys],
        "stations": set(stations_of(request.user).values_list("pk", flat=True)),
    }
    return render(request, "console/settled_window.html", context)


@require_safe
@needs(Power.SEE_SHEETS)
def settled_window_case(request: HttpRequest, code: str, person: str, day: str, start: str) -> HttpResponse:
    """Hand out what a window rests on as a named case, so that it can be reckoned anew elsewhere.

    Of several windows that start at the same minute it is the one of ``?place=``.
    """
    rows = _rows(request, code, person, day, start)
    place = request.GET.get("place") or str(rows[0].place)
    row = next((one for one in rows if str(one.place) == place), None)
    if row is None:
        raise Http404
    content = case_of(row, viewer=request.user)
    # Recorded although the file names nobody: with the county's own lists beside it somebody could tell who it is.
    taken: Detail = {"person": person, "day": day, "start": start, "place": row.place}
    record(request.user.get_username(), "window.case_taken", code, taken)
    name = f"window-{day}-{row.start // 60:02}{row.start % 60:02}.toml"
    return attached(content, name, _TOML)


def _rows(request: HttpRequest, code: str, person: str, day: str, start: str) -> Sequence[SettledWindow]:
    """Return the results that stand of a window; of one that is on no roster any more the last that stood.

    Raises:
        Http404: There is none, or the viewer does not see its village.
    """
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    found = settled_windows_of(request.user).filter(village__code=code, person=int(person), day=date, start=int(start))
    rows = list(found.current().order_by("place"))
    if not rows:
        last = found.order_by("-superseded_at").first()
        if last is None:
            raise Http404
        rows = [last]
    return rows


def _shown(request: HttpRequest, why: Why, person: Person | None) -> dict[str, Any]:
    return {
        "why": why,
        "word": result_word(why.row),
        "correction": _correction(request, why, person),
        "may_answer": may(request.user, Power.REVIEW_HELD),
    }


def _correction(request: HttpRequest, why: Why, person: Person | None) -> str:
    """Return where the viewer writes down a correction for the person; empty: not here."""
    if person is None or person.left or why.window is None or not may(request.user, Power.ENTER_REQUESTS):
        return ""
    if not why.row.result or closed_at(why.row.village_id, why.row.day) is not None:
        return ""
    chosen = {"person": person.number, "kind": "correction", "turn": f"{why.window.pk}:{why.row.day}"}
    return f"{reverse('affair-new')}?{urlencode(chosen)}"
