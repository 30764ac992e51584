"""值守表: who is on call on which days, and the days on which nobody is."""

import datetime as dt

from django import forms
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import in_scope, scope
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.incidents.on_call import (
    OnCallRefused,
    accounts_for,
    add_turn,
    gaps,
    masked_telephone,
    remove_turn,
    shown_telephone,
    turns_seen_by,
)
from server_broker.regions.models import region_chain

_MOST_SHOWN = 200


class _Why(forms.Form):
    reason = ReasonField()


@require_safe
@needs(Power.SEE_FLEET)
def on_call(request: HttpRequest) -> HttpResponse:
    """List the turns of today and later, and name the days of the next two weeks on which nobody is on call."""
    return _page(request)


@post_only("on-call")
@needs(Power.EDIT_ON_CALL)
def on_call_add(request: HttpRequest) -> HttpResponse:
    """Put an account on call for the viewer's own region."""
    editor, today = account_of(request), timezone.localdate()
    try:
        add_turn(
            editor,
            account=accounts_for(editor).filter(pk=parameters.number(request.POST, "account")).first(),
            first_day=_day(request.POST, "first_day"),
            last_day=_day(request.POST, "last_day"),
            telephone=request.POST.get("telephone", ""),
            today=today,
        )
    except OnCallRefused as refusal:
        messages.error(request, f"没有添加：{refusal}。")
    else:
        messages.success(request, "已排上值守。")
    return redirect("on-call")


@post_only("on-call")
@needs(Power.EDIT_ON_CALL)
def on_call_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a turn off the list."""
    turn = get_object_or_404(turns_seen_by(request.user), pk=pk)
    try:
        remove_turn(account_of(request), turn)
    except OnCallRefused as refusal:
        messages.error(request, f"没有移除：{refusal}。")
    else:
        messages.success(request, "已移除。")
    return redirect("on-call")


@post_only("on-call")
@needs(Power.REVEAL_NUMBERS)
def on_call_telephone(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a telephone in full, on this one response. Who asked for it, and why, is on record."""
    turn = get_object_or_404(turns_seen_by(request.user), pk=pk)
    form = _Why(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有显示：{refusal_text(form, '请写明理由（4 到 200 个字）')}。")
        return redirect("on-call")
    try:
        number = shown_telephone(turn, viewer=account_of(request), reason=form.cleaned_data["reason"])
    except OnCallRefused as refusal:
        messages.error(request, f"没有显示：{refusal}。")
        return redirect("on-call")
    return _page(request, shown=turn, number=number)


def _page(request: HttpRequest, **shown: object) -> HttpResponse:
    viewer, today = account_of(request), timezone.localdate()
    own = scope(viewer)
    seen = turns_seen_by(viewer).filter(last_day__gte=today)
    turns = list(seen.order_by("first_day", F("region__code"), "pk")[:_MOST_SHOWN])
    may_edit = may(viewer, Power.EDIT_ON_CALL) and own is not None
    around = region_chain(own) if own is not None else []
    context = {
        "section": "attention",
        "turns": [(turn, masked_telephone(turn), may_edit and in_scope(viewer, turn.region.code)) for turn in turns],
        "gaps": gaps([turn for turn in turns if turn.region.code in around], today=today) if own is not None else [],
        "today": today,
        "may_edit": may_edit,
        "may_reveal": may(viewer, Power.REVEAL_NUMBERS),
        "accounts": accounts_for(viewer) if may_edit else (),
        **shown,
    }
    return render(request, "console/on_call.html", context)


def _day(values: QueryDict, name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(parameters.text(values, name, longest=10))
    except ValueError:
        return None
