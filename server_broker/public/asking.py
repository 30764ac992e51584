"""What a person asks for on their telephone: a page for each kind with few fields, and what became of each request."""

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from protocol.plain_text import one_line
from server_broker.audit.log import PHONE, coming_from
from server_broker.closing.county_months import CountyMonths
from server_broker.people.models import Person
from server_broker.public.middleware import present_session
from server_broker.public.own_requests import one_of, own_case
from server_broker.requests.asking import ask
from server_broker.requests.cases import PARTNER, Case
from server_broker.requests.kinds import AWAY, BACK, CORRECTION, KINDS, LEAVES, OBJECTION, SWAP
from server_broker.requests.models import Mark
from server_broker.requests.refused import RequestRefused
from server_broker.requests.wishes import (
    PARTS,
    absences_of,
    back_choices,
    colleagues_of,
    day_choices,
    turn_choices,
    wish_from,
)
from server_broker.requests.withdrawing import agree, may_deny, may_withdraw, withdraw

_LONGEST = 200


@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """Show what one can ask for, one button each."""
    if present_session(request) is None:
        return redirect("phone-sign-in")
    return render(request, "public/kinds.html", {"kinds": KINDS.items()})


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the few fields of a kind, and ask for what is filled in."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    if kind not in KINDS:
        raise Http404
    if request.method != "POST":
        chosen = {"turn": one_line(request.GET.get("turn", ""))[:_LONGEST]}
        return _form(request, session.person, kind, chosen)
    values = {name: one_line(str(value)).strip()[:_LONGEST] for name, value in request.POST.items()} | {"kind": kind}
    now = timezone.now()
    try:
        with coming_from(PHONE):
            wish = wish_from(values, session.person, now)
            made = ask(session.person, wish, now=now, months=CountyMonths())
    except RequestRefused as refused:
        return _form(request, session.person, kind, values, wrong=str(refused), status=422)
    return redirect("phone-asked", made.pk)


@require_safe
def asked(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one request of the person's own, or a swap that somebody has asked them for."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    return _one(request, _case(session.person, pk), session.person)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once whether to take a request back, and then do it."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    case = _case(session.person, pk)
    assert case.here is not None
    if case.here.person_id != session.person.pk:
        raise Http404
    if request.POST.get("sure") != "yes" and may_withdraw(case, timezone.now()):
        return _one(request, case, session.person, asks_sure=True)
    try:
        with coming_from(PHONE):
            withdraw(case.here, now=timezone.now())
    except RequestRefused as refused:
        return _one(request, case, session.person, wrong=str(refused), status=409)
    return redirect("phone-asked", pk)


@require_POST
def answer_swap(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to take somebody's window over, or not, or deny what an officer wrote down."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    case = _case(session.person, pk)
    assert case.here is not None
    if case.here.substitute_id != session.person.pk:
        raise Http404
    try:
        with coming_from(PHONE):
            agree(case.here, request.POST.get("agrees") == "yes", now=timezone.now())
    except RequestRefused as refused:
        return _one(request, case, session.person, wrong=str(refused), status=409)
    return redirect("phone-asked", pk)


def _case(person: Person, pk: int) -> Case:
    case = own_case(person, pk)
    if case is None:
        raise Http404
    return case


def _one(
    request: HttpRequest, case: Case, person: Person, *, wrong: str = "", status: int = 200, asks_sure: bool = False
) -> HttpResponse:
    now, here = timezone.now(), case.here
    assert here is not None
    context = {
        "one": one_of(case, person),
        "wrong": wrong,
        "asks_sure": asks_sure,
        "is_approved": case.state == "accepted",
        "pk": here.pk,
        "may_withdraw": here.person_id == person.pk and may_withdraw(case, now),
        "may_agree": here.substitute_id == person.pk and case.state == PARTNER,
        "may_deny": here.substitute_id == person.pk and may_deny(case, now),
    }
    return render(request, "public/asked.html", context, status=status)


def _form(
    request: HttpRequest, person: Person, kind: str, values: Mapping[str, str], *, wrong: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, object] = {
        "kind": kind,
        "word": KINDS[kind],
        "is_away": kind in AWAY,
        "values": values,
        "wrong": wrong,
        "days": day_choices(now),
        "parts": PARTS,
        "leaves": LEAVES.items(),
        "marks": Mark.choices,
    }
    if kind == SWAP:
        context["colleagues"] = colleagues_of(person)
    if kind in (SWAP, CORRECTION, OBJECTION):
        context["turns"] = turn_choices(person, kind, now, also=values.get("turn", ""))
    if kind == BACK:
        context["absences"] = [(absence, word) for absence, word in absences_of(person, now)]
        context["backs"] = [
            choice for absence, _ in absences_of(person, now) for choice in back_choices(absence, now)[1:]
        ]
    return render(request, "public/ask.html", context, status=status)
