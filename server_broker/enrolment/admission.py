"""Enrol a station by its claim code, and renew its certificate by its record key.

The journal is written and the broker reads its lists again before the transaction commits, so an enrolled station can
connect at once. If the process dies in between, the journal has an enrolment that the database lacks. Then `reconcile`
completes it at the broker and in the database. The claim stays valid, so the technician can try again.

A revocation may come at any moment, even one that only the journal knows of. So the journal decides.
"""

import datetime as dt
import zlib

from django.db import IntegrityError, transaction

from protocol.claim import parse_claim_code
from protocol.decisions import StationEnrolled
from protocol.enrolment import Broker, Enrolled, EnrolRequest, RenewRequest, verify_request
from protocol.refusal import Refused
from server_broker import broker
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import check_can_decide, decide
from server_broker.enrolment.claims import redeem
from server_broker.enrolment.csr import read_csr
from server_broker.enrolment.given_claims import digest_of
from server_broker.enrolment.models import Claim, StationCertificate, UsedNonce
from server_broker.enrolment.refusals import NotAdmitted
from server_broker.fleet.asked_too_much import AskedTooMuch
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.shards import shard_of
from server_broker.trust.authority import IssuedCertificate, StationPublicKey
from server_broker.trust.board_name import board_name
from server_broker.trust.journal import EntryRefused, JournalEntry, StationJournal, journal_time
from server_broker.trust.keys import county_keys

MAX_ANSWERS = 6
"""Most certificates for one claim. A response may be lost on its way, so one is not enough. Each makes the broker read
new lists, so the number is bounded."""
MAX_AN_HOUR = 12
"""Most certificates for one station in an hour, because each is stored for ever. A station asks at most every ten
minutes (`docs/protocol.md`, 10)."""

_renewals_beyond = AskedTooMuch("要求换证书")


def enrol(home: CountyHome, request: EnrolRequest, *, now: dt.datetime) -> Enrolled:
    """Enrol the station that the request's claim is for. Its new board replaces an earlier one.

    Raises:
        NotAdmitted: The request is refused; the exception says why.
        JournalDamaged: No station is enrolled until a person has mended the journal.
        RecordStopped: No station is enrolled while the county can't sign who was taken in.
    """
    # The signature proves that the sender has the record key that it asks us to store.
    try:
        verify_request(request.record_key, request)
    except Refused as error:
        raise NotAdmitted("bad_signature") from error
    key = read_csr(request.csr)
    try:
        code = parse_claim_code(request.claim)
    except Refused as error:
        raise NotAdmitted("claim_refused") from error
    try:
        with transaction.atomic():
            claim = redeem(home, code, request.record_key, now=now)
            if claim is not None:
                _use_nonce(claim.station, request.nonce, now)
            issued = _take_in(home, claim, request.record_key, key, now) if claim else None
    except EntryRefused as error:
        raise NotAdmitted("claim_refused") from error
    # Not raised in the transaction, which must be committed: it counts the wrong try.
    if claim is None or issued is None:
        raise NotAdmitted("claim_refused")
    return _response(home, claim.station, request.nonce, issued)


def _take_in(
    home: CountyHome, claim: Claim, record_key: bytes, key: StationPublicKey, now: dt.datetime
) -> IssuedCertificate:
    # Without the key: the rows of facts refer to the station's, so with it the ingest worker would wait for the broker.
    locked = Station.objects.select_for_update(no_key=True, of=("self",))
    station = locked.select_related("village").get(pk=claim.station_id)
    if station.certificates.filter(issued_at__gte=claim.created_at).count() >= MAX_ANSWERS:
        raise NotAdmitted("claim_refused")
    # The journal and the broker follow no rollback: without this a board that is refused would put the old one out.
    check_can_decide(home)
    again = station.enrolled_at is not None
    # The earlier board's certificates end now: a station has one board at a time.
    StationCertificate.objects.filter(station=station, revoked_at=None).update(revoked_at=now)
    station.record_key, station.enrolled_at, station.revoked_at = record_key, now, None
    station.shard = _shard(home, station)
    station.save(update_fields=["record_key", "enrolled_at", "revoked_at", "shard"])
    shelf_changed([station.pk], at=now)
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
    # The earlier board may still be connected. It is cut off after the lists have changed, so it can't come back.
    broker.cut_off(home, station.pk)
    # Last, because every other entry of the audit log waits for this one's COMMIT.
    detail: Detail = {"serial": issued.serial, "again": again}
    entry = record(f"station:{station.pk}", "station.enrolled", station.pk, detail)
    taken_in = StationEnrolled(station=station.pk, record_key=record_key, claim=digest_of(claim))
    decide(entry, taken_in, [station])
    return issued


