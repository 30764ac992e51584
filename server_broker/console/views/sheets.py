"""考勤表: how far each village's month is, the sheet of one, and how months are shown and closed."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.closing.changes import Between, Change, changed_since
from server_broker.closing.closing import close_month, closing_moment, open_words, show_month
from server_broker.closing.month import VillageMonth, month_of
from server_broker.closing.objections import Objections
from server_broker.closing.questions import Questions, questions_of, waiting_counts
from server_broker.closing.refused import MonthRefused
from server_broker.closing.slips import changed_after_closing
from server_broker.closing.standing import Standing, standings
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of
from server_broker.console.sheet_grid import awaited_lines, grid_of
from server_broker.console.sheet_words import (
    LEGEND,
    STATE_WORDS,
    change_lines,
    minute_of,
    state_word,
    why_not_closed,
    why_not_shown,
)
from server_broker.regions.models import COUNTY_DIGITS, Region, subtree_prefix
from server_broker.requests.ranks import Rank, rank_of
from server_broker.settlement.states import CLOSED, SHOWN, STATES
from server_broker.settlement.times import first_of_month, next_month, previous_month
from server_broker.settlement.times import month_of as month_of_day
from server_broker.settling.models import SettlingState

PAGE_SIZE = 100
MOST_AT_ONCE = 60
"""Villages of a township; each closing takes up to a second."""
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)
_CODE = re.compile(r"[0-9]{12}", re.ASCII)
_DAY = dt.timedelta(days=1)


@require_safe
@needs(Power.SEE_SHEETS)
def sheets(request: HttpRequest) -> HttpResponse:
    """List how far ``?month=`` is in the places of ``?place=`` that have windows, or those in one ``?state=``."""
    now = timezone.now()
    month = _asked_month(request, now)
    places = list(regions_of(request.user).filter(ended=False))
    asked = parameters.text(request.GET, "place", longest=12)
    place = next((one for one in places if one.pk == asked), places[0] if places else None)
    within = [] if place is None else [one for one in places if one.pk.startswith(subtree_prefix(place.pk))]
    there = _there(within, month, now)
    state = parameters.choice(request.GET, "state", ("", *STATES))
    counts = Counter(one.state for one in there)
    page = Paginator([_row(one) for one in there if state in ("", one.state)], PAGE_SIZE)
    may_step = may(request.user, Power.CLOSE_MONTHS) and place is not None and not _is_county(place)
    context = {
        "section": "sheets",
        "month": month,
        **_around(month, now),
        "place": place,
        "places": [one for one in places if len(subtree_prefix(one.pk)) < len(one.pk)],
        "state": state,
        "tabs": [(one, STATE_WORDS[one].word, counts[one]) for one in STATES],
        "total": len(there),
        "page": page.get_page(parameters.page_number(request.GET)),
        "to_show": [one.code for one in there if not why_not_shown(one)] if may_step else [],
        "to_close": [one.code for one in there if not why_not_closed(one, now)] if may_step else [],
    }
    return render(request, "console/sheets.html", context)


@require_safe
@needs(Power.SEE_SHEETS)
def sheet(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Show a village's month: people by dates, what is open, what was asked, what changed."""
    now = timezone.now()
    village = get_object_or_404(regions_of(request.user), pk=code)
    if first_of_month(month) > timezone.localdate(now):
        raise Http404
    shown = month_of(village.identity, month, now)
    changed = _changed(shown)
    # People object to what their village has of them: that is not for the village's own, whatever their role.
    may_see_requests = may(request.user, Power.SEE_REQUESTS) and rank_of(account_of(request)) != Rank.VILLAGE
    questions = None if shown.state == CLOSED else questions_of(village, month, objections=may_see_requests)
    seen = set(people_of(request.user).filter(pk__in=_about(shown, changed, questions)).values_list("pk", flat=True))
    may_step = may(request.user, Power.CLOSE_MONTHS) and shown.state != CLOSED
    context = {
        "section": "sheets",
        "village": village,
        "shown": shown,
        **_around(month, now),
        "state": state_word(shown.standing),
        "grid": grid_of(shown, seen),
        "legend": LEGEND,
        "elsewhere": ELSEWHERE,
        "open_words": open_words(shown.standing.open),
        "awaited": awaited_lines(shown),
        "changed": change_lines(changed, seen),
        "slip": change_lines(shown.slip, seen),
        "questions": questions,
        "seen": seen,
        "may_answer": may(request.user, Power.APPROVE_REQUESTS),
        "may_see_requests": may_see_requests,
        "may_show": may_step and (not why_not_shown(shown.standing) or (shown.state == SHOWN and bool(changed))),
        "may_close": may_step and not why_not_closed(shown.standing, now),
        "why_not": "" if shown.state == CLOSED else why_not_closed(shown.standing, now),
    }
    return render(request, "console/sheet.html", context)


