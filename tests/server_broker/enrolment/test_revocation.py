"""Revoking, and a database that comes back older than the journal."""

import datetime as dt

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from server_broker import broker
from server_broker.audit.models import AuditEntry
from server_broker.enrolment.claims import make_claim, redeem
from server_broker.enrolment.journal_watch import AT_LEAST_EVERY, UNDER_WAY, JournalWatch, watch_journal
from server_broker.enrolment.models import Claim, StationCertificate
from server_broker.enrolment.revocation import Reconciled, Revoked, UnknownStation, reconcile, revoke
from server_broker.fleet.models import Alarm, Station
from server_broker.platform.home import CountyHome
from server_broker.supervisor.chores import Chore, urgent_chores
from server_broker.trust import StationJournal
from server_broker.trust.journal import JournalEntry, journal_time
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.county import waiting_station
from tests.server_broker.enrolment.taken_in import KEY, NOW, home, journal_enrolled, station

__all__ = ["home", "station"]

pytestmark = pytest.mark.django_db


def test_revoking_ends_certificates_topics_and_open_claims(station: Station, home: CountyHome) -> None:
    code = make_claim(station, actor="operator", now=NOW)
    outcome = revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    assert not outcome.in_force  # no broker runs here
    station.refresh_from_db()
    assert station.revoked_at is not None
    assert not StationCertificate.objects.filter(revoked_at=None).exists()
    assert redeem(home, code, bytes(32), now=NOW) is None
    assert StationJournal(home).read().live() == {}
    assert SHILI not in (home.broker / "stations.list").read_text()


def test_a_session_that_cannot_be_ended_keeps_the_database_from_nothing(station: Station, home: CountyHome) -> None:
    broker.refresh(home, now=NOW)
    (home.trust / "broker-local.password").unlink()
    outcome = revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    assert (outcome.in_journal, outcome.session_ended, outcome.in_database) == (True, False, True)
    station.refresh_from_db()
    assert station.revoked_at is not None


def test_a_slip_in_the_configuration_keeps_neither_the_database_nor_the_reason_from_being_written(
    station: Station, home: CountyHome
) -> None:
    with home.config_file.open("a") as file:
        file.write("\nweb_port = nowhere\n")
    outcome = revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    assert (outcome.in_journal, outcome.lists_written, outcome.in_database) == (True, False, True)
    assert outcome.broker_runs  # nobody could ask, so the station may be connected
    assert not outcome.is_out
    station.refresh_from_db()
    assert station.revoked_at is not None
    entry = AuditEntry.objects.get(action="station.revoked")
    assert (entry.actor, entry.subject, entry.detail) == ("operator", SHILI, {"reason": "stolen"})


def test_revoking_nobody_changes_nothing(home: CountyHome) -> None:
    with pytest.raises(UnknownStation):
        revoke(home, "village-99", actor="operator", reason="", now=NOW)
    assert StationJournal(home).read().entries == 0


def test_an_older_database_learns_of_the_revocation(station: Station, home: CountyHome) -> None:
    revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    Station.objects.update(revoked_at=None)
    StationCertificate.objects.update(revoked_at=None)
    assert reconcile(home).revoked == [SHILI]
    station.refresh_from_db()
    assert station.revoked_at is not None
    assert reconcile(home).revoked == []


def test_a_station_revoked_before_it_ever_came_stays_out_in_an_older_database(home: CountyHome) -> None:
    waiting_station()
    revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    Station.objects.update(revoked_at=None)
    assert reconcile(home).revoked == [SHILI]
    assert Station.objects.get().revoked_at is not None


def chore(home: CountyHome, name: str) -> Chore:
    [found] = [one for one in urgent_chores(home) if one.name == name]
    return found


