"""What a person's windows came to, on their telephone: the months before, and why one window came to its result."""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.closing.county_months import closed_at
from server_broker.people.models import Person
from server_broker.public.middleware import present_session
from server_broker.public.month import asked_lately
from server_broker.settling.models import SettledWindow
from server_broker.settling.why import Why, why_of
from server_broker.today.own_sheet import own_months, own_sheet


@require_safe
def past_month(request: HttpRequest, month: str) -> HttpResponse:
    """Show what the person's windows of a month came to, or lead to the sign-in."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    now = timezone.now()
    months = own_months(session.person, now)
    if month not in {f"{one:%Y-%m}" for one in months}:
        raise Http404
    context = {"person": session.person, "sheet": own_sheet(session.person, month, now), "months": months}
    return render(request, "public/past_month.html", context)


@require_safe
def own_window(request: HttpRequest, day: str, start: str) -> HttpResponse:
    """Show why the person's windows of a date and start came to their results, and what was asked about them."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    rows, now = _rows(session.person, day, int(start)), timezone.now()
    whys = [why_of(row, viewer=None) for row in rows]
    context = {
        "person": session.person,
        "day": rows[0].day,
        "whys": [(why, _turn(why), closed_at(why.row.village_id, why.row.day)) for why in whys],
        "requests": [one for one in asked_lately(session.person, now) if one.day == rows[0].day],
        "is_past": rows[0].day < timezone.localdate(now).replace(day=1),
    }
    return render(request, "public/own_window.html", context)


def _rows(person: Person, day: str, start: int) -> list[SettledWindow]:
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    found = SettledWindow.objects.current().filter(person=person, day=date, start=start).order_by("village", "place")
    if not found:
        raise Http404
    return list(found)


def _turn(why: Why) -> str:
    """Return the value by which a request form has the window chosen; empty: the window is on no roster any more."""
    return "" if why.window is None else f"{why.window.pk}:{why.row.day}"
