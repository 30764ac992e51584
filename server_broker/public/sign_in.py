"""Sign in by number and PIN. Each try is counted before it is evaluated. No answer tells which of the two was wrong."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from protocol.china_time import milliseconds
from protocol.pin_tries import NO_TRIES, PinTries, failed, locked_ms
from protocol.pins import derive_verifier, is_pin
from protocol.refusal import Refused
from server_broker.people.models import Person
from server_broker.pins.models import PersonPin
from server_broker.pins.verifiers import verifier_of
from server_broker.public.brake import begin_try
from server_broker.public.known_phones import is_known
from server_broker.public.models import DoorTries, NobodysTries
from server_broker.public.sessions import open_session
from server_broker.public.typed_number import person_of, plain

_NOBODYS = derive_verifier("802746", salt=bytes(16))
"""Evaluated where there is no PIN, so that an unknown number takes as long as a known one."""


class SignInRefused(Exception):
    """Nobody was signed in. The message is Chinese, for the person with the telephone."""


_WRONG = "编号或密码不对。还没有设密码的，请先到站点刷卡后设置。"


def sign_in(number: str, pin: str, *, address: str, now: dt.datetime, marks: str = "") -> str:
    """Sign a person in, and return the secret of the session.

    Args:
        number: As it was typed; full-width letters and digits and blanks are allowed.
        pin: As above.
        address: Where the telephone's connection comes from.
        now: When.
        marks: Those that the telephone keeps of who has signed in on it (`known_phones`).

    Raises:
        SignInRefused: The number or the PIN is wrong, or the number is locked.
        TooManyTries: Too many tries were wrong lately. Nothing was evaluated.
        TooManySignIns: The person has signed in too often lately. For the network it counts as a wrong try.
    """
    number, pin = plain(number), plain(pin)
    person = person_of(number)
    known = person is not None and is_known(marks, person, now)
    wrong = begin_try("number", address, now, known=known)
    verifier = None if person is None else verifier_of(person)
    if person is None or verifier is None:
        _count_try(NobodysTries.objects, {"number": _hidden(number)}, now, pin_set=None)
        is_pin(_NOBODYS, pin)
        raise SignInRefused(_WRONG)
    pin_set = PersonPin.objects.values_list("set_at", flat=True).get(person=person)
    _count_try(DoorTries.objects, {"person": person}, now, pin_set=pin_set)
    try:
        is_right = is_pin(verifier, pin)
    except Refused:  # a station of a later release set it, or a stolen one
        is_right = False
    if not is_right:
        raise SignInRefused(_WRONG)
    _take_back(person)
    token = open_session(person, by="number", now=now)
    wrong.delete()
    return token


def _count_try(
    rows: models.Manager[Any], whose: Mapping[str, Any], now: dt.datetime, *, pin_set: dt.datetime | None
) -> None:
    """Count a try as wrong before it is evaluated.

    Args:
        rows: Of `DoorTries` or of `NobodysTries`.
        whose: What names one of them.
        pin_set: When the PIN was set that the try is for.

    Raises:
        SignInRefused: The number is locked. Nothing was counted.
    """
    now_ms = milliseconds(now)
    with transaction.atomic():
        rows.get_or_create(**whose)
        # Locked, so that tries at the same time are counted one after the other.
        row = rows.select_for_update().get(**whose)
        tries = PinTries(fails=row.fails, last=milliseconds(row.last)) if row.last else NO_TRIES
        # A PIN is set by whoever has the person's card, so tries at the one before say nothing of it.
        if row.last and pin_set and pin_set > row.last:
            tries = NO_TRIES
        if left_ms := locked_ms(tries, now_ms):
            hours = -(-left_ms // 3_600_000)
            raise SignInRefused(f"这个编号试错太多次，手机登录锁了。请 {hours} 小时后再试，或到站点刷卡后扫二维码。")
        row.fails, row.last = failed(tries, now_ms).fails, now
        row.save(update_fields=["fails", "last"])


def _hidden(number: str) -> bytes:
    return salted_hmac("server_broker.public.nobodys_number", number.lower(), algorithm="sha256").digest()


def _take_back(person: Person) -> None:
    """Count the try that was right no longer. It forgives no wrong one (`protocol.pin_tries`)."""
    DoorTries.objects.filter(person=person, fails__gt=0).update(fails=F("fails") - 1)
