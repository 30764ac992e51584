"""待办: what people ask for and who decides it, with clocks; one request; who decides while an officer is away."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from protocol.plain_text import one_line
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import in_scope
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.closing.county_months import CountyMonths
from server_broker.console import parameters
from server_broker.console.affair_words import how_long
from server_broker.console.deciding import InputRefused, asked_day
from server_broker.console.post_only import post_only
from server_broker.console.queries import approvers_under, open_objections_of, people_of, surplus_of
from server_broker.console.reasons import ReasonField
from server_broker.console.swap_rows import dropped_swaps
from server_broker.regions.models import subtree_prefix
from server_broker.requests.cases import (
    PARTNER,
    Case,
    case_of,
    cases_here,
    cases_of_stations,
    of_county,
    shown_of_stations,
)
from server_broker.requests.deciding import decide_case, prospect
from server_broker.requests.deputies import DeputyRefused, end_deputy, name_deputy
from server_broker.requests.exhibits import touches_nearby
from server_broker.requests.kinds import CORRECTION, OBJECTION, SWAP
from server_broker.requests.models import CountyRequest, Deputy, Exhibit, Outcome, Request
from server_broker.requests.ranks import Rank, kinds_for, powers_of, regions_decided_by
from server_broker.requests.refused import RequestRefused
from server_broker.requests.undoing import ABOUT_RESULTS, undone_of, undone_of_approver, why_not_undo
from server_broker.requests.waiting import Waiting, is_stale_swap
from server_broker.requests.withdrawing import agree, may_withdraw, sees_other, withdraw

PAGE_SIZE = 50
STATES = ("mine", "others", "done")
_WORDS = ("等我定", "等别人定", "已有结果")
_SEEN, _UNDONE = dt.timedelta(days=100), dt.timedelta(days=14)


@require_safe
@needs(Power.APPROVE_REQUESTS)
def affairs(request: HttpRequest) -> HttpResponse:
    """List what waits for the viewer, the oldest first; what waits for others, and what is done, stand beside."""
    user, now = account_of(request), timezone.now()
    state = parameters.choice(request.GET, "state", STATES)
    kinds = kinds_for(_highest(user, now))
    kind = parameters.choice(request.GET, "kind", ("", *kinds))
    waiting = Waiting(user, now)
    found = {
        "mine": (waiting.here(), waiting.at_stations()),
        "others": (waiting.here_for_others(), waiting.at_stations_for_others()),
        "done": (waiting.done_here(now - _SEEN), waiting.done_at_stations(now - _SEEN)),
    }
    counts = {name: here.count() + there.count() for name, (here, there) in found.items()}
    here, there = found[state]
    if kind:
        here, there = here.filter(kind=kind), there.filter(kind=kind)
    by_age = _by_age(here, there).order_by("-at" if state == "done" else "at", "origin", "key")
    page = parameters.page_of(request, by_age, size=PAGE_SIZE, count=None if kind else counts[state])
    cases = _cases(page.object_list)
    context = {
        "section": "affairs",
        "page": page,
        "rows": [_row(case, now) for case in cases],
        "tabs": [(name, word, counts[name]) for name, word in zip(STATES, _WORDS, strict=True)],
        "state": state,
        "kind": kind,
        "kinds": kinds.items(),
        "objections": open_objections_of(user).count() if may(user, Power.ANSWER_REQUESTS) else 0,
        "surplus": surplus_of(user) if may(user, Power.SEE_REQUESTS) else [],
        "undone": undone_of_approver(user, now - _UNDONE) if state == "mine" else [],
        "dropped": dropped_swaps(user, timezone.localdate(now)) if state == "mine" else [],
        "deputies": Deputy.objects.filter(lender=user, ended_at=None, last__gte=timezone.localdate(now)),
        "lent": Deputy.objects.filter(deputy=user, ended_at=None, last__gte=timezone.localdate(now)),
        "accounts": approvers_under(user),
        "today": timezone.localdate(now),
    }
    return render(request, "console/affairs.html", context)


@require_safe
@needs(Power.APPROVE_REQUESTS)
def affair(request: HttpRequest, key: str) -> HttpResponse:
    """Show one request: what is asked, what it needs, and what was said, with the form for whoever may decide."""
    user, now = account_of(request), timezone.now()
    case = case_seen_by(user, key, now)
    assert case.person is not None
    seen = prospect(case, user, now, months=CountyMonths()) if case.is_waiting and case.asked.kind != SWAP else None
    may_take_back = may_withdraw(case, now) and _may_enter(user, case)
    is_approved = may_take_back and not case.is_waiting
    undo_obstacle = why_not_undo(user.username, f"request:{case.key}", case.person, now) if is_approved else ""
    context = {
        "section": "affairs",
        "row": _row(case, now),
        "case": case,
        "need": seen.need if seen is not None else None,
        "obstacle": seen.obstacle if seen is not None else "",
        "may_decide": seen is not None and not seen.obstacle,
        "joins": seen.joins if seen is not None else "",
        "may_agree": case.state == PARTNER
        and not is_stale_swap(case, now)
        and _may_enter(user, case)
        and sees_other(user, case),
        "may_withdraw": may_take_back and not undo_obstacle and (is_approved or case.asked.kind not in ABOUT_RESULTS),
        "undo_obstacle": undo_obstacle,
        "undone": undone_of(case) if not case.is_waiting else [],
        "is_in_scope": in_scope(user, case.person.village_id),
        **_exhibits(user, case, now),
        "sees_substitute": sees_other(user, case),
    }
    return render(request, "console/affair.html", context)


def _exhibits(user: User, case: Case, now: dt.datetime) -> dict[str, object]:
    """Return what a correction rests on, and what an officer may add to it."""
    asked = case.here
    if asked is None or asked.kind != CORRECTION:
        return {}
    may_add = case.is_waiting and _may_enter(user, case)
    exhibits = asked.exhibits.select_related("blob", "witness", "station__village")
    decided = tuple(map(subtree_prefix, regions_decided_by(user, now)))
    nearby = touches_nearby(asked) if may_add else []
    there = [one.row.person.pk for one in nearby if one.row.person is not None]
    seen = set(people_of(user).filter(pk__in=there).values_list("pk", flat=True))
    sees_pictures = may(user, Power.SEE_PICTURES)
    return {
        "exhibits": [(one, _witness_name(user, one, decided)) for one in exhibits],
        "may_add": may_add,
        "nearby": [one for one in nearby if one.row.person is not None and one.row.person.pk in seen],
        "sees_pictures": sees_pictures,
        "may_hold": sees_pictures and may(user, Power.HOLD_FILES),
        "own": asked.person_id,
    }


def _witness_name(user: User, one: Exhibit, decided: tuple[str, ...]) -> str:
    """Return who bears witness, by name if it is somebody of where the viewer sees or decides; empty: nobody does."""
    if one.witness is None:
        return ""
    village = one.witness.village_id
    return one.witness.name if in_scope(user, village) or village.startswith(decided) else ELSEWHERE


@post_only("affair", "key")
@needs(Power.APPROVE_REQUESTS)
def affair_decide(request: HttpRequest, key: str) -> HttpResponse:
    """Agree to a request, or refuse it with a reason."""
    user, now = account_of(request), timezone.now()
    case = case_seen_by(user, key, now)
    outcome = Outcome.ACCEPTED if request.POST.get("outcome") == Outcome.ACCEPTED else Outcome.REFUSED
    text = one_line(request.POST.get("text", "")).strip()[:200]
    try:
        made = decide_case(case.key, outcome, text=text, user=user, at=now, months=CountyMonths())
    except (RequestRefused, OwnAffair) as refused:
        messages.error(request, f"没有定：{str(refused).rstrip('。')}。")
        return redirect("affair", key)
    if not made.is_last:
        messages.success(request, "已同意。这个月补卡次数到了上限，还要镇办另一个人再定一次。")
    else:
        messages.success(request, f"已定：{Outcome(made.outcome).label}。本人手机上现在就能看到。")
    return redirect("affairs")


@post_only("affair", "key")
@needs(Power.ENTER_REQUESTS)
def affair_agree(request: HttpRequest, key: str) -> HttpResponse:
    """Write down that the other person of a swap agrees, or does not."""
    return _on_behalf(request, key, request.POST.get("agrees"))


@post_only("affair", "key")
@needs(Power.ENTER_REQUESTS)
def affair_withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Take a request back for its person."""
    return _on_behalf(request, key, None)


