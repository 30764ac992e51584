"""发卡台: the cards that were touched on a day and are bound to nobody, each with a form that binds it to a person.

All earlier touches of the card then count for this person. So the officer must have seen the person's name and village
before. The list beside a card offers the people of its station's village. If the officer
names a person in another way, a page shows the person and asks for confirmation.
"""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, needs
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import happened_between
from server_broker.attendance.waiting_cards import unknown_cards, waiting_cards
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, asked_day
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, stations_of, touches_of, touches_on, unbound
from server_broker.console.touch_rows import shown_touches
from server_broker.dated.days import begin_of, end_of
from server_broker.people.cards import BindRefused, bind_card, free_since, replace_card
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.people.models import Card, Person
from server_broker.people.naming import one_named

MOST_TOUCHES = 500
UNKNOWN_FOR = dt.timedelta(days=35)
"""How far the list of unknown cards goes back. A month's attendance is not closed before that."""
UNKNOWN_A_PAGE = 50
MOST_COUNTED = 20
"""Touches listed one by one on the page that asks for confirmation. Older ones are only counted."""
_LONGEST_PERSON = 80
"""A number and a name of at most 32 characters each (`people.models.Person`), a space between them, and some room."""


@require_safe
@needs(Power.BIND_CARDS)
def desk(request: HttpRequest) -> HttpResponse:
    """List the unbound cards of today or of ``?date=``. ``?station=`` keeps only those of the officer's station."""
    day = parameters.day(request.GET)
    touches = unbound(touches_on(request.user, day)).select_related("station__village")
    station = parameters.text(request.GET, "station", longest=32)
    if station:
        touches = touches.filter(station_id=station)
    # One more than is listed tells whether some are left out, without a second query that counts them.
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


@require_safe
@needs(Power.BIND_CARDS)
def unknown(request: HttpRequest) -> HttpResponse:
    """List the cards of the viewer's scope that were nobody's when they were touched, of the last five weeks."""
    today = timezone.localdate()
    lately = happened_between(begin_of(today - UNKNOWN_FOR), end_of(today))
    station = parameters.text(request.GET, "station", longest=32)
    touches = touches_of(request.user)
    if station:
        touches = touches.filter(station_id=station)
    found = unknown_cards(unbound(touches.filter(lately)))
    context = {
        "section": "desk",
        "page": Paginator(found, UNKNOWN_A_PAGE).get_page(parameters.page_number(request.GET)),
        "weeks": UNKNOWN_FOR.days // 7,
        "stations": stations_of(request.user).filter(revoked_at=None, enrolled_at__isnull=False),
        "station": station,
    }
    return render(request, "console/unknown_cards.html", context)


@post_only("desk")
@needs(Power.BIND_CARDS)
def bind(request: HttpRequest) -> HttpResponse:
    """Bind a card to a person, once the viewer has seen who it is. Card and person must be in the viewer's scope.

    The card must have been touched on the day of the list.
    """
    token = parameters.token(request.POST, "token")
    written = parameters.text(request.POST, "person", longest=_LONGEST_PERSON)
    person = one_named(people_of(request.user).select_related("village"), written)
    touches = touches_on(request.user, parameters.day(request.POST)).select_related("station__village")
    # First, because otherwise the officer would only be told that nobody has this number.
    if identity_number_in(written):
        messages.error(request, f"没有绑定：填的{REMEDY}。")
    elif person is None:
        messages.error(request, "没有绑定：管辖范围内没有这个编号或姓名的人员，或不止一个；请从列表里选。")
    elif token is None or (last := touches.filter(card_token=token).first()) is None:
        messages.error(request, "没有绑定：这一天没有人用这张卡打过卡，请在站点再碰一次。")
    elif taken := _taken(token, person):
        messages.error(request, f"没有绑定：{taken}。")
    elif request.POST.get("more") or not (
        # Chosen in the list beside the card, which shows number and name. A bare number may have a wrong digit.
        (
            written == f"{person.number} {person.name}"
            and person.village_id == last.station.village_id
            and not _is_close(touches, last)
        )
        or request.POST.get("confirmed") == _as_shown(person)
    ):
        return _confirmation_page(request, token, person, last, is_close=_is_close(touches, last))
    else:
        try:
            _bind(request, token, person)
        except (
            BindRefused,
            OwnAffair,
            InputRefused,
        ) as refusal:  # somebody else bound it a moment ago, or it is the viewer's own
            messages.error(request, f"没有绑定：{refusal}。")
        else:
            messages.success(request, f"已绑定给 {person.name}（{person.village.name}），之前的打卡一并计入。")
    return redirect("desk")


def _bind(request: HttpRequest, token: bytes, person: Person) -> None:
    """Bind the card; for a time if the form names a last day, and instead of another card if it names one.

    Raises:
        InputRefused: The day can't be read.
        BindRefused: It can't be bound so.
        OwnAffair: It would be the viewer's own card.
    """
    actor = request.user.get_username()
    until = end_of(asked_day(request.POST, "until")) if request.POST.get("until") else None
    given = request.POST.get("instead_of", "")
    if not given:
        bind_card(token, person, actor=actor, until=until)
        return
    old = person.cards.filter(pk=int(given)).first() if given.isdecimal() and len(given) < 16 else None
    if old is None:
        raise BindRefused("要换下的旧卡已经不是本人的，请重新核对")
    replace_card(old, token, person, actor=actor, until=until)


def _taken(token: bytes, person: Person) -> str:
    """Return why the card can't be given to this person, or nothing."""
    card = Card.objects.filter(token=token).first()
    if card is not None:
        try:
            free_since(card, person)
        except BindRefused as refusal:
            return str(refusal)
    return ""


def _is_close(touches: QuerySet[Touch], last: Touch) -> bool:
    """Return whether another unknown card of this day was touched beside this one (`WaitingCard.is_close`)."""
    there = waiting_cards(unbound(touches.filter(station=last.station_id))[:MOST_TOUCHES])
    return any(card.is_close for card in there if card.token == bytes(last.card_token).hex())


def _as_shown(person: Person) -> str:
    """Return the person's village and name as the confirmation page showed them.

    The form sends this text back. If the person was renamed or moved meanwhile, it differs, and the page comes again.
    """
    return f"{person.village_id} {person.name}"


def _confirmation_page(
    request: HttpRequest, token: bytes, person: Person, last: Touch, *, is_close: bool
) -> HttpResponse:
    """Show which person would get the card, and which touches would count for this person."""
    # Of a card that was somebody's before, only what was touched since it is nobody's.
    touches = unbound(touches_of(request.user).filter(card_token=token))
    newest = touches.order_by("-happened", "-id").select_related("station__village")
    count = touches.count()
    context = {
        "section": "desk",
        "token": token.hex(),
        "day": parameters.day(request.POST),
        "person": person,
        "cards": person.cards.order_by("pk"),
        "today": timezone.localdate(),
        "as_shown": _as_shown(person),
        "station": last.station,
        "is_close": is_close,
        "is_elsewhere": person.village_id != last.station.village_id,
        "rows": shown_touches(request.user, newest[:MOST_COUNTED]),
        "count": count,
        "left_out": max(0, count - MOST_COUNTED),
    }
    return render(request, "console/bind_confirm.html", context)
