"""待审: held facts, which a person reads again, accepts or writes off, and messages in which no fact was found."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page
from django.db.models import BinaryField, F, Func, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.audit.log import record
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import held_of, quarantined_of, stations_of, to_review_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.fleet.models import Station
from server_broker.ingest import held as held_facts
from server_broker.ingest.models import Fact, Quarantined
from server_broker.ingest.quarantine import QUARANTINED_KEPT
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.reread import Reread, reread_held
from server_broker.settling.carried_facts import AcceptRefused, accept_carried

PAGE_SIZE = 50
HEAD_BYTES = 128
"""How much of an unread message is shown. It is enough to tell rubbish from a message of another version."""
STATES = ("held", "written-off", "messages")
WHEN_COUNTED = "站点知道时间的按打卡的时间；不知道的列在县里收到的时间，写明“约”，由人核对"
"""At which time touches stand once they are read."""


class WhyForm(forms.Form):
    """The reason for which facts are written off or accepted."""

    reason = ReasonField()


@require_safe
@needs(Power.SEE_FLEET)
def held(request: HttpRequest) -> HttpResponse:
    """Show held facts, facts that were written off, or unread messages: of ``?station=`` or of the whole scope."""
    state = parameters.choice(request.GET, "state", STATES)
    asked = parameters.text(request.GET, "station", longest=32)
    waiting = _narrowed(to_review_of(request.user), "stream__station", asked)
    written_off = _narrowed(held_of(request.user).filter(write_off__isnull=False), "stream__station", asked)
    unread = _narrowed(quarantined_of(request.user), "station", asked)
    # Counted once for both the tabs and the paginator, because a county may hold very many.
    counts = (waiting.count(), written_off.count(), unread.count())
    station = stations_of(request.user).filter(pk=asked).first()
    to_accept = 0 if station is None or state != "held" else held_facts.to_accept(station).count()
    page: Page[Any]
    if state == "messages":
        page = _messages(request, unread, counts[2])
    elif state == "written-off":
        page = _facts(request, written_off.order_by("-write_off__at", "-id"), counts[1])
    else:
        page = _facts(request, waiting.order_by("-received_at", "-id"), counts[0], with_bodies=to_accept > 0)
    context = {
        "section": "fleet",
        "state": state,
        "station": station,
        "to_accept": to_accept,
        "tabs": list(zip(STATES, ("待审", "已核销", "读不懂的消息"), counts, strict=True)),
        "page": page,
        "may_review": may(request.user, Power.REVIEW_HELD),
        "may_accept": may(request.user, Power.REVIEW_HELD) and may(request.user, Power.DECLARE_DEAD),
        "head_bytes": HEAD_BYTES,
        "when_counted": WHEN_COUNTED,
        "kept": QUARANTINED_KEPT,
    }
    return render(request, "console/held.html", context)


def _narrowed[Q: QuerySet[Any]](rows: Q, path: str, station_id: str) -> Q:
    return rows.filter(**{path: station_id}) if station_id else rows


def _facts(request: HttpRequest, facts: QuerySet[Fact], count: int, *, with_bodies: bool = False) -> Page[Fact]:
    # Whoever accepts facts has to see what they say. Otherwise the page shows only the size of a body. So PostgreSQL
    # measures it, and the bodies are not loaded.
    unshown = ("salt", "digest", "head") if with_bodies else ("body", "salt", "digest", "head")
    size = Func(F("body"), function="octet_length", output_field=IntegerField())
    shown = facts.annotate(size=size).select_related("stream__station__village", "write_off")
    return parameters.page_of(request, shown.defer(*unshown), size=PAGE_SIZE, count=count)


def _messages(request: HttpRequest, unread: QuerySet[Quarantined], count: int) -> Page[Quarantined]:
    size = Func(F("raw"), function="octet_length", output_field=IntegerField())
    head = Func(F("raw"), 1, HEAD_BYTES, function="substr", output_field=BinaryField())
    # Only the beginning is loaded: a station may have sent very long messages.
    shown = unread.annotate(size=size, beginning=head).select_related("station__village").defer("raw")
    return parameters.page_of(request, shown.order_by("-received_at", "-id"), size=PAGE_SIZE, count=count)


@post_only("station", "station_id")
@needs(Power.REVIEW_HELD)
def reread(request: HttpRequest, station_id: str) -> HttpResponse:
    """Read a station's held facts again, after the cause for which the county could not read them was removed."""
    station = get_object_or_404(stations_of(request.user), pk=station_id)
    return _tell(request, station, reread_held(station.pk))


@post_only("held")
@needs(Power.DECLARE_DEAD)
@needs(Power.REVIEW_HELD)
def accept(request: HttpRequest, station_id: str) -> HttpResponse:
    """Accept and read what was carried here from a station after it was revoked, with a reason."""
    station = get_object_or_404(stations_of(request.user), pk=station_id)
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有认可：{refusal_text(form, '请写明理由（4 到 200 个字）')}。")
        return _back(station.pk)
    try:
        result = accept_carried(station, form.cleaned_data["reason"], by=account_of(request), now=timezone.now())
    except AcceptRefused as refused:
        messages.error(request, f"没有认可：{refused}。")
        return _back(station.pk)
    return _tell(request, station, result)


def _tell(request: HttpRequest, station: Station, result: Reread) -> HttpResponse:
    """Note what was read in the audit log, and tell it."""
    still = result.still_held.total()
    record(account_of(request).get_username(), "held.reread", station.pk, {"read": result.read, "still_held": still})
    if result.read:
        messages.success(request, f"{station.name}：读出 {result.read} 条，已计入：{WHEN_COUNTED}。")
    if still:
        reasons = "，".join(f"{reason_word(code)} {count} 条" for code, count in result.still_held.most_common())
        messages.warning(request, f"{station.name}：仍有 {still} 条读不出（{reasons}）。")
    if not (result.read or still):
        messages.success(request, f"{station.name}：没有待审的记录。")
    return _back(station.pk)


@post_only("held")
@needs(Power.REVIEW_HELD)
def write_off(request: HttpRequest) -> HttpResponse:
    """Write the chosen facts off, with a reason."""
    form = WhyForm(request.POST)
    # A page offers no more than PAGE_SIZE facts, and 18 digits always fit into the key's column.
    given = request.POST.getlist("fact")[:PAGE_SIZE]
    numbers = [int(number) for number in given if re.fullmatch(r"[0-9]{1,18}", number, re.ASCII)]
    chosen = to_review_of(request.user).filter(pk__in=numbers)
    if not form.is_valid():
        messages.error(request, f"没有核销：{refusal_text(form, '请写明理由（4 到 200 个字）')}。")
    elif not chosen.exists():
        messages.error(request, "没有核销：请先勾选记录。")
    else:
        actor = request.user.get_username()
        count = held_facts.write_off(chosen, reason=form.cleaned_data["reason"], actor=actor, at=timezone.now())
        messages.success(request, f"已核销 {count} 条，理由记入审计；原始内容仍保留。")
    return _back(parameters.text(request.POST, "station", longest=32))


def _back(station_id: str) -> HttpResponse:
    """Redirect to the list that the form was on: of one station, or of all."""
    query = f"?{urlencode({'station': station_id})}" if station_id else ""
    return redirect(f"{reverse('held')}{query}")