def _on_behalf(request: HttpRequest, key: str, agrees: str | None) -> HttpResponse:
    user, now = account_of(request), timezone.now()
    case = case_seen_by(user, key, now)
    if case.here is None or not _may_enter(user, case) or (agrees is not None and not sees_other(user, case)):
        raise Http404
    try:
        if agrees is None:
            reason = one_line(request.POST.get("reason", "")).strip()[:200]
            withdraw(case.here, now=now, officer=user.username, reason=reason)
        else:
            agree(case.here, agrees == "yes", now=now, officer=user.username)
    except (RequestRefused, OwnAffair) as refused:
        messages.error(request, f"没有改动：{str(refused).rstrip('。')}。")
    else:
        messages.success(request, "已记下。本人手机上现在就能看到。")
    return redirect("affair", key)


@post_only("affairs")
@needs(Power.APPROVE_REQUESTS)
def deputy_add(request: HttpRequest) -> HttpResponse:
    """Name somebody who decides while the viewer is away."""
    user, now = account_of(request), timezone.now()
    deputy = get_object_or_404(approvers_under(user), username=request.POST.get("deputy", ""))
    try:
        first, last = asked_day(request.POST, "first"), asked_day(request.POST, "last")
        reason = ReasonField().clean(request.POST.get("reason", ""))
        name_deputy(user, deputy, first=first, last=last, reason=reason, now=now)
    except (DeputyRefused, InputRefused) as refused:
        messages.error(request, f"没有定：{refused}。")
    except ValidationError:
        messages.error(request, "没有定：请写明理由（4 到 200 个字）。")
    else:
        messages.success(request, f"已定：{first} 到 {last} 由 {deputy.username} 代办。回来了可以提前结束。")
    return redirect("affairs")


