"""A carrier's whole network may share one address: whoever guesses there takes nothing from the stations behind it."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.enrolment import views
from server_broker.enrolment.admission import MAX_AN_HOUR
from server_broker.enrolment.claims import make_claim
from server_broker.enrolment.limit import MAX_REFUSALS, WINDOW_S, RefusalLimit
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet.asked_too_much import MANY
from server_broker.fleet.models import Alarm, Station
from server_broker.platform.home import CountyHome
from server_broker.trust import StationJournal
from tests.cast import YANSHI
from tests.server_broker.county import waiting_station
from tests.server_broker.enrolment.kit import Kit, post, refusal
from tests.server_broker.enrolment.taking_in import code, home, station

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db

NEVER_MADE = "0000000000000"


class Passing:
    """Seconds that a test counts."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch, home: CountyHome) -> Passing:
    passing = Passing()
    monkeypatch.setattr(views, "limit", RefusalLimit(passing))
    return passing


def guess_until_locked() -> None:
    for _ in range(MAX_REFUSALS):
        assert refusal(Kit().enrol(NEVER_MADE)) == (403, "claim_refused")
    assert refusal(Kit().enrol(NEVER_MADE)) == (429, "too_many_tries")


def test_a_good_renewal_is_granted_behind_an_address_that_guesses(code: str, seconds: Passing) -> None:
    kit = Kit()
    assert kit.enrol(code).status_code == 200
    guess_until_locked()
    assert kit.renew().status_code == 200


def test_a_lock_ends_however_often_somebody_asks_meanwhile(code: str, seconds: Passing) -> None:
    guess_until_locked()
    for second in (*range(1, int(WINDOW_S), 11), WINDOW_S - 1):
        seconds.now_s = second
        assert refusal(Kit().enrol(code)) == (429, "too_many_tries")
    seconds.now_s = WINDOW_S
    assert Kit().enrol(code).status_code == 200


def test_what_nobody_could_read_and_renewals_that_were_refused_lock_nobody_out(code: str, seconds: Passing) -> None:
    for _ in range(2 * MAX_REFUSALS):
        Client().get("/enrol")
        post("/enrol", b"[1, 2")
        assert refusal(Kit().renew()) == (403, "not_recognised")
    assert Kit().enrol(code).status_code == 200


def test_a_stranger_s_renewals_take_nothing_from_the_station_that_they_name(code: str, seconds: Passing) -> None:
    kit = Kit()
    assert kit.enrol(code).status_code == 200
    for _ in range(2 * MAX_AN_HOUR):
        assert refusal(Kit().renew()) == (403, "not_recognised")
    assert kit.renew().status_code == 200


def test_one_station_gets_a_few_certificates_in_an_hour_and_others_theirs(
    code: str, station: Station, home: CountyHome, seconds: Passing
) -> None:
    """Each is a line of the journal and an entry of the audit log, and both are kept for good."""
    kit, other = Kit(), Kit()
    assert kit.enrol(code).status_code == 200
    second = waiting_station(YANSHI)
    assert other.enrol(make_claim(second, actor="operator", now=timezone.now())).status_code == 200
    assert {kit.renew().status_code for _ in range(MAX_AN_HOUR - 1)} == {200}
    lines = StationJournal(home).read().entries
    assert refusal(kit.renew()) == (429, "too_many_tries")
    assert StationJournal(home).read().entries == lines
    assert other.renew(YANSHI).status_code == 200
    assert {refusal(kit.renew()) for _ in range(MANY)} == {(429, "too_many_tries")}
    assert list(Alarm.objects.values_list("code", "station_id")) == [("station_floods", station.pk)]
    StationCertificate.objects.update(issued_at=timezone.now() - dt.timedelta(hours=1))
    assert kit.renew().status_code == 200
