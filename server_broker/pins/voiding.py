"""Void PINs: the township resets one, a revoked station's are no PINs any more, and who leaves has none."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from protocol.decisions import PinReset
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.fleet.alarm_codes import PINS_SET_ASIDE
from server_broker.fleet.alarms import raise_or_resolve
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.people.models import Person
from server_broker.people.villages import villages_named
from server_broker.pins.models import PersonPin
from server_broker.platform.set_aside import Aside


def reset_pin(person: Person, *, actor: str, reason: str, at: datetime) -> None:
    """Have a person without a PIN and without wrong tries; they set a new one with their card.

    Raises:
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    with transaction.atomic():
        kept, _ = PersonPin.objects.select_for_update().get_or_create(person=person)
        # The tries until now were at what held until now, so none of them counts any more.
        kept.verifier, kept.voided_at = None, at
        kept.save()
        entry = record(actor=actor, action="pin.reset", subject=person.number, detail={"reason": reason})
        decide(entry, PinReset(person=person.pk))
        shelf_changed_under(person.village_id, at=at)


def void_set_since(person: Person, since: datetime | None, *, actor: str, reason: str, at: datetime) -> None:
    """Void a PIN that was set at ``since`` or later, because the card that proves its setter was in other hands then.

    Args:
        since: None: whenever it was set.
    """
    pins = PersonPin.objects.filter(person=person).exclude(verifier=None)
    if since is not None:
        pins = pins.filter(set_at__gte=since)
    if pins.exists():
        reset_pin(person, actor=actor, reason=reason, at=at)


def void_needless(now: datetime, aside: Aside[int]) -> int:
    """Void the PINs that were set at stations that were revoked since, and erase those of people who left.

    The county's chores call it, so that nothing stays valid by neglect; `verifier_of` asks the same again at each
    sign-in. Return how many were voided.

    Args:
        aside: The people over whose PIN the program failed.
    """
    with transaction.atomic():
        needless = _needless(PersonPin.objects.exclude(verifier=None)).order_by("pk").values_list("pk", flat=True)
        voided = aside.do(aside.due(needless, now), lambda some: _void(some, now), now)
        raise_or_resolve(station=None, code=PINS_SET_ASIDE, severity="major", detail=_told(aside.failed), at=now)
    return len(voided)


def _void(people: Sequence[int], now: datetime) -> None:
    found = _needless(PersonPin.objects.exclude(verifier=None).filter(pk__in=people)).order_by("pk")
    for kept in found.select_for_update(of=("self",)):
        PersonPin.objects.filter(pk=kept.pk).update(voided_at=now, verifier=None)
        entry = record("service", "pin.voided", kept.person.number, {"station": kept.station_id or ""})
        decide(entry, PinReset(person=kept.person_id))
        shelf_changed_under(kept.person.village_id, at=now)


def _told(failed: Collection[int]) -> str:
    if not failed:
        return ""
    said = f"{len(failed)} 个人的密码该作废，还没有办成（{villages_named(failed)}）"
    return f"{said}：凭它再登录不了，已登录的手机要等办成才退出；别人的照常作废"


def _needless(pins: QuerySet[PersonPin]) -> QuerySet[PersonPin]:
    return pins.filter(Q(person__left=True) | Q(station__revoked_at__gte=F("set_at"))).select_related("person__village")


def valid(pins: QuerySet[PersonPin]) -> QuerySet[PersonPin]:
    """Return those PINs that hold: set, not of somebody who left, and not set at a station that was revoked since."""
    return pins.exclude(verifier=None).filter(person__left=False).exclude(station__revoked_at__gte=F("set_at"))
