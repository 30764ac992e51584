"""群众意见: what villagers asked at the kiosks, the answers, and giving a question to the township."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.feedback import TOPICS
from protocol.plain_text import one_line
from protocol.refusal import Refused
from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import scope
from server_broker.bundles.files import BundleFolder
from server_broker.console import parameters
from server_broker.console.askers import asker_of
from server_broker.console.feedback_words import RATINGS, TOPIC_CHOICES
from server_broker.console.post_only import post_only
from server_broker.console.queries import HAPPENED, feedback_of, stations_of
from server_broker.feedback.answering import MAX_TEXT, MIN_TEXT, NotAnswered, answer, pass_on
from server_broker.feedback.asked_about import asked_about
from server_broker.feedback.models import Because, Feedback, FeedbackRating, FeedbackStep, SetAside, StepKind
from server_broker.feedback.setting_aside import put_back, set_revoked_aside, waiting
from server_broker.fleet.models import Station
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, subtree_prefix

log = logging.getLogger(__name__)

PAGE_SIZE = 50
STATES = ("open", "passed_on", "answered", "aside", "all")


@require_safe
@needs(Power.SEE_FEEDBACK)
def feedback(request: HttpRequest) -> HttpResponse:
    """List the questions of the viewer's scope, the newest first, by how far they are, place, topic and number."""
    state = parameters.choice(request.GET, "state", STATES)
    topic = parameters.choice(request.GET, "topic", ("", *TOPICS))
    number = parameters.text(request.GET, "number", longest=14).replace(" ", "")
    village = parameters.text(request.GET, "village", longest=12)
    station = parameters.text(request.GET, "station", longest=32)
    found = every = feedback_of(request.user)
    if village:
        found = found.filter(station__village=village)
    if station:
        found = found.filter(station=station)
    if topic:
        found = found.filter(topic=topic)
    if number:
        found = found.filter(number=number)
    in_state = _in_states(found)
    shown = in_state[state].select_related("station__village").annotate(happened=HAPPENED)
    page = parameters.page_of(request, shown.order_by("-received_at", "-pk"), size=PAGE_SIZE)
    states = newest_steps(list(page.object_list))
    words = ("等答复", "已转镇办", "已答复", "单独放着", "全部")
    context = {
        "section": "feedback",
        "page": page,
        "rows": [(row, states.get(row.pk, "")) for row in page.object_list],
        "tabs": [(name, word, in_state[name].count()) for name, word in zip(STATES, words, strict=True)],
        "state": state,
        "topic": topic,
        "topics": TOPIC_CHOICES,
        "number": number,
        "village": village,
        "villages": Region.objects.filter(stations__in=every.order_by().values("station")).distinct().order_by("code"),
        "station": stations_of(request.user).filter(pk=station).first(),
        "aside": _by_station(in_state["aside"], "set_aside__because"),
        "revoked": _by_station(in_state["open"].filter(station__revoked_at__isnull=False)),
        "may_set_aside": may(request.user, Power.SET_FEEDBACK_ASIDE),
        "may_set_contact": may(request.user, Power.SET_CONTACT),
    }
    return render(request, "console/feedback.html", context)


@require_http_methods(["GET", "HEAD"])
@needs(Power.SEE_FEEDBACK)
def feedback_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one question with all that was done about it, and how the answer was rated."""
    return _page(request, _one(request, pk))


@post_only("feedback-one", "pk")
@needs(Power.ANSWER_FEEDBACK)
def feedback_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a question."""
    row = _one(request, pk)
    # Not brought into a common form, as a search is: that would turn the Chinese comma into another one.
    text = one_line(request.POST.get("text", "")).strip()[: MAX_TEXT + 1]
    try:
        answer(row, text, actor=account_of(request), at=timezone.now())
    except NotAnswered as refused:
        messages.error(request, f"没有答复：{refused}。")
        return _page(request, row, typed=text, status=422)
    messages.success(request, "已答复。村里的大屏联网后就能查到。")
    return redirect("feedback-one", pk)


