"""Sessions on telephones: short, of one person, on one telephone at a time."""

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.db.models import Q

from server_broker.audit.log import PHONE, coming_from, record
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.pins.models import PersonPin
from server_broker.public.models import PhoneSession, PhoneSignIn, UsedPhoneLink

LIFETIME = dt.timedelta(minutes=30)
"""From the sign-in, whatever is done meanwhile: a telephone that is lent or lost shows nothing an hour later."""
LINKS_KEPT = dt.timedelta(days=1)
"""Longer than any code lives (`protocol.phone_link.LIFETIME_MS`)."""
MOST_SIGN_INS = 10
"""Of one person within an hour: each is an entry of the audit log, which is kept for ever."""
SIGN_INS_KEPT = dt.timedelta(days=1)
_TOKEN_BYTES = 32


class TooManySignIns(Exception):
    """Nobody was signed in. The message is Chinese, for the person with the telephone."""


def open_session(person: Person, *, by: str, now: dt.datetime, station: Station | None = None) -> str:
    """Sign a person in, and return the secret of the session. Another session of the person ends.

    Args:
        by: How the person showed who they are, for the audit log.

    Raises:
        TooManySignIns: The person has signed in too often lately. Nothing was changed.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic(), coming_from(PHONE):
        # First, because it locks the row: sign-ins of one person at the same time are counted one after the other.
        PhoneSession.objects.update_or_create(
            person=person, defaults={"token_hash": _hash(token), "opened_at": now, "station": station}
        )
        lately = PhoneSignIn.objects.filter(person=person, at__gt=now - dt.timedelta(hours=1))
        if lately.count() >= MOST_SIGN_INS:
            raise TooManySignIns("您一小时里登录太多次了，请过一小时再登录。")
        PhoneSignIn.objects.create(person=person, at=now)
        where = {} if station is None else {"station": station.pk}
        record(f"person:{person.number}", "phone.signed_in", person.number, {"by": by, **where})
    return token


def session_of(token: str, now: dt.datetime) -> PhoneSession | None:
    """Return the session that a telephone shows, or None if it has ended.

    It also ends with the right to it: when the person leaves, the station whose code opened it is revoked, or the PIN
    that opened it is taken back or replaced.
    """
    if not token:
        return None
    session = PhoneSession.objects.select_related("person__village", "station").filter(token_hash=_hash(token)).first()
    # A clock that was set back must not lengthen a session, so one from the future is over too.
    if session is None or not now - LIFETIME < session.opened_at <= now:
        return None
    if session.station is None:
        later = Q(voided_at__gt=session.opened_at) | Q(set_at__gt=session.opened_at)
        is_revoked = PersonPin.objects.filter(later, person=session.person_id).exists()
    else:
        is_revoked = session.station.revoked_at is not None
    return None if session.person.left or is_revoked else session


def end_session(session: PhoneSession) -> None:
    """Sign the person out."""
    PhoneSession.objects.filter(pk=session.pk, token_hash=bytes(session.token_hash)).delete()


def drop_ended(now: dt.datetime) -> int:
    """Delete sessions that are over, used codes that could not be used anyway and old sign-ins; return how many."""
    sessions, _ = PhoneSession.objects.filter(opened_at__lt=now - LIFETIME).delete()
    links, _ = UsedPhoneLink.objects.filter(used_at__lt=now - LINKS_KEPT).delete()
    sign_ins, _ = PhoneSignIn.objects.filter(at__lt=now - SIGN_INS_KEPT).delete()
    return sessions + links + sign_ins


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
