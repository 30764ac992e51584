"""The township takes a person's PIN back, so that they set a new one with their card."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from server_broker.accounts.powers import Power, needs
from server_broker.console.deciding import Proposal, decide_on
from server_broker.console.pin_words import pin_lines
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of
from server_broker.pins.voiding import reset_pin


@post_only("person", "pk")
@needs(Power.BIND_CARDS)
def pin_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the PIN and its lock, with a reason that is on record."""
    found = get_object_or_404(people_of(request.user), pk=pk)
    actor = request.user.get_username()
    return decide_on(
        request,
        Proposal(
            title=f"{found.name}：重设密码",
            do=lambda reason: reset_pin(found, actor=actor, reason=reason, at=timezone.now()),
            done=f"{found.name} 的密码已作废，锁也解开了。请本人带卡到站点重新设一个。",
            back=reverse("person", args=[found.pk]),
            section="people",
            look=lambda: pin_lines(found),
            tokens=[],
        ),
    )
