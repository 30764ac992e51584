"""Bind cards to people, report them lost, and undo both. What a change replaces stays readable."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from protocol.decisions import CardBound, CardFound, CardLost, CardMoved
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.stretches import stretch_around
from server_broker.dated.writing import Period, acting, put
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import people_changed_in
from server_broker.people.existence import existed, stays
from server_broker.people.models import Binding, BindingState, Card, Person

TOKEN_BYTES = 16
_ACTIONS: dict[type, str] = {CardLost: "card.lost", CardFound: "card.found", CardMoved: "card.moved"}


class BindRefused(Exception):
    """The card can't be bound, or its binding can't be changed so. The message is Chinese, for the person who tries."""


def bind_card(
    token: bytes,
    person: Person,
    *,
    actor: str,
    tail: str = "",
    until: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Card:
    """Bind a card to a person and notify the village's stations.

    A card's first binding counts back to its first touch. If the card was somebody's before, it counts from when it was
    nobody's (`held_since`).

    Args:
        token: The card's token (`protocol.cards`), as a station sent it.
        tail: Last four digits of the card number, if known; a touch gives only the token.
        until: The card is a temporary one, and this binding ends then.

    Raises:
        BindRefused: The card is bound already, or ``token`` is invalid. Nothing was changed.
        OwnAffair: It would be the actor's own card.
    """
    now = now or timezone.now()
    if len(token) != TOKEN_BYTES:
        raise BindRefused("卡标识无效")
    if until is not None and until <= now:
        raise BindRefused("临时卡的到期时间已经过了")
    refuse_own_affair(actor, [person.pk])
    try:
        with acting(actor):
            _refuse_left(person)
            card = Card.objects.select_for_update().filter(token=token).first()
            if card is None:
                card, since = Card.objects.create(token=token, tail=tail[-4:], person=person, bound_at=now), None
            else:
                since = free_since(card, person)
            _bind(card, person, Period(since, until), actor=actor)
            detail: Detail = {"card": card.pk, "temporary": until is not None}
            entry = record(actor=actor, action="card.bound", subject=person.number, detail=detail)
            decide(entry, CardBound(card=card.pk, person=person.pk), [card])
            people_changed_in(person.village_id)
    except IntegrityError as error:  # a card's token is unique, also if two officers bind the card at the same time
        raise BindRefused("这张卡已绑定给别人") from error
    card.refresh_from_db()
    return card


def replace_card(
    old: Card,
    token: bytes,
    person: Person,
    *,
    actor: str,
    tail: str = "",
    until: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Card:
    """Give a person a new card, and have the old one be nobody's from now on. Either both happens or nothing.

    The new card counts from its first touch, and the old one until now. So nothing that was touched meanwhile is lost.

    Args:
        old: A card of this person, which may be a lost one.
        token: As the others, of the new card (`bind_card`).

    Raises:
        BindRefused: The old card is not this person's, or the new one can't be bound.
        OwnAffair: It would be the actor's own card.
    """
    now = now or timezone.now()
    with transaction.atomic():
        _, holder = _locked(old)
        if holder is None or holder.pk != person.pk:
            raise BindRefused("要换下的旧卡已经不是本人的，请重新核对")
        card = bind_card(token, person, actor=actor, tail=tail, until=until, now=now)
        end_binding(old, actor=actor, reason="补卡，换成新卡", now=now)
    return card


def _bind(card: Card, person: Person, period: Period, *, actor: str) -> None:
    temporary = period.until is not None
    content = {"person_id": person.pk, "state": BindingState.HELD, "temporary": temporary}
    put(Binding, [card.pk], period, content, actor=actor)
    if temporary:
        _nobodys(card, Period(period.until), actor=actor, reason="")


def _nobodys(card: Card, period: Period, *, actor: str, reason: str) -> None:
    content = {"person_id": None, "state": BindingState.ENDED, "temporary": False}
    put(Binding, [card.pk], period, content, actor=actor, reason=reason)


def held_since(card: Card) -> dt.datetime | None:
    """Return since when the card has been as it is now: somebody's, lost or nobody's. None: always."""
    row = Binding.objects.known().filter(subject=card).at(timezone.now()).first()
    return row.valid_from if row else None


def free_since(card: Card, person: Person) -> dt.datetime | None:
    """Return since when the card is nobody's.

    Raises:
        BindRefused: It is somebody's.
    """
    if card.person_id is None:
        return held_since(card)
    if card.person_id != person.pk:
        raise BindRefused("这张卡已绑定给别人")
    raise BindRefused("这是本人挂失的卡，请办“找回”" if card.lost_at else "这张卡已绑定给本人")


def report_lost(
    card: Card, *, actor: str, reason: str = "", since: dt.datetime | None = None, now: dt.datetime | None = None
) -> None:
    """Mark a card as lost. Stations then record its touches, refuse them and raise an alarm. Repeating is harmless.

    Args:
        since: When it was lost, as the person says. Touches from then on don't count.

    Raises:
        BindRefused: ``since`` is in the future or before the person had the card.
        OwnAffair: It is the actor's own card.
    """
    now = now or timezone.now()
    with transaction.atomic():
        card, person = _locked(card)
        if person is None or card.lost_at is not None:
            return
        begin = since or now
        _begin_state(card, person, BindingState.LOST, begin, now, actor, reason, "丢失时间要在领卡以后、现在以前")
        _done(card, person, CardLost(card=card.pk), actor, since=begin, reason=reason)


def card_found(
    card: Card, *, actor: str, reason: str, since: dt.datetime | None = None, now: dt.datetime | None = None
) -> None:
    """Have a lost card count again from ``since``. If that is when it was lost, it never was.

    Raises:
        BindRefused: The card is not lost, or ``since`` is not between the loss and now.
        OwnAffair: It is the actor's own card.
    """
    now = now or timezone.now()
    with transaction.atomic():
        card, person = _locked(card)
        if person is None or card.lost_at is None:
            raise BindRefused("这张卡没有挂失")
        begin = since or now
        _begin_state(card, person, BindingState.HELD, begin, now, actor, reason, "找回时间要在挂失以后、现在以前")
        _done(card, person, CardFound(card=card.pk), actor, since=begin, reason=reason)


def _begin_state(
    card: Card,
    person: Person,
    state: BindingState,
    begin: dt.datetime,
    now: dt.datetime,
    actor: str,
    reason: str,
    refusal: str,
) -> None:
    """Have a card be lost, or no longer, from ``begin`` on: after it began to be as it is, and not after ``now``.

    Raises:
        BindRefused: ``begin`` does not lie there; ``refusal`` says so.
        OwnAffair: It is the actor's own card.
    """
    refuse_own_affair(actor, [person.pk])
    stood = held_since(card)
    if begin > now or (stood is not None and begin < stood):
        raise BindRefused(refusal)
    content = {"person_id": person.pk, "state": state}
    put(Binding, [card.pk], Period(begin), content, actor=actor, reason=reason)


def end_binding(
    card: Card, *, actor: str, reason: str, since: dt.datetime | None = None, now: dt.datetime | None = None
) -> None:
    """Have the card be nobody's from ``since``: it was handed in or replaced. What was touched before still counts.

    Raises:
        BindRefused: The card is nobody's, or ``since`` is before the person had it.
        OwnAffair: It is the actor's own card.
    """
    now = now or timezone.now()
    with transaction.atomic():
        card, person = _locked(card)
        if person is None:
            raise BindRefused("这张卡现在没有人用")
        refuse_own_affair(actor, [person.pk])
        begin, had = since or now, _stretch(card, person, now).since
        if had is not None and begin < had:
            raise BindRefused("停用时间要在领卡以后")
        _nobodys(card, Period(begin), actor=actor, reason=reason)
        _done(card, person, CardMoved(card=card.pk), actor, since=begin, reason=reason)


def take_card(
    card: Card,
    *,
    actor: str,
    reason: str,
    since: dt.datetime | None,
    give_to: Person | None = None,
    now: dt.datetime | None = None,
) -> None:
    """Take a card from the person who got it by mistake, with its touches from ``since``, and give it to another.

    Args:
        since: None: with all its touches since this person has had it.
        give_to: Who should have had it; None: nobody yet, and its touches wait for a person again.

    Raises:
        BindRefused: Nobody or the same person has the card, or ``since`` does not fit.
        OwnAffair: It is the actor's card, or would be.
    """
    now = now or timezone.now()
    with transaction.atomic():
        card, person = _locked(card)
        if person is None:
            raise BindRefused("这张卡现在没有人用，请到发卡台绑定")
        if give_to is not None:
            if give_to.pk == person.pk:
                raise BindRefused("这张卡已绑定给本人")
            _refuse_left(give_to)
        refuse_own_affair(actor, [one.pk for one in (person, give_to) if one is not None])
        stretch = _stretch(card, person, now)
        had = stretch.since
        if since is not None and (since > now or (had is not None and since < had)):
            raise BindRefused("改正的起点要在领卡以后、现在以前")
        begin = had if since is None else since
        if since is not None and give_to is not None and not existed(give_to, since):
            raise BindRefused(f"{give_to.name} 那时还不在册，请先改在册日期")
        period = Period(begin, stretch.until)
        if give_to is None:
            _nobodys(card, period, actor=actor, reason=reason)
        else:
            # Only the person: where the card was lost it stays lost, and a temporary one stays temporary.
            put(Binding, [card.pk], period, {"person_id": give_to.pk}, actor=actor, reason=reason)
        moved = CardMoved(card=card.pk, person=None if give_to is None else give_to.pk)
        other = "" if give_to is None else give_to.number
        _done(card, person, moved, actor, since=begin, reason=reason, given_to=other)
        if give_to is not None:
            people_changed_in(give_to.village_id)


def _stretch(card: Card, person: Person, now: dt.datetime) -> Period:
    """Return from when to when this person has the card without a break, lost or not, around ``now``."""
    rows = Binding.objects.known().filter(subject=card).order_by(F("valid_from").asc(nulls_first=True))
    return stretch_around(rows, now, held=lambda row: row.person_id == person.pk) or Period(now)


def _refuse_left(person: Person) -> None:
    """Refuse a person who has left, and let nobody record that they leave before this transaction ends.

    Raises:
        BindRefused: The person has left, or is to leave.
    """
    now = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not stays(now, timezone.now()):
        raise BindRefused(f"{now.name} 已离开或将要离开，请先办“回来”")


def _locked(card: Card) -> tuple[Card, Person | None]:
    """Return the card and its person as they are now, locked so that no other change can come between."""
    now = Card.objects.select_for_update().get(pk=card.pk)
    return now, now.person


def _done(
    card: Card,
    person: Person,
    what: CardLost | CardFound | CardMoved,
    actor: str,
    *,
    since: dt.datetime | None,
    reason: str,
    given_to: str = "",
) -> None:
    """Write the audit entry and tell the stations, in the caller's transaction."""
    detail: Detail = {"card": card.pk, "since": "" if since is None else since.isoformat(), "reason": reason}
    if given_to:
        detail["given_to"] = given_to
    entry = record(actor=actor, action=_ACTIONS[type(what)], subject=person.number, detail=detail)
    decide(entry, what, [card])
    people_changed_in(person.village_id)