@post_only("feedback-one", "pk")
@needs(Power.ANSWER_FEEDBACK)
def feedback_pass_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a question to the township."""
    row = _one(request, pk)
    try:
        pass_on(row, actor=account_of(request), at=timezone.now())
    except NotAnswered as refused:
        messages.error(request, f"没有转：{refused}。")
    else:
        messages.success(request, "已转镇办。")
    return redirect("feedback-one", pk)


@post_only("feedback")
@needs(Power.SET_FEEDBACK_ASIDE)
def feedback_set_aside(request: HttpRequest) -> HttpResponse:
    """Set aside together what a revoked station said."""
    station = _station(request)
    count = set_revoked_aside(station, actor=account_of(request), at=timezone.now())
    if count:
        messages.success(request, f"{station.name} 的 {count} 条意见已单独放着，一条不少，可以放回。")
    else:
        messages.warning(request, f"{station.name} 没有吊销，或者没有等答复的意见。")
    return redirect("feedback")


@post_only("feedback")
@needs(Power.SET_FEEDBACK_ASIDE)
def feedback_put_back(request: HttpRequest) -> HttpResponse:
    """Put back what was set aside of a station."""
    station = _station(request)
    because = Because(parameters.choice(request.POST, "because", tuple(Because.values)))
    count = put_back(station, because, actor=account_of(request), at=timezone.now())
    messages.success(request, f"{station.name} 的 {count} 条意见已放回。")
    return redirect("feedback")


def _station(request: HttpRequest) -> Station:
    return get_object_or_404(stations_of(request.user), pk=parameters.text(request.POST, "station", longest=32))


def newest_steps(rows: list[Feedback]) -> dict[int, str]:
    """Return the kind of each question's newest step, by the question's key."""
    steps = FeedbackStep.objects.filter(feedback__in=[row.pk for row in rows]).order_by("at", "pk")
    return {step.feedback_id: step.kind for step in steps}


def _one(request: HttpRequest, pk: int) -> Feedback:
    rows = feedback_of(request.user).select_related("station__village").annotate(happened=HAPPENED)
    return get_object_or_404(rows, pk=pk)


def _in_states(found: QuerySet[Feedback]) -> dict[str, QuerySet[Feedback]]:
    steps = FeedbackStep.objects.filter(feedback=OuterRef("pk"))
    aside = Exists(SetAside.objects.filter(feedback=OuterRef("pk"), put_back_at=None))
    answered, passed = Exists(steps.filter(kind=StepKind.ANSWERED)), Exists(steps)
    return {
        "open": waiting(found),
        "aside": found.filter(~passed, aside),
        "passed_on": found.filter(passed, ~answered),
        "answered": found.filter(answered),
        "all": found,
    }


def _by_station(rows: QuerySet[Feedback], *more: str) -> list[dict[str, Any]]:
    """Return how many of the rows there are of each station, the most first."""
    by = rows.order_by().values("station", "station__name", "station__village__name", *more)
    return list(by.annotate(count=Count("pk")).order_by("-count", "station")[:PAGE_SIZE])


def _asked_about(row: Feedback) -> list[str]:
    try:
        return asked_about(row, BundleFolder(settings.HOME.bundles))
    except (OSError, Refused):
        # The question can be answered all the same.
        log.exception("A published document can't be read")
        return []


def _page(request: HttpRequest, row: Feedback, *, typed: str = "", status: int = 200) -> HttpResponse:
    steps = list(row.steps.order_by("at", "pk"))
    ratings = FeedbackRating.objects.filter(station=row.station, feedback=row.feedback).order_by("received_at", "pk")
    own = scope(request.user) or ""
    is_village = len(subtree_prefix(own)) > TOWNSHIP_DIGITS if own else False
    passed = any(step.kind == StepKind.PASSED_ON for step in steps)
    may_answer = may(request.user, Power.ANSWER_FEEDBACK)
    context = {
        "section": "feedback",
        "asked": row,
        "about": _asked_about(row) if row.about else [],
        "asker": asker_of(row, request.user),
        "state": steps[-1].kind if steps else "",
        "steps": steps,
        "ratings": [(rating, RATINGS.get(rating.rating, "")) for rating in ratings],
        "looks_only": not may_answer,
        "may_answer": may_answer and not (is_village and passed),
        "may_pass_on": may_answer and is_village and not steps,
        "typed": typed,
        "shortest": MIN_TEXT,
        "longest": MAX_TEXT,
    }
    return render(request, "console/feedback_one.html", context, status=status)