@pytest.mark.django_db(transaction=True)
def test_a_revocation_while_the_database_was_away_is_in_it_seconds_after_it_is_back(
    station: Station, home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the connection is gone")

    in_step = chore(home, "keep the database in step with the journal")
    with monkeypatch.context() as patched:
        patched.setattr("server_broker.enrolment.revocation._mark_revoked", away)
        outcome = revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
        assert (outcome.in_journal, outcome.is_out, outcome.in_database, outcome.complete) == (True, True, False, False)
        assert "数据库没有记上" in outcome.said()
        in_step.do(NOW + 2 * UNDER_WAY)
    station.refresh_from_db()
    assert station.revoked_at is None
    in_step.do(NOW + 2 * UNDER_WAY + dt.timedelta(seconds=in_step.every_s))
    station.refresh_from_db()
    assert station.revoked_at is not None
    assert not StationCertificate.objects.filter(revoked_at=None).exists()
    assert in_step.every_s <= 1


def test_a_revocation_under_way_is_left_to_whoever_is_at_it(station: Station, home: CountyHome) -> None:
    """Theirs is the audit line that says who and why."""
    StationJournal(home).append(JournalEntry(at=journal_time(NOW), event="revoked", station=SHILI))
    watch_journal(home, now=NOW + UNDER_WAY / 2)
    station.refresh_from_db()
    assert station.revoked_at is None


def test_an_older_journal_learns_of_the_revocation(station: Station, home: CountyHome) -> None:
    older = StationJournal(home).path.read_bytes()
    revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    StationJournal(home).path.write_bytes(older)
    broker.refresh(home, now=NOW)
    assert reconcile(home).journal_revoked == [SHILI]
    assert SHILI not in (home.broker / "stations.list").read_text()
    assert StationJournal(home).read().live() == {}
    assert reconcile(home) == Reconciled()


def test_an_older_journal_with_an_older_board_revives_nobody(station: Station, home: CountyHome) -> None:
    Station.objects.update(record_key=bytes(32), revoked_at=NOW)
    reconcile(home)
    station.refresh_from_db()
    assert station.revoked_at is not None
    assert StationJournal(home).read().live() == {}


def test_a_damaged_journal_is_told_of_once_until_it_is_mended(station: Station, home: CountyHome) -> None:
    path = StationJournal(home).path
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"enrolled", b"enrolleb"))
    for seconds in range(3):
        watch_journal(home, now=NOW + dt.timedelta(seconds=seconds))
    alarm = Alarm.objects.get()
    assert (alarm.code, alarm.severity, alarm.station_id, alarm.count) == ("station_journal", "critical", None, 1)
    assert "第 1 行损坏" in alarm.detail
    path.write_bytes(whole)
    watch_journal(home, now=NOW)
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None


def test_a_damaged_revocation_that_the_database_knows_is_written_again(station: Station, home: CountyHome) -> None:
    revoke(home, SHILI, actor="operator", reason="stolen", now=NOW)
    path = StationJournal(home).path
    path.write_bytes(path.read_bytes().replace(b'"revoked"', b'"revokee"'))
    assert reconcile(home).journal_revoked == [SHILI]
    roll = StationJournal(home).read()
    assert (roll.bad_lines, set(roll.revoked), roll.live()) == ([2], {SHILI}, {})


def test_a_broker_that_does_not_follow_the_journal_is_told_of_until_it_does(home: CountyHome) -> None:
    for problem in ("写不进去", "写不进去", "没有照办"):
        watch_journal(home, now=NOW, lists_problem=problem)
    alarms = Alarm.objects.filter(code="broker_lists", resolved_at=None)
    assert [(alarm.severity, alarm.detail) for alarm in alarms] == [("critical", "没有照办")]
    watch_journal(home, now=NOW)
    assert not alarms.all().exists()


