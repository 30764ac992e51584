"""Take a station in on its claim, and renew its certificate on its record key.

The journal is written and the broker follows before the transaction commits. Should one die on the way, the database
lacks what the journal has, and `reconcile` ends at broker and database what was begun; the claim is still good, and
the technician tries again. An admitted station can connect at once.
A revocation may come at any moment, and also one that the database does not know of: the journal has the last word.
"""

import datetime as dt

from django.db import IntegrityError, transaction

from protocol.claim import parse_claim_code
from protocol.enrolment import Broker, Enrolled, EnrolRequest, RenewRequest, verify_request
from protocol.refusal import Refused
from server_broker import broker
from server_broker.audit.log import record
from server_broker.enrolment.claims import redeem
from server_broker.enrolment.csr import read_csr
from server_broker.enrolment.models import Claim, StationCertificate, UsedNonce
from server_broker.enrolment.refusals import NotAdmitted
from server_broker.fleet.models import Station
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.trust.authority import IssuedCertificate, StationPublicKey
from server_broker.trust.journal import EntryRefused, JournalEntry, StationJournal, journal_time
from server_broker.trust.keys import county_keys

MAX_ANSWERS = 6
"""Certificates that one claim is good for, since answers get lost on their way. Each costs the broker a new list."""
MAX_AN_HOUR = 12
"""Certificates for one station. It asks every ten minutes at most (`docs/protocol.md`, 10); each is kept for good."""


def enrol(home: CountyHome, request: EnrolRequest, *, now: dt.datetime) -> Enrolled:
    """Take in the station that the request's claim is for, in place of an earlier board of it.

    Raises:
        NotAdmitted: And why.
        JournalDamaged: Nobody is taken in before a person has looked.
    """
    _check_signature(request.record_key, request)
    key = read_csr(request.csr)
    try:
        code = parse_claim_code(request.claim)
    except Refused as error:
        raise NotAdmitted("claim_refused") from error
    try:
        with transaction.atomic():
            claim = redeem(code, request.record_key, now=now)
            if claim is not None:
                _use_nonce(claim.station, request.nonce, now)
            issued = _take_in(home, claim, request.record_key, key, now) if claim else None
    except EntryRefused as error:
        raise NotAdmitted("claim_refused") from error
    if claim is None or issued is None:
        raise NotAdmitted("claim_refused")
    return _answer(home, claim.station, request.nonce, issued)


def _take_in(
    home: CountyHome, claim: Claim, record_key: bytes, key: StationPublicKey, now: dt.datetime
) -> IssuedCertificate:
    station = Station.objects.select_for_update(of=("self",)).select_related("village").get(pk=claim.station_id)
    if station.certificates.filter(issued_at__gte=claim.created_at).count() >= MAX_ANSWERS:
        raise NotAdmitted("claim_refused")
    again = station.enrolled_at is not None
    StationCertificate.objects.filter(station=station, revoked_at=None).update(revoked_at=now)
    station.record_key, station.enrolled_at, station.revoked_at = record_key, now, None
    station.save(update_fields=["record_key", "enrolled_at", "revoked_at"])
    issued = _issue(home, station, key, now)
    StationJournal(home).append(
        JournalEntry(
            at=journal_time(now),
            event="enrolled",
            station=station.pk,
            serial=issued.serial,
            record_key=record_key.hex(),
            claim=claim.lookup,
            name=station.name,
            village=station.village_id,
            shard=station.shard,
        )
    )
    broker.refresh(home, now=now)
    broker.cut_off(home, station.pk)
    # Last, because every other entry of the audit log waits for this one's COMMIT.
    record(f"station:{station.pk}", "station.enrolled", station.pk, {"serial": issued.serial, "again": again})
    return issued


def renew(home: CountyHome, request: RenewRequest, *, now: dt.datetime) -> Enrolled:
    """Issue a new certificate to a station that is on the list, whether or not its old one has expired.

    Raises:
        NotAdmitted: And why. Who does not hold the record key learns nothing about the station.
        JournalDamaged: No certificate is renewed before a person has looked.
    """
    station = Station.objects.select_related("village").filter(pk=request.station).first()
    if station is None or station.record_key is None:
        raise NotAdmitted("not_recognised")
    try:
        verify_request(bytes(station.record_key), request)
    except Refused as error:
        raise NotAdmitted("not_recognised") from error
    key = read_csr(request.csr)
    try:
        with transaction.atomic():
            issued = _renew(home, station, request.nonce, key, now)
    except EntryRefused as error:
        raise NotAdmitted("revoked") from error
    return _answer(home, station, request.nonce, issued)


def _renew(
    home: CountyHome, station: Station, nonce: bytes, key: StationPublicKey, now: dt.datetime
) -> IssuedCertificate:
    """Issue the certificate while nobody revokes the station in the database.

    Raises:
        EntryRefused: It was revoked, or another board took this one's place, since the request was read.
    """
    assert station.record_key is not None
    if not Station.objects.select_for_update().filter(pk=station.pk, revoked_at=None).first():
        raise EntryRefused(station.pk)
    if station.certificates.filter(issued_at__gt=now - dt.timedelta(hours=1)).count() >= MAX_AN_HOUR:
        raise NotAdmitted("too_many_tries")
    _use_nonce(station, nonce, now)
    issued = _issue(home, station, key, now)
    record(f"station:{station.pk}", "certificate.renewed", station.pk, {"serial": issued.serial})
    record_key = bytes(station.record_key).hex()
    StationJournal(home).append(
        JournalEntry(
            at=journal_time(now), event="renewed", station=station.pk, serial=issued.serial, record_key=record_key
        )
    )
    return issued


def _check_signature(record_key: bytes, request: EnrolRequest) -> None:
    try:
        verify_request(record_key, request)
    except Refused as error:
        raise NotAdmitted("bad_signature") from error


def _use_nonce(station: Station, nonce: bytes, now: dt.datetime) -> None:
    try:
        with transaction.atomic():
            UsedNonce.objects.create(station=station, nonce=nonce, used_at=now)
    except IntegrityError as error:
        raise NotAdmitted("nonce_used") from error


def _issue(home: CountyHome, station: Station, key: StationPublicKey, now: dt.datetime) -> IssuedCertificate:
    issued = county_keys(home).authority.issue_station(station.pk, key, now=now)
    StationCertificate.objects.create(station=station, serial=issued.serial, not_after=issued.not_after, issued_at=now)
    return issued


def _answer(home: CountyHome, station: Station, nonce: bytes, issued: IssuedCertificate) -> Enrolled:
    keys, config = county_keys(home), read_config(home)
    return Enrolled(
        station=station.pk,
        village=station.village.name,
        nonce=nonce,
        certificate=issued.pem,
        broker=Broker(
            host=config.host,
            port=config.broker_port,
            shard=station.shard,
            fallback_port=config.broker_fallback_port,
        ),
        county_keys=list(keys.public_keys.values()),
        card_key=keys.card_key,
    )
