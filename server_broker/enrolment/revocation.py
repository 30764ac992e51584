"""Cut a station off within seconds and for good, and bring the database in step after a restore.

The journal comes first, then the broker, then the database: a revocation bites even while the database is away,
and `reconcile` brings the database in step later.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.dateparse import parse_datetime

from server_broker import broker
from server_broker.audit.log import record
from server_broker.enrolment.models import Claim, StationCertificate
from server_broker.fleet.models import Station
from server_broker.home import CountyHome
from server_broker.regions.models import Region
from server_broker.trust.journal import JournalEntry, KnownStation, Standing, StationJournal, stamp


@dataclass(frozen=True)
class Revoked:
    """What a revocation did. ``in_force`` is False while the broker is down: it will refuse when it starts."""

    station: str
    in_force: bool


class UnknownStation(Exception):
    """No station has this id."""


def revoke(home: CountyHome, station: str, *, actor: str, reason: str, now: dt.datetime) -> Revoked:
    """Revoke ``station``: all its certificates, its topics, its open session and its open claim.

    Raises:
        UnknownStation: Nothing was done.
        django.db.OperationalError: The database is away; journal and broker have done their part.
    """
    journal = StationJournal(home)
    if station not in journal.read().stations and not Station.objects.filter(pk=station).exists():
        raise UnknownStation(station)
    journal.append(JournalEntry(at=stamp(now), event="revoked", station=station))
    in_force = broker.refresh(home, now=now)
    broker.cut_off(home, station)
    _mark_revoked(station, now)
    record(actor, "station.revoked", station, {"reason": reason})
    return Revoked(station, in_force)


def _mark_revoked(station: str, at: dt.datetime) -> None:
    with transaction.atomic():
        Station.objects.filter(pk=station, revoked_at=None).update(revoked_at=at)
        StationCertificate.objects.filter(station_id=station, revoked_at=None).update(revoked_at=at)
        Claim.objects.filter(station_id=station, used_at=None, burnt_at=None).update(burnt_at=at)


@dataclass
class Reconciled:
    """What the database had not known. ``unplaced`` stations lie in villages that it does not know either."""

    revoked: list[str] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)


def reconcile(home: CountyHome) -> Reconciled:
    """Bring the database in step with the journal, which never goes backwards. Done at every start."""
    outcome = Reconciled()
    standing = StationJournal(home).read()
    for name in standing.stations.keys() | standing.revoked:
        with transaction.atomic():
            _bring_in_step(name, standing, outcome)
    return outcome


def _bring_in_step(name: str, standing: Standing, outcome: Reconciled) -> None:
    station, known = Station.objects.filter(pk=name).first(), standing.stations.get(name)
    if known is not None and name not in standing.in_doubt and (station is None or _differs(station, known)):
        station = _place(name, known, outcome)
    revoked_at = standing.revoked.get(name)
    if station is not None and revoked_at is not None and station.revoked_at is None:
        _mark_revoked(name, parse_datetime(revoked_at) or station.enrolled_at or dt.datetime.now(dt.UTC))
        record("service", "station.revoked", name, {"reason": "from the journal"})
        outcome.revoked.append(name)


def _differs(station: Station, known: KnownStation) -> bool:
    return station.record_key is None or bytes(station.record_key).hex() != known.enrolled.record_key


def _place(name: str, known: KnownStation, outcome: Reconciled) -> Station | None:
    """Give the database the board that the journal knows as the station's."""
    entry = known.enrolled
    if not Region.objects.filter(pk=entry.village).exists():
        outcome.unplaced.append(name)
        return None
    at = parse_datetime(entry.at)
    changed = {"record_key": bytes.fromhex(entry.record_key), "enrolled_at": at, "revoked_at": None}
    created = {"name": entry.name, "village_id": entry.village, "shard": entry.shard}
    station, _ = Station.objects.update_or_create(pk=name, defaults=changed, create_defaults=changed | created)
    StationCertificate.objects.filter(station=station, revoked_at=None).exclude(serial__in=known.serials).update(
        revoked_at=at
    )
    Claim.objects.filter(lookup=entry.claim, station=station, used_at=None).update(used_at=at)
    record("service", "station.enrolled", name, {"reason": "from the journal"})
    outcome.enrolled.append(name)
    return station
