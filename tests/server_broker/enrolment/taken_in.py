"""A county with one station that was taken in: it has a certificate, and the journal has its enrolment."""

import pytest
from django.utils import timezone

from server_broker import broker
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet.models import Station
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.up import initialise
from server_broker.trust import StationJournal
from server_broker.trust.journal import JournalEntry, journal_time
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.county import waiting_station

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
    station = waiting_station(record_key=KEY, enrolled_at=NOW)
    StationCertificate.objects.create(station=station, serial="a1", not_after=NOW, issued_at=NOW)
    journal_enrolled(home, KEY)
    return station


def journal_enrolled(home: CountyHome, key: bytes, *, station: str = SHILI, serial: str = "a1") -> None:
    StationJournal(home).append(
        JournalEntry(
            at=journal_time(NOW),
            event="enrolled",
            station=station,
            serial=serial,
            record_key=key.hex(),
            name="示例村站",
            village=SHILI_VILLAGE,
            claim="123456",
        )
    )
