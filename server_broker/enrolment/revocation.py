"""Revoke a station within seconds and for good, and keep the journal and the database in step.

A revocation writes the journal first, then the broker's lists, then the database, so that it works while the database
is away. Without the journal only the database is tried; every other step is tried whatever failed. The result says
which steps were done. The county's chores do the missing ones later: the broker's keeper (`broker.Keeper`) the lists
and sessions, `reconcile` the journal and the database.
"""

import datetime as dt
import logging
from collections.abc import Buffer, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, transaction
from django.utils.dateparse import parse_datetime

from protocol.decisions import StationEnrolled, StationRevoked
from server_broker import broker
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.enrolment.models import Claim, StationCertificate
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import region_once
from server_broker.trust.journal import JournalEntry, JournalStation, StationJournal, StationRoll, journal_time

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Revoked:
    """Which steps of a revocation were done.

    Attributes:
        in_journal: The revocation is permanent, and the county's chores do every later step that failed.
        lists_written: The lists on disk exclude the station, so a broker that starts now does not let it in.
        broker_runs: A broker runs, and the station may be connected to it. So too if nobody can tell.
        in_force: The running broker uses these lists, or RabbitMQ has no user of the station any more.
        session_ended: The running broker has ended the station's open session.
        in_database: The console shows the revocation, and the audit log holds who revoked the station and why.
    """

    station: str
    in_journal: bool
    lists_written: bool
    broker_runs: bool
    in_force: bool
    session_ended: bool
    in_database: bool

    @property
    def is_out(self) -> bool:
        """Whether the station is out and cannot come back."""
        return self.lists_written and (not self.broker_runs or (self.in_force and self.session_ended))

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.in_journal and self.is_out and self.in_database

    def said(self) -> str:
        """Return in Chinese what was done, and what a person has to do or can expect."""
        if not self.in_journal:
            kept = "；数据库已记下，能写名册时会自动补办" if self.in_database else "，请再吊销一次"
            return f"站点 {self.station} 没有断开：名册写不进去。请先腾出磁盘空间{kept}"
        if not self.lists_written:
            at_broker = "但消息服务的名单写不进去，站点还能连上；请马上腾出磁盘空间，名单会自动补写"
        elif not self.broker_runs:
            at_broker = "消息服务没有运行，启动时即被拒绝"
        elif not self.in_force:
            at_broker = "但消息服务还没有照新名单办，站点可能还连着；会自动再试，请看 cunhui-server doctor"
        elif not self.session_ended:
            at_broker = "不能再连上，但现有的连接还没有断开；会自动再试"
        else:
            at_broker = "已断开"
        database = "" if self.in_database else "；数据库没有记上，恢复后会自动补记，但审计里没有操作人和理由"
        return f"站点 {self.station} 已吊销，{at_broker}{database}"


class UnknownStation(Exception):
    """No station has this id."""


def revoke(home: CountyHome, station: str, *, actor: str, reason: str, now: dt.datetime) -> Revoked:
    """Revoke ``station``: all its certificates, its topics, its open session and its open claim.

    Returns:
        Which steps were done. Without the journal only the database is tried; every other step whatever failed.

    Raises:
        UnknownStation: Nothing was done.
        django.db.OperationalError: Nothing was done: the journal does not know the station, and the database is away.
    """
    journal = StationJournal(home)
    # The journal is asked first, so that the database is not needed for a station that it knows.
    if station not in journal.read().stations and not Station.objects.filter(pk=station).exists():
        raise UnknownStation(station)
    entry = JournalEntry(at=journal_time(now), event="revoked", station=station)
    in_journal, _ = _tried("the line in the journal", lambda: journal.append(entry))
    lists_written = False
    in_force = session_ended = None
    if in_journal:  # the lists follow from the journal, so without it they would not change
        lists_written, in_force = _tried("the broker's lists", lambda: broker.refresh(home, now=now))
        # The session is ended even if the lists could not be written, because that stops the station at least until it
        # connects again.
        _, session_ended = _tried("the end of the open session", lambda: broker.cut_off(home, station))
    _, broker_runs = _tried("the answer whether a broker runs", lambda: broker.may_have_sessions(home))
    return Revoked(
        station=station,
        in_journal=in_journal,
        lists_written=lists_written,
        broker_runs=broker_runs is not False,
        in_force=in_force is True,
        session_ended=session_ended is True,
        in_database=_tried("the database", lambda: _mark_revoked(station, now, actor=actor, reason=reason))[0],
    )


def _tried[T](step: str, do: Callable[[], T]) -> tuple[bool, T | None]:
    """Return whether ``do`` came to its end, and its result (None if it did not)."""
    try:
        return True, do()
    except (OSError, ServiceError, OperationalError, InterfaceError) as error:
        log.error("a revocation lacks %s: %s", step, error)
        return False, None


def _mark_revoked(station: str, at: dt.datetime, *, actor: str, reason: str) -> None:
    with transaction.atomic():
        # The station first, because an enrolment and `redeem` lock in this order. An earlier revocation keeps its time.
        Station.objects.filter(pk=station, revoked_at=None).update(revoked_at=at)
        StationCertificate.objects.filter(station_id=station, revoked_at=None).update(revoked_at=at)
        Claim.objects.filter(station_id=station, used_at=None, burnt_at=None).update(burnt_at=at)
        entry = record(actor, "station.revoked", station, {"reason": reason})
        decide(entry, StationRevoked(station=station), Station.objects.filter(pk=station))


