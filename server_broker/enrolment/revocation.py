"""Cut a station off within seconds and for good, and keep journal and database in step.

The journal comes first, then the broker, then the database: a revocation bites even while the database is away,
and `reconcile` brings the database in step as soon as it is back.
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
    """What one had not known of the other.

    The journal had not known of ``journal_revoked``, the database of the rest; ``unplaced`` stations lie in villages
    that it does not know either.
    """

    journal_revoked: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)


def reconcile(home: CountyHome, *, until: dt.datetime | None = None) -> Reconciled:
    """Bring journal and database in step: boards are as the journal has them, and who is revoked in one is in both.

    Done at every start and every few seconds: where nothing differs it costs one query, and it may be done while
    others enrol, renew and revoke.

    Args:
        until: Leave the database to whoever has written a revocation after this moment and is still at work.
    """
    outcome = Reconciled()
    journal = StationJournal(home)
    standing = journal.read()
    stations = Station.objects.in_bulk()
    revoked = {name for name, station in stations.items() if station.revoked_at is not None}
    for name in sorted(standing.stations.keys() | standing.revoked | revoked):
        if not _is_in_step(name, stations.get(name), standing, until):
            with transaction.atomic():
                _bring_in_step(name, journal, outcome)
    if outcome.journal_revoked:
        broker.refresh(home, now=dt.datetime.now(dt.UTC))
    for name in outcome.journal_revoked:
        broker.cut_off(home, name)
    return outcome


def _is_in_step(name: str, station: Station | None, standing: Standing, until: dt.datetime | None) -> bool:
    if _lacks_board(name, station, standing):
        return False
    if station is None or (name in standing.revoked) == (station.revoked_at is not None):
        return True
    at = parse_datetime(standing.revoked.get(name, ""))
    return until is not None and at is not None and at > until


def _bring_in_step(name: str, journal: StationJournal, outcome: Reconciled) -> None:
    """Look again under the lock that an enrolment holds from before its line until its COMMIT."""
    station = Station.objects.select_for_update(of=("self",)).filter(pk=name).first()
    standing = journal.read()
    if _lacks_board(name, station, standing):
        station = _place(name, standing.stations[name], outcome)
    if station is None:
        return
    if station.revoked_at is None and name in standing.revoked:
        _mark_revoked(name, parse_datetime(standing.revoked[name]) or dt.datetime.now(dt.UTC))
        record("service", "station.revoked", name, {"reason": "from the journal"})
        outcome.revoked.append(name)
    elif station.revoked_at is not None and name not in standing.revoked:
        journal.append(JournalEntry(at=stamp(station.revoked_at), event="revoked", station=name))
        outcome.journal_revoked.append(name)


def _lacks_board(name: str, station: Station | None, standing: Standing) -> bool:
    known = standing.stations.get(name)
    return known is not None and name not in standing.in_doubt and (station is None or _differs(station, known))


def _differs(station: Station, known: KnownStation) -> bool:
    return station.record_key is None or bytes(station.record_key).hex() != known.enrolled.record_key


def _place(name: str, known: KnownStation, outcome: Reconciled) -> Station | None:
    """Give the database the board that the journal knows as the station's."""
    entry = known.enrolled
    if not Region.objects.filter(pk=entry.village).exists():
        outcome.unplaced.append(name)
        return None
    at = parse_datetime(entry.at)
    changed = {"record_key": bytes.fromhex(entry.record_key), "enrolled_at": at}
    created = {"name": entry.name, "village_id": entry.village, "shard": entry.shard}
    station, _ = Station.objects.update_or_create(pk=name, defaults=changed, create_defaults=changed | created)
    StationCertificate.objects.filter(station=station, revoked_at=None).exclude(serial__in=known.serials).update(
        revoked_at=at
    )
    Claim.objects.filter(lookup=entry.claim, station=station, used_at=None).update(used_at=at)
    record("service", "station.enrolled", name, {"reason": "from the journal"})
    outcome.enrolled.append(name)
    return station
