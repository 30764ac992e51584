"""What is done again and again: when it is due, whatever else fails; and what it takes away and what it leaves."""

import datetime as dt
import secrets
import time
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError

from server_broker import trust
from server_broker.accounts.cleaning import LINKS_KEPT, drop_ended_sessions, drop_old_links
from server_broker.accounts.models import SignInLink
from server_broker.enrolment.cleaning import NONCES_KEPT, drop_old_nonces
from server_broker.enrolment.expiry import watch_certificates
from server_broker.enrolment.models import StationCertificate, UsedNonce
from server_broker.fleet.alarm_codes import CHORE_FAILS, COUNTY_CERTIFICATE, STATION_CERTIFICATE
from server_broker.fleet.models import Alarm
from server_broker.people.models import PendingImport
from server_broker.platform.home import CountyHome
from server_broker.sheets.pending import KEPT_FOR
from server_broker.supervisor.chores import (
    DAY_S,
    RETRY_S,
    Chore,
    Chores,
    county_chores,
    desired_chores,
    learning_chores,
    patrol_chores,
    record_chores,
    settling_chores,
    shelf_chores,
    telling_chores,
    urgent_chores,
)
from server_broker.supervisor.failing_chores import FAILS_FOR_S, FailingChores
from server_broker.trust.keys import server_certificate
from tests.cast import STRAY
from tests.server_broker.county import make_county, user_of
from tests.server_broker.station_double import NOW, StationDouble

DAY = dt.timedelta(days=1)


class Days:
    """A clock that a test turns, and what was done at which second."""

    def __init__(self) -> None:
        self.second = 0.0
        self.done: list[tuple[str, float]] = []
        self.broken: set[str] = set()
        self.error: Exception = OperationalError("away")
        self.failing = FailingChores(lambda: self.second)

    def chore(self, name: str, **when: float) -> Chore:
        def do(now: dt.datetime) -> None:
            self.done.append((name, self.second))
            if name in self.broken:
                raise self.error

        return Chore(name, do, **when)

    def run(self, *chores: Chore, until_s: float) -> None:
        calendar = Chores(chores, monotonic_s=lambda: self.second, now=lambda: NOW, failing=self.failing)
        while (wait_s := calendar.run_due()) + self.second <= until_s:
            self.second += wait_s


def test_each_chore_is_done_when_it_is_due() -> None:
    days = Days()
    days.run(days.chore("logs", every_s=60, first_after_s=0), days.chore("pictures"), until_s=DAY_S + 400)
    assert [at for name, at in days.done if name == "pictures"] == [300, DAY_S + 300]
    assert [at for name, at in days.done if name == "logs"][:3] == [0, 60, 120]


def test_one_that_fails_is_tried_again_and_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    days = Days()
    days.broken = {"pictures"}
    days.run(days.chore("pictures"), days.chore("links"), until_s=2000)
    assert [at for name, at in days.done if name == "pictures"] == [300, 300 + RETRY_S, 300 + 2 * RETRY_S]
    assert [at for name, at in days.done if name == "links"] == [300]
    assert "pictures failed" in caplog.text


def test_what_is_due_within_seconds_does_not_wait_for_minutes_when_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    days = Days()
    days.broken = {"broker"}
    days.run(days.chore("broker", every_s=1, first_after_s=0), until_s=5)
    assert [at for _, at in days.done] == [0, 1, 2, 3, 4, 5]
    assert caplog.text.count("broker failed") == 1, "said once, not at each try"


@pytest.mark.django_db
def test_people_are_told_of_a_chore_that_fails_for_a_while_and_not_that_the_database_is_away() -> None:
    days = Days()
    days.broken = {"settle", "look"}
    settle = days.chore("settle", every_s=5, first_after_s=0)
    days.run(settle, until_s=2 * FAILS_FOR_S)
    assert days.failing.tell(NOW) == ""
    days.error = ValueError("year 287396 is out of range")
    days.run(settle, until_s=3 * FAILS_FOR_S - 10)
    assert days.failing.tell(NOW) == ""
    days.run(settle, until_s=3 * FAILS_FOR_S + 10)
    assert "settle" in days.failing.tell(NOW)
    [alarm] = Alarm.objects.filter(code=CHORE_FAILS, resolved_at=None)
    assert alarm.severity == "critical"
    days.broken = set()
    days.run(settle, until_s=3 * FAILS_FOR_S + 20)
    assert days.failing.tell(NOW) == ""
    assert not Alarm.objects.filter(resolved_at=None).exists()