@dataclass
class Reconciled:
    """The differences that `reconcile` found, by station.

    Attributes:
        journal_revoked: Revoked only in the database; now in the journal too.
        revoked: Revoked only in the journal; now in the database too.
        enrolled: The journal had a board that the database lacked; now the database has it.
        unplaced: As ``enrolled``, but not stored, because the database does not know the station's village.
    """

    journal_revoked: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)


def reconcile(home: CountyHome, *, until: dt.datetime | None = None) -> Reconciled:
    """Bring journal and database in step. The journal's boards count; a revocation in either counts for both.

    This runs at every start and every few seconds. If nothing differs it costs one query. It is safe while other
    processes enrol, renew and revoke.

    Args:
        until: Ignore revocations that were written to the journal after this moment: the process that wrote one is
            probably about to write it to the database, together with who revoked the station and why.
    """
    outcome = Reconciled()
    journal = StationJournal(home)
    roll = journal.read()
    # Without the models, because 10,000 of them would take a tenth of a core every few seconds.
    rows = Station.objects.values_list("pk", "revoked_at", "record_key")
    stations = {name: _Known(revoked_at, record_key) for name, revoked_at, record_key in rows}
    revoked = {name for name, station in stations.items() if station.revoked_at is not None}
    for name in sorted(roll.stations.keys() | roll.revoked | revoked):
        if not _is_in_step(name, stations.get(name), roll, until):
            # One transaction a station: what was done for one stays done if another fails.
            with transaction.atomic():
                _bring_in_step(name, journal, outcome)
    # A process may have died after it enrolled a board and before it cut the earlier one off, so this is done again.
    behind = outcome.journal_revoked + outcome.enrolled
    if behind:
        broker.refresh(home, now=dt.datetime.now(dt.UTC))
    for name in behind:
        if not broker.cut_off(home, name):
            break  # the broker does not answer, so it would not answer for the other stations either
    return outcome


class _Known(NamedTuple):
    """What the database says of a station, as far as the journal says it too."""

    revoked_at: dt.datetime | None
    record_key: Buffer | None


def _is_in_step(name: str, station: _Known | None, roll: StationRoll, until: dt.datetime | None) -> bool:
    if _lacks_board(name, station, roll):
        return False
    if station is None or (name in roll.revoked) == (station.revoked_at is not None):
        return True
    at = parse_datetime(roll.revoked.get(name, ""))
    return until is not None and at is not None and at > until


def _bring_in_step(name: str, journal: StationJournal, outcome: Reconciled) -> None:
    """Compare again, under the lock on the station's row that an enrolment holds until its COMMIT."""
    station = Station.objects.select_for_update(no_key=True, of=("self",)).filter(pk=name).first()
    roll = journal.read()
    if _lacks_board(name, station, roll):
        station = _place(name, roll.stations[name], outcome)
    if station is None:
        return
    if station.revoked_at is None and name in roll.revoked:
        at = parse_datetime(roll.revoked[name]) or dt.datetime.now(dt.UTC)
        _mark_revoked(name, at, actor="service", reason="from the journal")
        outcome.revoked.append(name)
    elif station.revoked_at is not None and name not in roll.revoked:
        journal.append(JournalEntry(at=journal_time(station.revoked_at), event="revoked", station=name))
        outcome.journal_revoked.append(name)


def _lacks_board(name: str, station: Station | _Known | None, roll: StationRoll) -> bool:
    """Tell whether the journal has a board that the database lacks. A board in doubt may have been revoked."""
    known = roll.stations.get(name)
    if known is None or name in roll.in_doubt:
        return False
    if station is None or station.record_key is None:
        return True
    return bytes(station.record_key).hex() != known.enrolled.record_key


def _place(name: str, known: JournalStation, outcome: Reconciled) -> Station | None:
    """Store the board that the journal has for the station, and return the station; None if its village is unknown."""
    entry = known.enrolled
    # The village may have got another code since the journal was written.
    village = region_once(entry.village)
    if village is None:
        outcome.unplaced.append(name)
        return None
    at = parse_datetime(entry.at)
    changed = {"record_key": bytes.fromhex(entry.record_key), "enrolled_at": at}
    # The console may have given the station another name or village since, so these count only if it is not there.
    created = {"name": entry.name, "village": village, "shard": entry.shard}
    station, _ = Station.objects.update_or_create(pk=name, defaults=changed, create_defaults=changed | created)
    StationCertificate.objects.filter(station=station, revoked_at=None).exclude(serial__in=known.serials).update(
        revoked_at=at
    )
    Claim.objects.filter(lookup=entry.claim, station=station, used_at=None).update(used_at=at)
    enrolled = record("service", "station.enrolled", name, {"reason": "from the journal"})
    decide(enrolled, StationEnrolled(station=name, record_key=bytes.fromhex(entry.record_key)), [station])
    outcome.enrolled.append(name)
    return station
