"""发卡台: a day's touches of cards that nobody has, each with a form that gives it to a person.

A card's earlier touches count for whoever gets it, and nothing takes that back. So nobody gets a card whose name and
village the officer has not seen: the list beside a card offers the people of its station's village, and whoever is
named in another way is shown on a page that asks.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.attendance.models import Touch
from server_broker.attendance.waiting_cards import waiting_cards
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import HAPPENED, people_of, stations_of, touches_of, touches_on, unbound
from server_broker.console.touch_rows import shown_touches
from server_broker.people.cards import BindRefused, bind_card
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.people.models import Card, Person

MOST_TOUCHES = 500
MOST_COUNTED = 20
"""Touches shown one by one where a binding is confirmed; the rest is counted."""
_LONGEST_PERSON = 80
"""A number and a name of 32 characters each, with a space between them."""


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
    """Give the card of a touch of that day in the viewer's scope to a person in that scope, once they were shown."""
    token = parameters.token(request.POST, "token")
    written = parameters.text(request.POST, "person", longest=_LONGEST_PERSON)
    person = people_of(request.user).filter(number=written.split(" ")[0]).select_related("village").first()
    if identity_number_in(written):
        messages.error(request, f"没有绑定：填的{REMEDY}。")
    elif person is None:
        messages.error(request, "没有绑定：管辖范围内没有这个编号的人员。")
    elif token is None or (last := _last_touch(request, token)) is None:
        messages.error(request, "没有绑定：这一天没有人用这张卡打过卡，请在站点再碰一次。")
    elif Card.objects.filter(token=token).exists():
        messages.error(request, "没有绑定：这张卡已绑定给别人。")
    elif not _was_offered(written, person, last) and request.POST.get("confirmed") != _as_shown(person):
        return _ask(request, token, person, last)
    else:
        _bind(request, token, person)
    return redirect("desk")


def _last_touch(request: HttpRequest, token: bytes) -> Touch | None:
    touches = touches_on(request.user, parameters.day(request.POST)).filter(card_token=token)
    return touches.select_related("station__village").first()


def _was_offered(written: str, person: Person, last: Touch) -> bool:
    """Tell whether the person was chosen in the list beside the card. A bare number is not: a digit may be wrong."""
    return person.village_id == last.station.village_id and written == f"{person.number} {person.name}"


def _as_shown(person: Person) -> str:
    """Return what the page that asks has shown. Somebody renamed or moved meanwhile is shown again."""
    return f"{person.village_id} {person.name}"


def _ask(request: HttpRequest, token: bytes, person: Person, last: Touch) -> HttpResponse:
    """Show who would get the card, and which touches would count for them."""
    touches = touches_of(request.user).filter(card_token=token)
    newest = touches.annotate(happened=HAPPENED).order_by("-happened", "-id").select_related("station__village")
    count = touches.count()
    context = {
        "section": "desk",
        "token": token.hex(),
        "day": parameters.day(request.POST),
        "person": person,
        "cards": person.cards.filter(lost_at=None).count(),
        "as_shown": _as_shown(person),
        "station": last.station,
        "is_elsewhere": person.village_id != last.station.village_id,
        "rows": shown_touches(request.user, newest[:MOST_COUNTED]),
        "count": count,
        "left_out": max(0, count - MOST_COUNTED),
    }
    return render(request, "console/bind_confirm.html", context)


def _bind(request: HttpRequest, token: bytes, person: Person) -> None:
    try:
        bind_card(token, person, actor=request.user.get_username())
    except BindRefused as refusal:
        messages.error(request, f"没有绑定：{refusal}。")
    else:
        messages.success(request, f"已绑定给 {person.name}（{person.village.name}），之前的打卡一并计入。")
