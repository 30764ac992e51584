"""A county that takes stations in, with one station that waits for it, and its claim code."""

import pytest
from django.conf import settings
from django.utils import timezone

from server_broker import broker
from server_broker.enrolment import views
from server_broker.enrolment.claims import make_claim
from server_broker.enrolment.limit import RefusalLimit
from server_broker.fleet.models import Station
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.up import initialise
from tests.server_broker.county import waiting_station


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> CountyHome:
    home = CountyHome(tmp_path_factory.mktemp("county") / "home")
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    broker.prepare(home, now=timezone.now())
    monkeypatch.setattr(settings, "HOME", home)
    monkeypatch.setattr(views, "limit", RefusalLimit(lambda: 0.0))
    return home


@pytest.fixture
def station() -> Station:
    return waiting_station()


@pytest.fixture
def code(station: Station) -> str:
    return make_claim(station, actor="operator", now=timezone.now())