def test_a_board_whose_enrolment_died_before_its_commit_is_taken_in_and_the_earlier_thrown_out(
    station: Station, home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(broker, "refresh", lambda home, *, now: done.append("refresh"))
    monkeypatch.setattr(broker, "cut_off", lambda home, station: done.append(station) or True)  # type: ignore[func-returns-value]
    journal_enrolled(home, bytes(reversed(range(32))), serial="b1")
    assert reconcile(home).enrolled == [SHILI]
    assert done == ["refresh", SHILI]


def test_the_database_is_asked_when_the_journal_grew_and_else_every_few_seconds(
    station: Station, home: CountyHome, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    watch = JournalWatch(home, lists_problem=lambda: "")
    watch.look(now=NOW)
    with django_assert_num_queries(0):
        watch.look(now=NOW + AT_LEAST_EVERY / 2)
    journal_enrolled(home, bytes(reversed(range(32))), serial="b1")
    again = watch.look(now=NOW + AT_LEAST_EVERY / 2)
    assert again is not None
    assert again.enrolled == [SHILI]
    Station.objects.update(revoked_at=NOW)
    assert watch.look(now=NOW + AT_LEAST_EVERY) is None
    late = watch.look(now=NOW + 2 * AT_LEAST_EVERY)
    assert late is not None
    assert late.journal_revoked == [SHILI]


ALL = {
    "in_journal": True,
    "lists_written": True,
    "broker_runs": True,
    "in_force": True,
    "session_ended": True,
    "in_database": True,
}


@pytest.mark.parametrize(
    ("lacks", "complete", "says", "never"),
    [
        ((), True, "已断开", "自动"),
        (("in_database",), False, "已断开；数据库没有记上", ""),
        (("session_ended",), False, "现有的连接还没有断开", "已断开"),
        (("in_force", "session_ended"), False, "站点可能还连着", "已断开"),
        (("in_force",), False, "站点可能还连着", "已断开"),
        (("broker_runs", "in_force", "session_ended"), True, "启动时即被拒绝", "已断开"),
        (("lists_written", "in_force"), False, "站点还能连上", "已断开"),
        (("lists_written", "broker_runs", "in_force"), False, "站点还能连上", "被拒绝"),
        (("in_journal", "lists_written", "in_force", "session_ended"), False, "没有断开", "已吊销"),
        (tuple(ALL), False, "请再吊销一次", "已吊销"),
    ],
)
def test_what_is_said_is_what_is_in_force(lacks: tuple[str, ...], complete: bool, says: str, never: str) -> None:
    outcome = Revoked(station=SHILI, **ALL | dict.fromkeys(lacks, False))
    assert outcome.complete == complete
    assert says in outcome.said()
    assert not never or never not in outcome.said()


def test_nothing_to_do_costs_one_query(
    station: Station, home: CountyHome, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert reconcile(home) == Reconciled()


def test_an_older_database_learns_of_the_new_board(station: Station, home: CountyHome) -> None:
    new_key = bytes(reversed(range(32)))
    journal_enrolled(home, new_key, serial="b1")
    Claim.objects.create(
        lookup="123456", secret_hash="x", station=station, created_at=NOW, expires_at=NOW + dt.timedelta(days=1)
    )
    assert reconcile(home).enrolled == [SHILI]
    station.refresh_from_db()
    assert station.record_key is not None
    assert bytes(station.record_key) == new_key
    assert StationCertificate.objects.get(serial="a1").revoked_at is not None
    assert Claim.objects.get().used_at is not None


def test_a_station_that_an_older_database_never_knew_is_added(station: Station, home: CountyHome) -> None:
    journal_enrolled(home, KEY, station="village-02", serial="c1")
    assert reconcile(home).enrolled == ["village-02"]
    assert Station.objects.get(pk="village-02").village_id == SHILI_VILLAGE


def test_the_board_of_a_station_in_doubt_is_left_as_the_database_has_it(station: Station, home: CountyHome) -> None:
    """The damaged line may be the enrolment of the board that the database knows."""
    new_key = bytes(reversed(range(32)))
    Station.objects.update(record_key=new_key)
    journal_enrolled(home, new_key, serial="b1")
    path = StationJournal(home).path
    path.write_bytes(path.read_bytes().replace(b'"b1"', b'"b2"'))
    assert reconcile(home).enrolled == []
    station.refresh_from_db()
    assert bytes(station.record_key or b"") == new_key


def test_a_station_of_an_unknown_village_is_named(home: CountyHome) -> None:
    journal_enrolled(home, KEY)
    outcome = reconcile(home)
    assert outcome.unplaced == [SHILI]
    assert not Station.objects.exists()
