"""Claim codes. A code is made for one station, is told by telephone, and can be used once within 24 hours."""

import datetime as dt
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from protocol.claim import check_digit
from server_broker.accounts.hashers import nobodys_hash
from server_broker.audit.log import record
from server_broker.enrolment.models import Claim
from server_broker.fleet.models import Station

LIFETIME = dt.timedelta(hours=24)
MAX_WRONG_TRIES = 10
LOOKUP_DIGITS = 6
_KEPT_AFTER_END = dt.timedelta(days=30)


class ClaimRefused(Exception):
    """No code was made. The message is Chinese, for the person who asked for it."""


def make_claim(station: Station, *, actor: str, now: dt.datetime) -> str:
    """Return the 13 digits of a new code for ``station``. An older code that is still open becomes invalid.

    Raises:
        ClaimRefused: The station is revoked, so no code could enrol it.
    """
    with transaction.atomic():
        # Locked, so that two people who ask at the same time take turns. Otherwise both codes would stay open.
        if Station.objects.select_for_update(no_key=True).get(pk=station.pk).revoked_at is not None:
            raise ClaimRefused(f"站点 {station.pk} 已吊销，不能再接入；请新建一个站点编号")
        Claim.objects.filter(expires_at__lt=now - _KEPT_AFTER_END).delete()
        Claim.objects.filter(station=station, used_at=None, burnt_at=None).update(burnt_at=now)
        code = _insert(station, now)
        record(actor, "claim.made", station.pk, {"village": station.village_id})
    return code


def _insert(station: Station, now: dt.datetime) -> str:
    while True:
        twelve = f"{secrets.randbelow(10**12):012}"
        code = twelve + check_digit(twelve)
        try:
            with transaction.atomic():
                Claim.objects.create(
                    lookup=code[:LOOKUP_DIGITS],
                    secret_hash=make_password(code[LOOKUP_DIGITS:], hasher="argon2"),
                    station=station,
                    created_at=now,
                    expires_at=now + LIFETIME,
                )
        except IntegrityError:
            continue  # an earlier code that is still stored has the same lookup
        return code


def is_open(code: str, *, now: dt.datetime) -> bool:
    """Tell whether a code that `make_claim` returned could still enrol a station."""
    return Claim.objects.filter(
        lookup=code[:LOOKUP_DIGITS], used_at=None, burnt_at=None, expires_at__gt=now, station__revoked_at=None
    ).exists()


def redeem(code: str, record_key: bytes, *, now: dt.datetime) -> Claim | None:
    """Mark the claim of ``code`` as used and return it. If the code is wrong, count the try and return None.

    The board that used a claim may use it again with the same record key until the code expires, because the response
    may have been lost on its way.

    Call this in a transaction that is committed in both cases, so that a wrong try is counted. An unknown lookup takes
    as much time as a wrong secret, and every refusal is None, so that a guesser learns nothing from the response.

    Args:
        code: 13 digits.
        record_key: Record key of the board that asks (Ed25519 public key, 32 bytes). Its request is signed with it.
    """
    found = Claim.objects.filter(lookup=code[:LOOKUP_DIGITS]).first()
    # The hash is slow to check. A claim's hash never changes, so it is checked before anything is locked.
    right = check_password(code[LOOKUP_DIGITS:], found.secret_hash if found else nobodys_hash())
    claim = _locked(found) if found else None
    if claim is None:
        return None
    if not right:
        _count_wrong_try(claim, now)
        return None
    if claim.burnt_at is not None or claim.expires_at <= now or claim.station.revoked_at is not None:
        return None
    if claim.used_at is not None and bytes(claim.station.record_key or b"") != record_key:
        return None
    claim.used_at = now
    claim.save(update_fields=["used_at"])
    return claim


def _locked(claim: Claim) -> Claim | None:
    """Lock the station and then its claim, and return the claim as it is now; None if it was deleted meanwhile.

    A revocation and `make_claim` lock in the same order. Otherwise two transactions could wait for each other.
    """
    Station.objects.select_for_update().get(pk=claim.station_id)
    locked = Claim.objects.select_for_update(of=("self",)).select_related("station__village")
    return locked.filter(pk=claim.pk).first()


def _count_wrong_try(claim: Claim, now: dt.datetime) -> None:
    claim.wrong_tries += 1
    if claim.wrong_tries >= MAX_WRONG_TRIES and claim.burnt_at is None:
        claim.burnt_at = now
        record("service", "claim.burnt", claim.station_id, {"wrong_tries": claim.wrong_tries})
    claim.save(update_fields=["wrong_tries", "burnt_at"])
