"""People's identity and mobile numbers: correct one, show one in full to whoever says why, and find a person by one.

Whatever is typed here goes by POST, so that no address and no log has it.
"""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, needs
from server_broker.audit.log import record
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.people.number_forms import KINDS, LONGEST, WORDS, BadNumber, NumberKind, masked, read_number
from server_broker.people.private_numbers import (
    NumberRefused,
    erase_number,
    people_with,
    reveal,
    set_number,
)

_NO_REASON = "请写明理由（4 到 200 个字）"


class _Why(forms.Form):
    reason = ReasonField()


@post_only("person", "pk")
@needs(Power.EDIT_PEOPLE)
def number_set(request: HttpRequest, pk: int) -> HttpResponse:
    """Register, correct or erase a number of a person."""
    found = get_object_or_404(people_of(request.user), pk=pk)
    form, kind, actor = _Why(request.POST), _kind(request), request.user.get_username()
    back = redirect("person", pk=found.pk)
    if not form.is_valid():
        messages.error(request, f"没有改动：{refusal_text(form, _NO_REASON)}。")
        return back
    reason = form.cleaned_data["reason"]
    try:
        if request.POST.get("act") == "erase":
            erase_number(found, kind, actor=actor, reason=reason)
            messages.success(request, f"{found.name} 的{WORDS[kind]}已删除。")
        else:
            number = read_number(kind, request.POST.get("number", "")[:LONGEST])
            set_number(found, kind, number, actor=actor, reason=reason)
            messages.success(request, f"{found.name} 的{WORDS[kind]}已登记：{masked(number)}。")
    except BadNumber as problem:
        messages.error(request, f"没有改动：{WORDS[kind]}{problem}。")
    except (NumberRefused, OwnAffair) as refusal:
        messages.error(request, f"没有改动：{refusal}。")
    return back


@post_only("person", "pk")
@needs(Power.REVEAL_NUMBERS)
def number_shown(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a number in full, on this one page. The person learns who saw it and why."""
    found = get_object_or_404(people_of(request.user).select_related("village"), pk=pk)
    form, kind = _Why(request.POST), _kind(request)
    if not form.is_valid():
        messages.error(request, f"没有显示：{refusal_text(form, _NO_REASON)}。")
        return redirect("person", pk=found.pk)
    reason = form.cleaned_data["reason"]
    try:
        number = reveal(found, kind, account=account_of(request), reason=reason, now=timezone.now())
    except NumberRefused as refusal:
        messages.error(request, f"没有显示：{refusal}。")
        return redirect("person", pk=found.pk)
    context = {"section": "people", "person": found, "word": WORDS[kind], "number": number, "reason": reason}
    return render(request, "console/number_shown.html", context)


@post_only("people")
@needs(Power.SEE_PEOPLE)
def people_find(request: HttpRequest) -> HttpResponse:
    """Lead to the person who has exactly this number. Who lies outside the viewer's scope is not found."""
    typed = request.POST.get("number", "")[:LONGEST]
    for kind in KINDS:
        try:
            number = read_number(kind, typed)
        except BadNumber:
            continue
        found = list(people_with(kind, number, among=people_of(request.user)).order_by("village_id", "number")[:2])
        for person in found:
            # Whose it is, never what was typed: an entry is for ever.
            record(request.user.get_username(), "person.number_searched", person.number, {"kind": kind})
        if len(found) == 1:
            return redirect("person", pk=found[0].pk)
        if found:
            both = "、".join(f"{person.name}（{person.number}）" for person in found)
            messages.warning(request, f"不止一个人登记了这个{WORDS[kind]}：{both}。")
        else:
            messages.warning(request, f"管辖范围内没有人登记这个{WORDS[kind]}。")
        return redirect("people")
    messages.error(request, "没有查：请填完整的 18 位身份证号或 11 位手机号。")
    return redirect("people")


def _kind(request: HttpRequest) -> NumberKind:
    return "mobile" if parameters.choice(request.POST, "kind", KINDS) == "mobile" else "identity"
