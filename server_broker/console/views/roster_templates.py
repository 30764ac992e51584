"""排班模板: how villages fill a window of one name, and laying that over some months of several villages at once."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, Proposal, Shown, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import roster_templates_of, windows_of
from server_broker.console.roster_preview import lines_of, plan_context
from server_broker.console.views.rosters import asked_month, villages_with_windows
from server_broker.duty.models import RosterTemplate
from server_broker.duty.overlaps import WindowRefused
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.regions.models import Region
from server_broker.rosters.templates import (
    MOST_MONTHS,
    MOST_TURNS,
    Laying,
    Pattern,
    TemplatePlan,
    end_template,
    lay,
    make_template,
    months_from,
    next_month,
    plan_of,
)

MOST_VILLAGES = 60
MOST_LISTED = 200
_LONGEST = 4_000


@require_safe
@needs(Power.EDIT_PEOPLE)
def roster_templates(request: HttpRequest) -> HttpResponse:
    """Show the templates that the viewer may use, and the form that makes one."""
    windows = windows_of(request.user).filter(ended=False).order_by("name").values_list("name", flat=True).distinct()
    context = {
        "section": "rosters",
        "templates": list(roster_templates_of(request.user)),
        "windows": list(windows[:100]),
        "rules": RosterTemplate.Rule.choices,
        "dates": RosterTemplate.Dates.choices,
        "leader_by": RosterTemplate.LeaderBy.choices,
        "may_make": scope(request.user) is not None,
    }
    return render(request, "console/roster_templates.html", context)


@post_only("roster-templates")
@needs(Power.EDIT_PEOPLE)
def roster_template_add(request: HttpRequest) -> HttpResponse:
    """Make a template of the viewer's own region."""
    own = scope(request.user)
    region = None if own is None else regions_of(request.user).filter(pk=own).first()
    if region is None:
        messages.error(request, "没有添加：您的账号还没有分配县、镇或村。")
        return redirect("roster-templates")
    try:
        made = make_template(region, _pattern(request), actor=request.user.get_username())
    except (InputRefused, WindowRefused) as refusal:
        messages.error(request, f"没有添加：{refusal}。")
        return redirect("roster-templates")
    messages.success(request, f"已添加模板“{made.name}”。选好村和月份，就可以排。")
    return redirect("roster-template", pk=made.pk)


def _pattern(request: HttpRequest) -> Pattern:
    values = request.POST
    rule = parameters.choice(values, "rule", tuple(RosterTemplate.Rule))
    turns, leaders = _lines(values, "turns"), _lines(values, "leaders")
    if identity_number_in(" ".join((*turns, *leaders, values.get("name", "")[:200]))):
        raise InputRefused(f"填的{REMEDY}")
    digits = [int(one) for one in parameters.text(values, "digits", longest=40) if one.isascii() and one.isdecimal()]
    return Pattern(
        name=parameters.prose(values, "name", longest=32),
        window=parameters.text(values, "window", longest=32),
        rule=rule,
        turns=["" if text == "无" else text for text in turns],
        leaders=leaders,
        leader_by=parameters.choice(values, "leader_by", tuple(RosterTemplate.LeaderBy)),
        dates=parameters.choice(values, "dates", tuple(RosterTemplate.Dates)),
        digits=digits,
    )


def _lines(values: Mapping[str, str], name: str) -> list[str]:
    """Return the lines of a field, without the blank ones and as a page's other texts are."""
    given = values.get(name, "")[:_LONGEST].splitlines()
    return [text for line in given[: 2 * MOST_TURNS] if (text := parameters.plain(line, longest=200))]


@require_safe
@needs(Power.EDIT_PEOPLE)
def roster_template_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a template, and ask over which villages and months it is to be laid."""
    found = get_object_or_404(roster_templates_of(request.user), pk=pk)
    with_window = set(windows_of(request.user).filter(name=found.window, ended=False).values_list("village", flat=True))
    context: dict[str, Any] = {
        "section": "rosters",
        "template": found,
        "villages": [(one, one.pk in with_window) for one in villages_with_windows(request)],
        "month": next_month(),
        "months": range(1, MOST_MONTHS + 1),
        "is_own": regions_of(request.user).filter(pk=found.region_id).exists(),
    }
    return render(request, "console/roster_template.html", context)


@post_only("roster-template", "pk")
@needs(Power.EDIT_PEOPLE)
def roster_template_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a template of the viewer's regions out of use."""
    own = roster_templates_of(request.user).filter(region__in=regions_of(request.user))
    found = get_object_or_404(own, pk=pk)
    end_template(found, actor=request.user.get_username())
    messages.success(request, f"模板“{found.name}”已停用；排好的班不变。")
    return redirect("roster-templates")


@post_only("roster-template", "pk")
@needs(Power.EDIT_PEOPLE)
def roster_template_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a template comes to in each village, and what stands in the way; then say it in one decision."""
    found = get_object_or_404(roster_templates_of(request.user), pk=pk)
    back = reverse("roster-template", args=[found.pk])
    try:
        laying = _laying(request)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    place = Region.objects.get(pk=laying.villages[0] if len(laying.villages) == 1 else laying.scope)
    windows = windows_of(request.user).filter(village__in=laying.villages, name=found.window)
    ids = list(windows.values_list("pk", flat=True))
    title = f"按模板“{found.name}”排 {laying.first} 到 {laying.last} 的班（{len(laying.villages)} 个村）"
    made: list[TemplatePlan] = []

    def do(reason: str) -> None:
        # Made anew each time: posts, leave and rosters may just have changed.
        made.append(plan_of(found, laying))
        lay(found, made[-1], place=place, actor=request.user.get_username(), reason=reason)

    def more(shown: Shown) -> Mapping[str, object]:
        plan = made[-1]
        return {
            **plan_context(request.user, shown, ids),
            "in_the_way": plan.in_the_way[:MOST_LISTED],
            "more_in_the_way": max(0, len(plan.in_the_way) - MOST_LISTED),
        }

    proposal = Proposal(
        title=title,
        do=do,
        done=f"{title}，已记录。",
        back=back,
        section="rosters",
        look=lambda: lines_of(request.user, ids, [laying.first, laying.last]),
        notes=lambda: [f"{made[-1].kept} 天已经排过，没有改。"] if made[-1].kept else [],
        template="console/roster_decide.html",
        more=more,
    )
    return decide_on(request, proposal)


def _laying(request: HttpRequest) -> Laying:
    own = scope(request.user)
    there = {one.pk for one in villages_with_windows(request)}
    villages = [code for code in dict.fromkeys(request.POST.getlist("villages")[:MOST_VILLAGES]) if code in there]
    if own is None or not villages:
        raise InputRefused("请至少选一个村")
    given = request.POST.get("months", "1")
    months = int(given) if given in {str(n) for n in range(1, MOST_MONTHS + 1)} else 1
    first = asked_month(request.POST.get("month", ""))
    return Laying(villages, first, months_from(first, months), own, replace=request.POST.get("replace") == "yes")