def test_the_county_s_chores_hold_their_names() -> None:
    others = county_chores(settings.HOME, clock_judges_age=lambda: True)
    own = (
        *urgent_chores(settings.HOME),
        *desired_chores(),
        *patrol_chores(),
        *shelf_chores(settings.HOME),
        *record_chores(),
        *telling_chores(FailingChores(time.monotonic)),
        *settling_chores(),
        *learning_chores(clock_judges_age=lambda: True),
    )
    names = [chore.name for chore in (*own, *others)]
    assert len(names) == len(set(names)) == 50


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_nobody_comes_back_to_goes_by_itself() -> None:
    make_county()
    PendingImport.objects.create(account=user_of(STRAY), token=uuid.uuid4(), plan=b"names", made_at=NOW)
    [plans] = [
        chore
        for chore in county_chores(settings.HOME, clock_judges_age=lambda: True)
        if chore.name == "delete plans of imports"
    ]
    plans.do(NOW + KEPT_FOR)
    assert PendingImport.objects.exists()
    plans.do(NOW + KEPT_FOR + dt.timedelta(seconds=1))
    assert not PendingImport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_deleted_by_a_clock_that_nobody_vouches_for() -> None:
    make_county()
    user = user_of(STRAY)
    SignInLink.objects.create(user=user, token_hash=secrets.token_bytes(32), expires_at=NOW)
    much_later, known = NOW + 400 * DAY, [False]
    (links,) = [
        chore
        for chore in county_chores(settings.HOME, clock_judges_age=lambda: known[0])
        if chore.name == "delete old sign-in links"
    ]
    links.do(much_later)
    assert SignInLink.objects.count() == 1
    known[0] = True
    links.do(much_later)
    assert not SignInLink.objects.exists()


@pytest.mark.django_db
def test_old_links_and_ended_sessions_go_and_open_ones_stay() -> None:
    make_county()
    user = user_of(STRAY)
    for ends in (NOW - LINKS_KEPT - DAY, NOW - LINKS_KEPT + DAY, NOW + DAY):
        SignInLink.objects.create(token_hash=secrets.token_bytes(32), user=user, expires_at=ends)
    assert drop_old_links(NOW) == 1
    assert SignInLink.objects.count() == 2
    for key, ends in (("old", NOW - DAY), ("new", NOW + DAY)):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    assert drop_ended_sessions(NOW) == 1
    assert Session.objects.get().session_key == "new"


@pytest.mark.django_db
def test_a_nonce_is_kept_while_its_second_use_could_matter() -> None:
    station = StationDouble().enrol()
    for age in (NONCES_KEPT + DAY, NONCES_KEPT - DAY):
        UsedNonce.objects.create(station=station, nonce=secrets.token_bytes(16), used_at=NOW - age)
    assert drop_old_nonces(NOW) == 1
    assert UsedNonce.objects.get().used_at == NOW - NONCES_KEPT + DAY


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path)
    trust.prepare(home)
    for part in ("web", "broker"):
        server_certificate(home, part, ["127.0.0.1"], now=NOW)
    return home


def certificate(station: StationDouble, *, ends: dt.datetime, revoked: bool = False) -> None:
    StationCertificate.objects.create(
        station_id=station.id,
        serial=secrets.token_hex(8),
        not_after=ends,
        issued_at=NOW,
        revoked_at=NOW if revoked else None,
    )


@pytest.mark.django_db
def test_a_station_that_does_not_renew_is_told_of_until_it_does(home: CountyHome) -> None:
    station, other = StationDouble(), StationDouble(id="shili-02")
    for one in (station, other):
        one.enrol()
    certificate(other, ends=NOW + 60 * DAY)
    certificate(station, ends=NOW + 60 * DAY, revoked=True)
    certificate(station, ends=NOW + 10 * DAY)
    assert watch_certificates(home, now=NOW) == 1
    alarm = Alarm.objects.get(code=STATION_CERTIFICATE)
    assert (alarm.station_id, alarm.resolved_at) == (station.id, None)
    assert watch_certificates(home, now=NOW + 11 * DAY) == 1
    alarm.refresh_from_db()
    assert "已到期" in alarm.detail
    certificate(station, ends=NOW + 90 * DAY)
    assert watch_certificates(home, now=NOW + 11 * DAY) == 0
    alarm.refresh_from_db()
    assert alarm.resolved_at == NOW + 11 * DAY


@pytest.mark.django_db
def test_the_county_s_own_certificates_are_watched_too(home: CountyHome) -> None:
    assert watch_certificates(home, now=NOW) == 0
    assert watch_certificates(home, now=NOW + dt.timedelta(days=5 * 365 - 30)) == 2
    alarm = Alarm.objects.get(code=COUNTY_CERTIFICATE)
    assert alarm.station is None
    assert "网页证书" in alarm.detail
    assert watch_certificates(home, now=NOW) == 0
    alarm.refresh_from_db()
    assert alarm.resolved_at == NOW
