"""`setting`: a value is chosen as on the page, and a mistake is told in Chinese and changes nothing."""

from argparse import Namespace

import pytest

from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region
from server_broker.supervisor.settings_cli import choose_setting
from server_broker.twin.models import SettingChoice
from server_broker.twin.station_settings import settings_of, wanted_settings
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.county import make_county

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def county() -> None:
    make_county()


def chosen(setting: str = "number_sign_in", value: str = "yes", place: str = SHILI_VILLAGE) -> Namespace:
    return Namespace(setting=setting, value=value, place=place)


def test_a_village_chooses_for_its_stations() -> None:
    said = choose_setting(chosen(value="是"), actor="cli:root")
    assert "改为 是" in said
    assert settings_of(Region.objects.get(code=SHILI_VILLAGE)).number_sign_in
    assert AuditEntry.objects.filter(action="setting.chosen", actor="cli:root").count() == 1


def test_a_station_chooses_for_itself() -> None:
    choose_setting(chosen(place=SHILI), actor="cli:root")
    assert wanted_settings(Station.objects.get(pk=SHILI))["number_sign_in"] is True


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"setting": "nothing"}, "没有这个设置"),
        ({"place": "999999999999"}, "没有编号为"),
        ({"value": "也许"}, "可以是 yes（是）、no（否）"),
    ],
)
def test_a_mistake_changes_nothing(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        choose_setting(chosen(**wrong), actor="cli:root")
    assert not SettingChoice.objects.exists()
