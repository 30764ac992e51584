"""需要处理: what needs a person now, by township, the gravest first; and the page of one of them with its answers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import in_scope, scope
from server_broker.console import parameters
from server_broker.console.polling import is_poll, live_page
from server_broker.console.post_only import post_only
from server_broker.console.queries import alarms_of, stations_of
from server_broker.console.words import SEVERITIES as SEVERITY_BADGES
from server_broker.console.words import Word
from server_broker.incidents.answers import MAX_NOTE, MAX_SILENCE_DAYS, AnswerRefused, lift, silence, take_back
from server_broker.incidents.answers import acknowledge as acknowledge_incident
from server_broker.incidents.channel_settings import failing_channels
from server_broker.incidents.kinds import BY_KEY, KINDS, OUTAGE, SEVERITIES, SEVERITY_WORDS
from server_broker.incidents.on_call import on_call_today
from server_broker.incidents.open_now import (
    Regions,
    Standing,
    open_incidents,
    region_names,
    standing_at,
    unresolved_alarms,
)
from server_broker.people.identity import identity_number_in

PAGE_SIZE = 50
STATES = ("open", "acknowledged", "silenced")
STATE_WORDS = ("待处理", "已确认", "已静默")
ACTS = ("acknowledge", "take_back", "silence", "lift")
_EVERY = ("",)
_MOST_STATIONS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One incident as the list shows it."""

    standing: Standing
    township: str
    first_of_township: bool
    badge: Word
    where: str
    href: str
    action_href: str


@require_safe
@needs(Power.SEE_FLEET)
def attention(request: HttpRequest) -> HttpResponse:
    """Show what needs somebody, by township. A poll gets only the list."""
    viewer, now = account_of(request), timezone.now()
    code = scope(viewer)
    standing = [] if code is None else open_incidents(code, now=now)
    names = Regions({}) if code is None else region_names(code)
    state = parameters.choice(request.GET, "state", STATES)
    kind = parameters.choice(request.GET, "kind", (*_EVERY, *BY_KEY))
    severity = parameters.choice(request.GET, "severity", (*_EVERY, *SEVERITIES))
    township = parameters.choice(request.GET, "township", (*_EVERY, *names.names))
    wanted = [
        one
        for one in standing
        if kind in ("", one.incident.kind.key)
        and severity in ("", one.incident.severity)
        and township in ("", one.incident.township)
    ]
    in_state = _by_township([one for one in wanted if one.state == state])
    page = Paginator(in_state, PAGE_SIZE).get_page(parameters.page_number(request.GET))
    context: dict[str, Any] = {
        "section": "attention",
        "page": page,
        "lines": _lines(list(page.object_list), names),
        "tabs": [
            (name, word, sum(one.state == name for one in wanted))
            for name, word in zip(STATES, STATE_WORDS, strict=True)
        ],
        "tiles": [
            (name, SEVERITY_WORDS[name], sum(one.state == "open" and one.incident.severity == name for one in standing))
            for name in SEVERITIES
        ],
        "state": state,
        "filtered": bool(kind or severity or township),
        "on_call": on_call_today(viewer, today=timezone.localdate(now)),
        "failing": failing_channels() if may(viewer, Power.SET_CHANNELS) else [],
    }
    if not is_poll(request):
        present = {one.incident.kind.key for one in standing}
        context |= {
            "kinds": [one for one in KINDS if one.key in present or one.key == kind],
            "kind": kind,
            "severities": [(name, SEVERITY_WORDS[name]) for name in SEVERITIES],
            "severity": severity,
            "townships": sorted(names.names.items()),
            "township": township,
        }
    return live_page(request, "attention", context)


@require_safe
@needs(Power.SEE_FLEET)
def incident(request: HttpRequest, kind: str, about: str) -> HttpResponse:
    """Show one incident, its alarms and its stations, with the forms to answer it. One that is over says so."""
    viewer, now = account_of(request), timezone.now()
    code = _scope_with(request, kind, about)
    found = standing_at(code, kind, about, now=now)
    names = region_names(code)
    if found is None:
        return render(request, "console/incident_over.html", {"section": "attention", "kind": BY_KEY[kind]})
    shown = found.incident
    open_alarms = alarms_of(viewer).filter(unresolved_alarms(shown)).select_related("station__village")
    today = timezone.localdate(now)
    context = {
        "section": "attention",
        "line": _lines([found], names)[0],
        "standing": found,
        "incident": shown,
        "stations": shown.stations[:_MOST_STATIONS],
        "more": max(0, len(shown.stations) - _MOST_STATIONS),
        "alarms": open_alarms.order_by("-last_at", "-pk")[:_MOST_STATIONS] if shown.kind is not OUTAGE else (),
        "may_answer": may(viewer, Power.ACKNOWLEDGE_ALARMS),
        "max_note": MAX_NOTE,
        "today": today,
        "last_day": today + dt.timedelta(days=MAX_SILENCE_DAYS),
    }
    return render(request, "console/incident.html", context)


