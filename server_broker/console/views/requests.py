"""异议与申请: what people ask the township for at kiosks, and the answers, which go back to the kiosk."""

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.own_affairs import OwnAffair, is_own_affair
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import in_scope
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import objections_of, requests_of, surplus_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.console.request_words import asker_name
from server_broker.requests.answering import NotAnswered, answer
from server_broker.requests.kinds import AWAY
from server_broker.requests.models import Answer, Outcome, Request, Surplus
from server_broker.requests.reading import WITHDRAWN, request_rows
from server_broker.requests.surplus import withdrawals

PAGE_SIZE = 50
STATES = ("open", "answered", "withdrawn", "all")


class _AnswerForm(forms.Form):
    outcome = forms.ChoiceField(choices=Outcome.choices)
    text = ReasonField()


@require_safe
@needs(Power.SEE_REQUESTS)
def requests(request: HttpRequest) -> HttpResponse:
    """List the requests at the stations of the viewer's scope, the newest first, by how far they are and number."""
    state = parameters.choice(request.GET, "state", STATES)
    number = parameters.text(request.GET, "number", longest=6)
    found = objections_of(request.user)
    if number:
        found = found.filter(number=number)
    in_state = _in_states(found)
    shown = in_state[state].select_related("station__village").order_by("-received_at", "-pk")
    page = parameters.page_of(request, shown, size=PAGE_SIZE)
    words = ("等答复", "已答复", "已撤回", "全部")
    context = {
        "section": "requests",
        "page": page,
        "rows": [(row, asker_name(row, request.user)) for row in request_rows(page.object_list)],
        "tabs": [(name, word, in_state[name].count()) for name, word in zip(STATES, words, strict=True)],
        "state": state,
        "number": number,
        "surplus": surplus_of(request.user),
    }
    return render(request, "console/requests.html", context)


@require_safe
@needs(Power.SEE_REQUESTS)
def request_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one request with the touch that it is about and all answers."""
    found = get_object_or_404(requests_of(request.user).select_related("station__village"), pk=pk)
    (row,) = request_rows([found])
    own = row.person is not None and is_own_affair(request.user.get_username(), [row.person.pk])
    context = {
        "section": "requests",
        "row": row,
        "asked": found,
        "name": asker_name(row, request.user),
        "is_in_scope": row.person is not None and in_scope(request.user, row.person.village_id),
        "answers": Answer.objects.filter(request=found),
        "may_answer": may(request.user, Power.ANSWER_REQUESTS)
        and not own
        and row.person is not None
        and row.state != WITHDRAWN
        and found.kind not in AWAY,
        "is_own": own,
        "surplus": Surplus.objects.filter(request=found, counts=False).select_related("decision").first(),
        "looks_only": not may(request.user, Power.ANSWER_REQUESTS),
        "is_decided": found.kind in AWAY,
        "outcomes": Outcome.choices,
    }
    return render(request, "console/request_one.html", context)


@post_only("request-one", "pk")
@needs(Power.ANSWER_REQUESTS)
def request_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a request."""
    found = get_object_or_404(requests_of(request.user), pk=pk)
    form = _AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有答复：{refusal_text(form, '请选同意或不同意，写明理由（4 到 200 个字）')}。")
        return redirect("request-one", pk)
    outcome = Outcome(form.cleaned_data["outcome"])
    actor = request.user.get_username()
    try:
        answer(found, outcome, text=form.cleaned_data["text"], actor=actor, at=timezone.now())
    except (NotAnswered, OwnAffair) as refused:
        messages.error(request, f"没有答复：{refused}。")
    else:
        messages.success(request, "已答复。手机上现在就有；站点夜里取到，大屏“我的办事”里明天起有。")
    return redirect("request-one", pk)


def _in_states(found: QuerySet[Request]) -> dict[str, QuerySet[Request]]:
    answered = Exists(Answer.objects.filter(request=OuterRef("pk")))
    # Whether it was really the same person, each row tells (`request_rows`).
    back = Exists(withdrawals().filter(station=OuterRef("station"), request=OuterRef("request")))
    return {
        "open": found.filter(~answered, ~back),
        "answered": found.filter(answered),
        "withdrawn": found.filter(~answered, back),
        "all": found,
    }
