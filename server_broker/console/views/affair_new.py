"""Write down a request for somebody who asked an officer. The person reads it on their telephone."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from protocol.plain_text import one_line
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, needs
from server_broker.closing.county_months import CountyMonths
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of
from server_broker.people.models import Person
from server_broker.requests.asking import ask
from server_broker.requests.kinds import AWAY, BACK, CORRECTION, LEAVES, OBJECTION, SWAP
from server_broker.requests.models import Mark
from server_broker.requests.ranks import kinds_for, rank_of
from server_broker.requests.refused import RequestRefused
from server_broker.requests.wishes import PARTS, absences_of, back_choices, turn_choices, wish_from

_MOST_FOUND = 20


@require_safe
@needs(Power.ENTER_REQUESTS)
def affair_new(request: HttpRequest) -> HttpResponse:
    """Choose somebody of the viewer's regions and what they ask for, and fill in the few fields of that."""
    name = parameters.text(request.GET, "name", longest=32)
    number = parameters.text(request.GET, "person", longest=32)
    people = people_of(request.user).filter(left=False).select_related("village")
    person = people.filter(number=number).first() if number else None
    if person is not None:
        chosen = {field: parameters.text(request.GET, field, longest=40) for field in ("kind", "turn")}
        return _form(request, person, chosen)
    found = people.filter(name__contains=name)[:_MOST_FOUND] if name else []
    return render(request, "console/affair_new.html", {"section": "affairs", "found": found, "name": name})


@post_only("affair-new")
@needs(Power.ENTER_REQUESTS)
def affair_add(request: HttpRequest) -> HttpResponse:
    """Record what somebody asks for, in the officer's hand. What is refused comes back as it was filled in."""
    user, now = account_of(request), timezone.now()
    number = parameters.plain(request.POST.get("person", ""), longest=32)
    person = get_object_or_404(people_of(user).select_related("village"), number=number)
    values = {name: one_line(str(value)).strip()[:200] for name, value in request.POST.items()}
    try:
        if values.get("kind") not in kinds_for(rank_of(user)):
            raise RequestRefused("请选办什么事")
        wish = wish_from(values, person, now)
        made = ask(person, wish, now=now, officer=user.username, months=CountyMonths())
    except (RequestRefused, OwnAffair) as refused:
        messages.error(request, f"没有提：{str(refused).rstrip('。')}。")
        return _form(request, person, values, status=422)
    messages.success(request, f"已提，编号 {made.number}。本人手机上现在就能看到是您代提的。")
    return redirect("affair", f"c{made.pk}")


def _form(request: HttpRequest, person: Person, values: Mapping[str, str], *, status: int = 200) -> HttpResponse:
    kinds = kinds_for(rank_of(account_of(request)))
    kind = parameters.choice(values, "kind", tuple(kinds))
    now = timezone.now()
    context: dict[str, object] = {
        "section": "affairs",
        "person": person,
        "kind": kind,
        "kinds": kinds.items(),
        "values": values,
        "leaves": LEAVES.items(),
        "parts": PARTS,
        "marks": Mark.choices,
        "today": timezone.localdate(now),
        "is_away": kind in AWAY,
    }
    if kind in (SWAP, CORRECTION, OBJECTION):
        context["turns"] = turn_choices(person, kind, now, also=values.get("turn", ""))
    if kind == BACK:
        context["absences"] = [(one, word, back_choices(one, now)) for one, word in absences_of(person, now)]
    return render(request, "console/affair_new.html", context, status=status)
