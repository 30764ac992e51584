"""考勤规则: which parameters of the rules hold in a region, and where they come from; set one from a day on."""

import datetime as dt
from functools import partial

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import regions_of, scope, sees_county
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import term_records_of
from server_broker.dated.days import begin_of
from server_broker.regions.models import COUNTY_DIGITS, Region, region_chain, subtree_prefix
from server_broker.settling.region_terms import is_village, term_lines, term_rows
from server_broker.settling.setting_terms import Reaches, set_term
from server_broker.settling.term_specs import SPECS, TermRefused, Value, spec_of, value_of
from server_broker.twin.setting_specs import SPECS as SETTINGS
from server_broker.twin.station_settings import settings_of

MOST_BELOW = 200
_OF_STATIONS = ("open_before_min", "open_after_min")
"""Settings of stations by which marks are judged too."""


@require_safe
@needs(Power.SEE_TERMS)
def terms(request: HttpRequest, code: str = "") -> HttpResponse:
    """Show the parameters of a region; without a code, of the viewer's own."""
    own = scope(request.user)
    if own is None:
        return render(request, "console/no_region.html", {"section": "terms", "word": "考勤规则"})
    asked = code or parameters.text(request.GET, "region", longest=12) or own
    region = get_object_or_404(regions_of(request.user), pk=asked)
    now = timezone.now()
    is_county = _is_county(region)
    chosen = settings_of(region)
    context = {
        "section": "terms",
        "region": region,
        "rows": term_rows(region, now),
        "around": regions_of(request.user).filter(pk__in=region_chain(region.code)).exclude(pk=region.pk),
        "below": _below(request, region, now),
        "most": MOST_BELOW,
        "regions": () if is_village(region) else regions_of(request.user).under(region.code).filter(ended=False),
        "of_stations": [(SETTINGS[name], SETTINGS[name].shown(getattr(chosen, name))) for name in _OF_STATIONS],
        "may_set": may(request.user, Power.SET_TERMS) and not region.ended,
        "may_lock": is_county and sees_county(request.user),
        "may_set_station": may(request.user, Power.SET_STATION),
        "is_village": is_village(region),
        "today": timezone.localdate(),
    }
    return render(request, "console/terms.html", context)


def _is_county(region: Region) -> bool:
    return len(subtree_prefix(region.code)) == COUNTY_DIGITS


def _below(request: HttpRequest, region: Region, now: dt.datetime) -> list[tuple[Region, str, str, dt.datetime | None]]:
    """Return what regions below set by themselves: region, parameter, value, since when."""
    rows = term_records_of(request.user).known().at(now).filter(value__isnull=False, subject__name__in=list(SPECS))
    under = rows.filter(subject__region__code__startswith=subtree_prefix(region.code))
    some = under.exclude(subject__region=region).select_related("subject__region")
    return [
        (row.subject.region, SPECS[row.subject.name].word, SPECS[row.subject.name].shown(row.value), row.valid_from)
        for row in some.order_by("subject__region__code", F("subject__name"))[:MOST_BELOW]
    ]


@post_only("terms-of", "code")
@needs(Power.SET_TERMS)
def term_set(request: HttpRequest, code: str) -> HttpResponse:
    """Set a parameter for a region of the viewer's scope from a day on, or leave it to the regions above."""
    region = get_object_or_404(regions_of(request.user).filter(ended=False), pk=code)
    name = parameters.text(request.POST, "name", longest=32)
    try:
        spec = spec_of(name)
        value = None
        if parameters.choice(request.POST, "act", ("set", "clear")) == "set":
            value = value_of(name, parameters.text(request.POST, "value", longest=20))
        since = asked_day(request.POST, "since")
    except (TermRefused, InputRefused) as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect("terms-of", code)
    locked = request.POST.get("locked") == "on"
    said = "不再另设" if value is None else f"{spec.shown(value)}{'，锁定' if locked else ''}"
    reached: list[Reaches] = []

    def do(reason: str) -> None:
        reached.append(
            set_term(
                region,
                name,
                value,
                since=since,
                by=account_of(request),
                reason=reason,
                now=timezone.now(),
                locked=locked,
            )
        )

    proposal = Proposal(
        title=f"{since} 起，{region.name} {spec.word}：{said}",
        do=do,
        done=f"{region.name} {spec.word}已记录，从 {since} 起算。",
        back=reverse("terms-of", args=[code]),
        section="terms",
        look=partial(term_lines, region, name, since),
        notes=lambda: _notes(name, value, since, reached),
    )
    return decide_on(request, proposal)


def _notes(name: str, value: Value | None, since: dt.date, reached: list[Reaches]) -> list[str]:
    notes = []
    reach = reached[-1] if reached else Reaches(0, 0)
    if reach.settled:
        notes.append(
            f"{reach.villages} 个村从那天起已经结算的 {reach.settled} 个班会重新结算，原来的结果以后还能查到。"
        )
    if begin_of(since) < begin_of(timezone.localdate()) and value is not None and name in {"grace_in", "grace_out"}:
        notes.append("这是往回改：已经过去的班也照新的算，可能由按时变成迟到、早退，请先和村里说清楚。")
    if name == "min_rest":
        notes.append("“今日在岗”“谁该到岗”两页仍按 30 分钟估算，以结算为准。")
    return notes