@post_only("affairs")
@needs(Power.APPROVE_REQUESTS)
def deputy_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End it, because the viewer is back."""
    user = account_of(request)
    named = get_object_or_404(Deputy, pk=pk, lender=user)
    try:
        end_deputy(named, actor=user, now=timezone.now())
    except DeputyRefused as refused:
        messages.error(request, f"没有改动：{refused}。")
    else:
        messages.success(request, "已结束代办。")
    return redirect("affairs")


def case_seen_by(user: User, key: str, now: dt.datetime) -> Case:
    """Return a request about somebody of the regions in which ``user`` may decide or whom ``user`` sees; else 404."""
    case = case_of(key)
    if case is None or case.person is None:
        raise Http404
    prefixes = tuple(map(subtree_prefix, regions_decided_by(user, now)))
    if not prefixes or not case.person.village_id.startswith(prefixes):
        raise Http404
    if case.asked.kind == OBJECTION and OBJECTION not in kinds_for(_highest(user, now)):
        raise Http404
    return case


def _highest(user: User, now: dt.datetime) -> Rank:
    """Return the highest rank by which an account may decide, its own or a lent one."""
    return max((rank for _, rank in powers_of(user, now)), default=Rank.NONE)


def _may_enter(user: User, case: Case) -> bool:
    assert case.person is not None
    return may(user, Power.ENTER_REQUESTS) and in_scope(user, case.person.village_id)


def _by_age(here: QuerySet[CountyRequest], there: QuerySet[Request]) -> QuerySet[Any, Any]:
    """Return where and under which key each request is, and when it was asked, of both tables as one list."""
    columns = ("at", "origin", "key")
    of_here = here.order_by().annotate(at=F("asked_at"), origin=Value("c"), key=F("pk")).values_list(*columns)
    of_there = there.order_by().annotate(at=F("standing__asked_at"), origin=Value("s"), key=F("pk"))
    return of_here.union(of_there.values_list(*columns), all=True)


def _cases(listed: Iterable[tuple[dt.datetime, str, int]]) -> list[Case]:
    """Return requests of both tables in their order, by a fixed number of queries."""
    rows = list(listed)
    asked_at = {key: at for at, origin, key in rows if origin == "s"}
    cases = cases_here(of_county().filter(pk__in=[key for _, origin, key in rows if origin == "c"]))
    cases += cases_of_stations(shown_of_stations().filter(pk__in=asked_at), asked_at)
    by_key = {case.key: case for case in cases}
    return [by_key[f"{origin}{key}"] for _, origin, key in rows if f"{origin}{key}" in by_key]


def _row(case: Case, now: dt.datetime) -> dict[str, object]:
    left = case.decide_by - now
    return {
        "case": case,
        "waits": how_long(now - case.asked_at) if case.is_waiting else "",
        "left": how_long(left) if case.is_waiting and left > dt.timedelta(0) else "",
        "overdue": how_long(left) if case.is_waiting and left <= dt.timedelta(0) else "",
        "stale": is_stale_swap(case, now),
    }