@post_only("incident", "kind", "about")
@needs(Power.ACKNOWLEDGE_ALARMS)
def incident_answer(request: HttpRequest, kind: str, about: str) -> HttpResponse:
    """Acknowledge or silence an incident, or take either back."""
    viewer, now = account_of(request), timezone.now()
    found = standing_at(_scope_with(request, kind, about), kind, about, now=now)
    if found is None:
        messages.warning(request, "这件事已经过去了，不用再处理。")
        return redirect("attention")
    try:
        said = _answer(request, found, viewer, now)
    except AnswerRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect("incident", kind=kind, about=about)
    messages.success(request, f"{said}：{found.incident.kind.word}。")
    return redirect("attention")


def _answer(request: HttpRequest, found: Standing, by: User, at: dt.datetime) -> str:
    """Do what the form asks, and return in Chinese what was done.

    Raises:
        AnswerRefused: Nothing was changed.
    """
    note = parameters.prose(request.POST, "note", longest=MAX_NOTE)
    if identity_number_in(note):
        raise AnswerRefused("说明会一直留在记录里，请不要写身份证号")
    match parameters.choice(request.POST, "act", ACTS):
        case "acknowledge":
            acknowledge_incident(found, note=note, by=by, at=at)
            return "已确认"
        case "take_back":
            take_back(found, by=by, at=at)
            return "已收回确认"
        case "silence":
            try:
                last_day = dt.date.fromisoformat(parameters.text(request.POST, "last_day", longest=10))
            except ValueError:
                raise AnswerRefused("请写明静默到哪天") from None
            silence(found, last_day=last_day, reason=note, by=by, at=at)
            return "已静默"
        case _:
            lift(found, by=by, at=at)
            return "已取消静默"


def _scope_with(request: HttpRequest, kind: str, place: str) -> str:
    """Return the viewer's region, if the place lies in it; otherwise there is no such page."""
    viewer = account_of(request)
    own = scope(viewer)
    sort, _, name = place.partition(":")
    inside = stations_of(viewer).filter(pk=name).exists() if sort == "s" else in_scope(viewer, name)
    if own is None or kind not in BY_KEY or not inside:
        raise Http404
    return own


def _by_township(found: Sequence[Standing]) -> list[Standing]:
    """Return incidents township by township: first the one with the gravest, in each the gravest first."""
    worst: dict[str, tuple[int, int]] = {}
    for one in found:  # the gravest come first
        worst.setdefault(one.incident.township, one.incident.gravity)
    return sorted(
        found,
        key=lambda one: (worst[one.incident.township], one.incident.township, one.incident.rank, one.incident.place),
    )


def _lines(found: Sequence[Standing], names: Regions) -> list[Line]:
    lines: list[Line] = []
    before = ""
    for one in found:
        township = one.incident.township
        lines.append(
            Line(
                standing=one,
                township=names.name(township),
                first_of_township=township != before,
                badge=SEVERITY_BADGES[one.incident.severity],
                where=_where(one, names),
                href=reverse("incident", kwargs={"kind": one.incident.kind.key, "about": one.incident.place}),
                action_href=_action_href(one),
            )
        )
        before = township
    return lines


def _where(one: Standing, names: Regions) -> str:
    stations = one.incident.stations
    if one.incident.kind is OUTAGE or not stations:
        return names.name(one.incident.region)
    revoked = "（已吊销）" if stations[0].revoked_at is not None else ""
    return f"{stations[0].village_name} · {stations[0].name}{revoked}"


def _action_href(one: Standing) -> str:
    """Return the page where the one thing is done."""
    stations = one.incident.stations
    match one.incident.kind.page:
        case "station" if len(stations) == 1:
            return reverse("station", args=[stations[0].id])
        case "held" | "messages" as state:
            about = {"station": stations[0].id} if len(stations) == 1 else {}
            return f"{reverse('held')}?{urlencode({'state': str(state), **about})}"
        case _:
            return reverse("alarms")
