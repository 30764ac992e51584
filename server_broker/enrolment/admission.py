"""Take a station in on its claim, and renew its certificate on its record key.

The journal is written before the transaction commits: should the commit fail, the claim is still good and the
technician tries again. The broker follows before the answer goes out, so an admitted station can connect at once.
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
from server_broker.enrolment.models import StationCertificate, UsedNonce
from server_broker.enrolment.refusals import NotAdmitted
from server_broker.fleet.models import Station
from server_broker.home import CountyHome
from server_broker.service.config import read_config
from server_broker.trust.authority import IssuedCertificate, StationPublicKey
from server_broker.trust.journal import JournalEntry, StationJournal, stamp
from server_broker.trust.keys import county_keys


def enrol(home: CountyHome, request: EnrolRequest, *, now: dt.datetime) -> Enrolled:
    """Take in the station that the request's claim is for, in place of an earlier board of it.

    Raises:
        NotAdmitted: And why.
    """
    _check_signature(request.record_key, request)
    key = read_csr(request.csr)
    try:
        code = parse_claim_code(request.claim)
    except Refused as error:
        raise NotAdmitted("claim_refused") from error
    with transaction.atomic():
        claim = redeem(code, request.record_key, now=now)
        if claim is not None and _is_revoked(home, claim.station.pk):
            claim = None
        if claim is not None:
            _use_nonce(claim.station, request.nonce, now)
        issued = _take_in(home, claim.station, claim.lookup, request.record_key, key, now) if claim else None
    if claim is None or issued is None:
        raise NotAdmitted("claim_refused")
    broker.refresh(home, now=now)
    broker.cut_off(home, claim.station.pk)
    return _answer(home, claim.station, request.nonce, issued)


def _is_revoked(home: CountyHome, station: str) -> bool:
    """Ask the journal: of a revocation that was made while the database was away, the database does not know."""
    known = StationJournal(home).read().stations.get(station)
    return known is not None and not known.live


def _take_in(
    home: CountyHome, station: Station, lookup: str, record_key: bytes, key: StationPublicKey, now: dt.datetime
) -> IssuedCertificate:
    station = Station.objects.select_for_update(of=("self",)).select_related("village").get(pk=station.pk)
    again = station.enrolled_at is not None
    StationCertificate.objects.filter(station=station, revoked_at=None).update(revoked_at=now)
    station.record_key, station.enrolled_at, station.revoked_at = record_key, now, None
    station.save(update_fields=["record_key", "enrolled_at", "revoked_at"])
    issued = _issue(home, station, key, now)
    record(f"station:{station.pk}", "station.enrolled", station.pk, {"serial": issued.serial, "again": again})
    StationJournal(home).append(
        JournalEntry(
            at=stamp(now),
            event="enrolled",
            station=station.pk,
            serial=issued.serial,
            record_key=record_key.hex(),
            claim=lookup,
            name=station.name,
            village=station.village_id,
            shard=station.shard,
        )
    )
    return issued


def renew(home: CountyHome, request: RenewRequest, *, now: dt.datetime) -> Enrolled:
    """Issue a new certificate to a station that is on the list, whether or not its old one has expired.

    Raises:
        NotAdmitted: And why. Who does not hold the record key learns nothing about the station.
    """
    station = Station.objects.select_related("village").filter(pk=request.station).first()
    if station is None or station.record_key is None:
        raise NotAdmitted("not_recognised")
    try:
        verify_request(bytes(station.record_key), request)
    except Refused as error:
        raise NotAdmitted("not_recognised") from error
    key = read_csr(request.csr)
    journal = StationJournal(home)
    known = journal.read().live().get(station.pk)
    record_key = bytes(station.record_key).hex()
    if station.revoked_at is not None or known is None or known.enrolled.record_key != record_key:
        raise NotAdmitted("revoked")
    with transaction.atomic():
        _use_nonce(station, request.nonce, now)
        issued = _issue(home, station, key, now)
        record(f"station:{station.pk}", "certificate.renewed", station.pk, {"serial": issued.serial})
        journal.append(
            JournalEntry(
                at=stamp(now), event="renewed", station=station.pk, serial=issued.serial, record_key=record_key
            )
        )
    if issued.serial in journal.read().revoked_serials:  # revoked or replaced in this very moment
        StationCertificate.objects.filter(serial=issued.serial).update(revoked_at=now)
        broker.refresh(home, now=now)
        raise NotAdmitted("revoked")
    return _answer(home, station, request.nonce, issued)


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
