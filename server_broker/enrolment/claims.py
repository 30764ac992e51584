"""Claim codes. A code is made for one station, is told by telephone, and can be used once within 24 hours."""

import datetime as dt
import logging
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from protocol.claim import check_digit
from protocol.decisions import StationClaimed
from server_broker.accounts.hashers import nobodys_hash
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.enrolment.given_claims import digest_of, was_given
from server_broker.enrolment.models import Claim
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome

log = logging.getLogger(__name__)

LIFETIME = dt.timedelta(hours=24)
MAX_WRONG_TRIES = 10
"""The secret has 6 digits besides the check digit, so ten tries find it with a chance of 1 in 100,000."""
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
        code, claim = _insert(station, now)
        entry = record(actor, "claim.made", station.pk, {"village": station.village_id})
        given = StationClaimed(station=station.pk, village=station.village_id, claim=digest_of(claim))
        claim.fact = decide(entry, given, [station])
        claim.save(update_fields=["fact"])
    return code


def _insert(station: Station, now: dt.datetime) -> tuple[str, Claim]:
    while True:
        twelve = f"{secrets.randbelow(10**12):012}"
        code = twelve + check_digit(twelve)
        try:
            # A savepoint: after an IntegrityError PostgreSQL refuses everything else in the transaction.
            with transaction.atomic():
                claim = Claim.objects.create(
                    lookup=code[:LOOKUP_DIGITS],
                    secret_hash=make_password(code[LOOKUP_DIGITS:], hasher="argon2"),
                    station=station,
                    created_at=now,
                    expires_at=now + LIFETIME,
                )
        except IntegrityError:
            continue  # an earlier code that is still stored has the same lookup
        return code, claim


def open_claim(code: str, *, now: dt.datetime) -> Claim | None:
    """Return the claim of a code that `make_claim` returned, if it could still enrol a station."""
    still_open = Claim.objects.filter(used_at=None, burnt_at=None, expires_at__gt=now, station__revoked_at=None)
    return still_open.select_related("station").filter(lookup=code[:LOOKUP_DIGITS]).first()


def redeem(home: CountyHome, code: str, record_key: bytes, *, now: dt.datetime) -> Claim | None:
    """Mark the claim of ``code`` as used and return it. If the code is wrong, count the try and return None.

    The board that used a claim may use it again with the same record key until the code expires, because the response
    may have been lost on its way.

    Call this in a transaction that is committed in both cases, so that a wrong try is counted. An unknown lookup takes
    as much time as a wrong secret, and every refusal is None, so that a guesser learns nothing from the response.

    A claim that nobody gave, or that was changed since, is refused even with the right code
    (`server_broker.enrolment.given_claims`).

    Args:
        code: 13 digits.
        record_key: Record key of the board that asks (Ed25519 public key, 32 bytes). Its request is signed with it.

    Raises:
        RecordStopped: The county has no record key, so it can't tell who was let in.
    """
    found = Claim.objects.filter(lookup=code[:LOOKUP_DIGITS]).first()
    # The hash is slow to check. A claim's hash never changes, so it is checked before anything is locked.
    right = check_password(code[LOOKUP_DIGITS:], found.secret_hash if found else nobodys_hash())
    if found is None:
        return None
    # The station is locked before its claim, as a revocation and `make_claim` do. Otherwise two transactions could wait
    # for each other.
    Station.objects.select_for_update(no_key=True).get(pk=found.station_id)
    claims = Claim.objects.select_for_update(of=("self",)).select_related("station__village")
    claim = claims.filter(pk=found.pk).first()
    if claim is None:  # deleted since it was found
        return None
    if not right:
        claim.wrong_tries += 1
        if claim.wrong_tries >= MAX_WRONG_TRIES and claim.burnt_at is None:
            claim.burnt_at = now
            record("service", "claim.burnt", claim.station_id, {"wrong_tries": claim.wrong_tries})
        claim.save(update_fields=["wrong_tries", "burnt_at"])
        return None
    if claim.burnt_at is not None or claim.expires_at <= now or claim.station.revoked_at is not None:
        return None
    # Used, but by another board: whoever has seen the code can't enrol a second one with it.
    if claim.used_at is not None and bytes(claim.station.record_key or b"") != record_key:
        return None
    if not was_given(home, claim, record_key=record_key):
        log.error(
            "station %s: its claim is not as the county's stream says that it was given",
            claim.station_id,
            extra={"station": claim.station_id},
        )
        return None
    claim.used_at = now
    claim.save(update_fields=["used_at"])
    return claim