@post_only("sheets")
@needs(Power.CLOSE_MONTHS)
def sheet_step(request: HttpRequest, month: str, step: str) -> HttpResponse:
    """Show or close a month of the places whose ``code`` is sent: it says what follows, and then it does so."""
    now = timezone.now()
    given = [code for code in request.POST.getlist("code")[:MOST_AT_ONCE] if _CODE.fullmatch(code)]
    villages = list(regions_of(request.user).filter(pk__in=given))
    if not villages or len(villages) < len(set(given)):
        raise Http404
    if request.POST.get("confirmed") == "yes":
        _do(request, villages, month, step, now)
        if len(villages) == 1:
            return redirect("sheet", villages[0].pk, month)
        return redirect(f"{reverse('sheets')}?month={month}&place={request.POST.get('place', '')[:12]}")
    looked = [(one, _why_not(one, step, now, alone=len(villages) == 1)) for one in standings(villages, month, now)]
    asked = waiting_counts(villages, month)
    objections = Objections(villages)
    context = {
        "section": "sheets",
        "first": first_of_month(month),
        "month": month,
        "step": step,
        "ready": [(one, objections.until(one.village, now), asked[one.code]) for one, why in looked if not why],
        "others": [(one, why) for one, why in looked if why],
        "place": request.POST.get("place", "")[:12],
    }
    return render(request, "console/sheet_step.html", context)


def _there(places: list[Region], month: str, now: dt.datetime) -> list[Standing]:
    """Return the places that have a sheet: for their windows, or for what changed of months before."""
    found = standings(places, month, now)
    late = changed_after_closing([one.village for one in found if not one.has_windows], month)
    return [one for one in found if one.has_windows or one.shown_at or one.village in late]


def _about(shown: VillageMonth, changed: Iterable[Change], questions: Questions | None) -> set[int]:
    """Return whom the page is about."""
    people = {one.person for one in shown.people} | {one.person for one in shown.residents}
    people |= {one.person for one in (*shown.slip, *changed)}
    if questions is None:
        return people
    asked = [*(one.person for one in questions.in_county), *(one.person for one in questions.at_stations)]
    return people | {one.pk for one in asked if one is not None}


def _do(request: HttpRequest, villages: list[Region], month: str, step: str, now: dt.datetime) -> None:
    """Show or close each, and say what came of it."""
    done, refused = [], []
    for village in villages:
        try:
            if step == "show":
                show_month(village, month, by=account_of(request), now=now)
            else:
                close_month(village, month, by=account_of(request), known=closing_moment(now))
        except MonthRefused as refusal:
            refused.append(f"{village.name}：{refusal}")
        else:
            done.append(village.name)
    word = "公示" if step == "show" else "定稿"
    if done:
        messages.success(request, f"已{word} {len(done)} 个：{'、'.join(done)}。")
    for why in refused:
        messages.error(request, f"没有{word}。{why}。")


def _why_not(standing: Standing, step: str, now: dt.datetime, *, alone: bool) -> str:
    if step != "show":
        return why_not_closed(standing, now)
    why = why_not_shown(standing)
    # One that changed since it was shown may be shown again, by its own page alone.
    return "" if alone and standing.state == SHOWN and _changes(standing) else why


def _changed(shown: VillageMonth) -> list[Change]:
    return [] if shown.state == CLOSED else _changes(shown.standing)


def _changes(standing: Standing) -> list[Change]:
    if standing.shown_at is None:
        return []
    first = first_of_month(standing.month)
    return changed_since(Between(standing.village, first, next_month(first) - _DAY, standing.shown_at))


def _row(standing: Standing) -> Mapping[str, object]:
    since = standing.awaited_since
    return {
        "standing": standing,
        "state": state_word(standing),
        "open": open_words(standing.open),
        "since": None if since is None else minute_of(since),
    }


def _asked_month(request: HttpRequest, now: dt.datetime) -> str:
    """Return the month that is asked for; else the last one that has ended, because that is to be closed."""
    today = timezone.localdate(now)
    asked = request.GET.get("month", "")
    if _MONTH.fullmatch(asked) and first_of_month(asked) <= today:
        return asked
    return month_of_day(previous_month(today))


def _around(month: str, now: dt.datetime) -> dict[str, object]:
    """Return the month, and those before and after it that are settled."""
    first, today = first_of_month(month), timezone.localdate(now)
    state = SettlingState.objects.first()
    since = today if state is None else state.since
    before, after = previous_month(first), next_month(first)
    return {
        "first": first,
        "before": month_of_day(before) if next_month(before) > since else "",
        "after": month_of_day(after) if after <= today else "",
    }


def _is_county(place: Region) -> bool:
    return len(subtree_prefix(place.pk)) == COUNTY_DIGITS
