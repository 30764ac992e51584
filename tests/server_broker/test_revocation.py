"""Revoking, and a database that comes back older than the journal."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker import broker
from server_broker.enrolment.claims import make_claim, redeem
from server_broker.enrolment.models import Claim, StationCertificate
from server_broker.enrolment.revocation import UnknownStation, reconcile, revoke
from server_broker.fleet.models import Station
from server_broker.home import CountyHome
from server_broker.regions.models import Region
from server_broker.service.config import CountyConfig
from server_broker.service.up import initialise
from server_broker.trust import StationJournal
from server_broker.trust.journal import JournalEntry, stamp

pytestmark = pytest.mark.django_db

NOW = timezone.now()
KEY = bytes(range(32))


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> CountyHome:
    home = CountyHome(tmp_path_factory.mktemp("county") / "home")
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    broker.prepare(home, now=NOW)
    return home


@pytest.fixture
def station(home: CountyHome) -> Station:
    village = Region.objects.create(code="990101001001", name="示例村")
    station = Station.objects.create(id="village-01", name="示例村站", village=village, record_key=KEY, enrolled_at=NOW)
    StationCertificate.objects.create(station=station, serial="a1", not_after=NOW, issued_at=NOW)
    journal_enrolled(home, KEY)
    return station


def journal_enrolled(home: CountyHome, key: bytes, *, station: str = "village-01", serial: str = "a1") -> None:
    StationJournal(home).append(
        JournalEntry(
            at=stamp(NOW),
            event="enrolled",
            station=station,
            serial=serial,
            record_key=key.hex(),
            name="示例村站",
            village="990101001001",
            claim="123456",
        )
    )


def test_revoking_ends_certificates_topics_and_open_claims(station: Station, home: CountyHome) -> None:
    code = make_claim(station, actor="operator", now=NOW)
    outcome = revoke(home, "village-01", actor="operator", reason="stolen", now=NOW)
    assert not outcome.in_force  # no broker runs here
    station.refresh_from_db()
    assert station.revoked_at is not None
    assert not StationCertificate.objects.filter(revoked_at=None).exists()
    assert redeem(code, bytes(32), now=NOW) is None
    assert StationJournal(home).read().live() == {}
    assert "village-01" not in (home.broker / "stations.acl").read_text()


def test_revoking_nobody_changes_nothing(home: CountyHome) -> None:
    with pytest.raises(UnknownStation):
        revoke(home, "village-99", actor="operator", reason="", now=NOW)
    assert StationJournal(home).read().entries == 0


def test_an_older_database_learns_of_the_revocation(station: Station, home: CountyHome) -> None:
    revoke(home, "village-01", actor="operator", reason="stolen", now=NOW)
    Station.objects.update(revoked_at=None)
    StationCertificate.objects.update(revoked_at=None)
    assert reconcile(home).revoked == ["village-01"]
    station.refresh_from_db()
    assert station.revoked_at is not None
    assert reconcile(home).revoked == []


def test_a_station_revoked_before_it_ever_came_stays_out_in_an_older_database(home: CountyHome) -> None:
    village = Region.objects.create(code="990101001001", name="示例村")
    Station.objects.create(id="village-01", name="示例村站", village=village)
    revoke(home, "village-01", actor="operator", reason="stolen", now=NOW)
    Station.objects.update(revoked_at=None)
    assert reconcile(home).revoked == ["village-01"]
    assert Station.objects.get().revoked_at is not None


def test_an_older_database_learns_of_the_new_board(station: Station, home: CountyHome) -> None:
    new_key = bytes(reversed(range(32)))
    journal_enrolled(home, new_key, serial="b1")
    Claim.objects.create(
        lookup="123456", secret_hash="x", station=station, created_at=NOW, expires_at=NOW + dt.timedelta(days=1)
    )
    assert reconcile(home).enrolled == ["village-01"]
    station.refresh_from_db()
    assert station.record_key is not None
    assert bytes(station.record_key) == new_key
    assert StationCertificate.objects.get(serial="a1").revoked_at is not None
    assert Claim.objects.get().used_at is not None


def test_a_station_that_an_older_database_never_knew_is_added(station: Station, home: CountyHome) -> None:
    journal_enrolled(home, KEY, station="village-02", serial="c1")
    assert reconcile(home).enrolled == ["village-02"]
    assert Station.objects.get(pk="village-02").village_id == "990101001001"


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
    assert outcome.unplaced == ["village-01"]
    assert not Station.objects.exists()
