"""发卡台: a day's touches of cards that nobody has, each with a form that gives it to a person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.attendance.waiting_cards import waiting_cards
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, stations_of, touches_on, unbound
from server_broker.people.cards import BindRefused, bind_card
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.people.models import Person

MOST_TOUCHES = 500


@require_safe
@needs(Power.BIND_CARDS)
def desk(request: HttpRequest) -> HttpResponse:
    """List the cards of today or of ``?date=``; ``?station=`` narrows to the station that the officer stands at."""
    day = parameters.day(request.GET)
    touches = unbound(touches_on(request.user, day)).select_related("station__village")
    station = parameters.text(request.GET, "station", longest=32)
    if station:
        touches = touches.filter(station_id=station)
    newest = list(touches[: MOST_TOUCHES + 1])
    waiting = waiting_cards(newest[:MOST_TOUCHES])
    villages = {card.station.village_id for card in waiting}
    context = {
        "waiting": waiting,
        "day": day,
        "day_refused": parameters.day_refused(request.GET),
        "is_today": day == timezone.localdate(),
        "people": people_of(request.user).filter(village__in=villages).order_by("village", "number"),
        "touches_left_out": MOST_TOUCHES if len(newest) > MOST_TOUCHES else 0,
        "stations": stations_of(request.user).filter(revoked_at=None, enrolled_at__isnull=False),
        "station": station,
    }
    return render(request, "console/desk.html", context)


@post_only("desk")
@needs(Power.BIND_CARDS)
def bind(request: HttpRequest) -> HttpResponse:
    """Give the card of a touch of that day in the viewer's scope to a person in that scope."""
    token = parameters.token(request.POST, "token")
    number = parameters.text(request.POST, "person")
    person = people_of(request.user).filter(number=number.split(" ")[0]).select_related("village").first()
    if identity_number_in(number):
        messages.error(request, f"没有绑定：填的{REMEDY}。")
    elif person is None:
        messages.error(request, "没有绑定：管辖范围内没有这个编号的人员。")
    elif token is None or not _was_touched(request, token):
        messages.error(request, "没有绑定：这一天没有人用这张卡打过卡，请在站点再碰一次。")
    else:
        _bind(request, token, person)
    return redirect("desk")


def _was_touched(request: HttpRequest, token: bytes) -> bool:
    return touches_on(request.user, parameters.day(request.POST)).filter(card_token=token).exists()


def _bind(request: HttpRequest, token: bytes, person: Person) -> None:
    try:
        bind_card(token, person, actor=request.user.get_username())
    except BindRefused as refusal:
        messages.error(request, f"没有绑定：{refusal}。")
    else:
        messages.success(request, f"已绑定给 {person.name}（{person.village.name}），之前的打卡一并计入。")
