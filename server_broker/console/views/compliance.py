"""合规开关: what burdens people and is off, the rule that speaks against it, and who turned it on, when and why."""

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.own_affairs import OwnAffair, is_own_affair
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import sees_county
from server_broker.compliance.models import SwitchStep
from server_broker.compliance.switches import SWITCHES, SwitchRefused, agree, ask, standings, turn_off
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.duty.shown import BOARD_SWITCHES
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.people.identity import identity_number_in

MOST_STEPS = 50
_ACTS: dict[str, tuple[Callable[..., None], str]] = {
    "ask": (ask, "已申请。要由另一个人同意才会打开，在那以前还是关着。"),
    "agree": (agree, "已打开。"),
    "off": (turn_off, "已关闭。"),
}


@require_safe
@needs(Power.SEE_SWITCHES)
def compliance(request: HttpRequest) -> HttpResponse:
    """Show every switch with its rule, how it stands, and what was done with it."""
    actor = request.user.get_username()
    rows = [(now, now.newest is not None and is_own_affair(actor, asked_by=now.newest.by)) for now in standings()]
    context = {
        "section": "compliance",
        "rows": rows,
        "unbuilt": any(not now.switch.asked_by for now, _ in rows),
        "steps": [(SWITCHES[step.code], step) for step in _steps() if step.code in SWITCHES],
        "may_turn": may(request.user, Power.TURN_SWITCHES) and sees_county(request.user),
    }
    return render(request, "console/compliance.html", context)


def _steps() -> list[SwitchStep]:
    return list(SwitchStep.objects.order_by("-id")[:MOST_STEPS])


@post_only("compliance")
@needs(Power.TURN_SWITCHES)
def switch_step(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a switch, agree to it, or turn it off."""
    # A switch holds for the whole county, so it is no township's to turn.
    if code not in SWITCHES or not sees_county(request.user):
        raise Http404
    reason = parameters.prose(request.POST, "reason", longest=201)
    act, done = _ACTS[parameters.choice(request.POST, "act", ("off", "ask", "agree"))]
    try:
        if identity_number_in(reason):
            raise SwitchRefused("理由会一直留在记录里，请不要写身份证号")
        with transaction.atomic():
            act(code, reason=reason, actor=request.user.get_username(), at=timezone.now())
            if code in BOARD_SWITCHES:
                # Kiosks show no more of who is on duty than the front door does.
                desired_changed_under("")
    except (SwitchRefused, OwnAffair) as refusal:
        messages.error(request, f"没有改动：{str(refusal).rstrip('。')}。")
    else:
        messages.success(request, f"{SWITCHES[code].word}：{done}")
    return redirect("compliance")