def renew(home: CountyHome, request: RenewRequest, *, now: dt.datetime) -> Enrolled:
    """Issue a new certificate to an enrolled station, even if its old one has expired.

    Raises:
        NotAdmitted: The request is refused; the exception says why. A sender without the station's record key gets the
            same refusal whatever the station's state is, so it learns nothing about the station.
        JournalDamaged: No certificate is renewed until a person has mended the journal.
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
    except NotAdmitted as refusal:
        if refusal.code == "too_many_tries":
            _renewals_beyond.refused(station.pk, at=now)
        raise
    return _response(home, station, request.nonce, issued)


def _renew(
    home: CountyHome, station: Station, nonce: bytes, key: StationPublicKey, now: dt.datetime
) -> IssuedCertificate:
    """Issue the certificate under a lock on the station's row, so that it isn't revoked in the database meanwhile.

    Raises:
        EntryRefused: It was revoked, or another board took this one's place, since the request was read.
    """
    assert station.record_key is not None
    # Without the key, as in `_take_in`.
    if not Station.objects.select_for_update(no_key=True).filter(pk=station.pk, revoked_at=None).first():
        raise EntryRefused(station.pk)
    if station.certificates.filter(issued_at__gt=now - dt.timedelta(hours=1)).count() >= MAX_AN_HOUR:
        raise NotAdmitted("too_many_tries")
    _use_nonce(station, nonce, now)
    issued = _issue(home, station, key, now)
    record(f"station:{station.pk}", "certificate.renewed", station.pk, {"serial": issued.serial})
    record_key = bytes(station.record_key).hex()
    # The journal comes last: if it refuses the entry, everything above is rolled back.
    StationJournal(home).append(
        JournalEntry(
            at=journal_time(now), event="renewed", station=station.pk, serial=issued.serial, record_key=record_key
        )
    )
    return issued


def _shard(home: CountyHome, station: Station) -> int:
    """Return the shard that a station is given with its certificate, and speaks in from its next connection on.

    With one worker it keeps what it has: a county that never divides its stations has one shard, 0.
    """
    return shard_of(station.pk) if read_config(home).ingest_workers > 1 else station.shard


def _use_nonce(station: Station, nonce: bytes, now: dt.datetime) -> None:
    try:
        with transaction.atomic():
            UsedNonce.objects.create(station=station, nonce=nonce, used_at=now)
    except IntegrityError as error:
        raise NotAdmitted("nonce_used") from error


def _issue(home: CountyHome, station: Station, key: StationPublicKey, now: dt.datetime) -> IssuedCertificate:
    assert station.record_key is not None
    board = board_name(station.pk, bytes(station.record_key).hex())
    issued = county_keys(home).authority.issue_station(station.pk, key, board=board, now=now)
    StationCertificate.objects.create(station=station, serial=issued.serial, not_after=issued.not_after, issued_at=now)
    return issued


def _broker(config: CountyConfig, station: str, *, shard: int) -> Broker:
    rabbit = config.broker
    if rabbit is not None:
        # Each station begins at another host, so that not all are at the first one.
        first = zlib.crc32(station.encode()) % len(rabbit.hosts)
        host, *others = rabbit.hosts[first:] + rabbit.hosts[:first]
        return Broker(host=host, port=rabbit.port, shard=shard, other_hosts=others)
    return Broker(host=config.host, port=config.broker_port, shard=shard, fallback_port=config.broker_fallback_port)


def _response(home: CountyHome, station: Station, nonce: bytes, issued: IssuedCertificate) -> Enrolled:
    keys, config = county_keys(home), read_config(home)
    return Enrolled(
        station=station.pk,
        village=station.village.name,
        nonce=nonce,
        certificate=issued.pem,
        broker=_broker(config, station.pk, shard=_shard(home, station)),
        county_keys=list(keys.public_keys.values()),
        card_key=keys.card_key,
    )
