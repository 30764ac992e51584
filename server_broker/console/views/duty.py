"""谁该到岗: who is due on a date, in which window and why, and who is not; as known now or on an earlier day."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of
from server_broker.console import parameters
from server_broker.console.duty_lines import duty_lines
from server_broker.dated.days import end_of
from server_broker.regions.models import COUNTY_DIGITS, Region, subtree_prefix
from server_broker.workdays.days import workdays

DAYS_AHEAD = 400


@require_safe
@needs(Power.SEE_PEOPLE)
def duty(request: HttpRequest) -> HttpResponse:
    """Show who is due in a village or township on ``?date=``, as the county knew it at the end of ``?as_of=``."""
    today = timezone.localdate()
    day = parameters.day(request.GET, ahead=DAYS_AHEAD)
    as_of = parameters.day(request.GET, "as_of")
    known = None if as_of == today else end_of(as_of)
    places = [place for place in regions_of(request.user) if len(subtree_prefix(place.pk)) > COUNTY_DIGITS]
    asked = parameters.text(request.GET, "place", longest=12)
    place = next((one for one in places if one.pk == asked), places[0] if places else None)
    under = [] if place is None else _under(place, places)
    found = duty_lines(request.user, under, day, known)
    shown = {one.village.pk for one in found}
    calendar = workdays(day, day, known=known)[day]
    context = {
        "places": places,
        "place": place,
        "day": day,
        "today": today,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1),
        "as_of": as_of,
        "is_past": known is not None,
        "refused": parameters.day_refused(request.GET, ahead=DAYS_AHEAD)
        or parameters.day_refused(request.GET, "as_of"),
        "calendar": calendar,
        "found": found,
        "without": [one for one in under if one.pk not in shown and not one.ended],
        "due": sum(len(window.due) for one in found for window in one.windows),
    }
    return render(request, "console/duty.html", context)


def _under(place: Region, places: list[Region]) -> list[Region]:
    """Return the place and all that lies in it, the merged villages too: they had windows once."""
    prefix = subtree_prefix(place.pk)
    return [one for one in places if one.pk.startswith(prefix)]
