"""Pages of a station that is not connected say until when they are true, and 今日打卡 names such stations."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.fleet.models import StationStatus
from tests.cast import SHILI, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import FictionalCounty, make_county, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> FictionalCounty:
    return make_county()


def page_of(path: str) -> str:
    return signed_in(TOWNSHIP_OFFICER).get(path).content.decode()


def heard(station: str, **values: object) -> str:
    at = timezone.now() - dt.timedelta(minutes=12)
    StationStatus.objects.filter(station=station).update(heard_at=at, **values)
    local = timezone.localtime(at)
    today = local.date() == timezone.localdate()
    return f"{local:%H:%M:%S}" if today else f"{local:%m-%d %H:%M}"


@pytest.mark.parametrize("values", [{"online": False}, {"doubted_at": timezone.now()}])
def test_a_station_that_is_not_connected_is_true_as_of_its_last_report(
    county: FictionalCounty, values: dict[str, object]
) -> None:
    when = heard(SHILI, **values)
    page = page_of(f"/stations/{SHILI}/")
    assert page.count(f"截至 {when} 站点最后一次报告") >= 2, "for what waits and for the ledger"
    assert "✓</span>每一条都有着落" not in page
    whole = page_of("/")
    assert f"截至 {when}" in whole
    assert "此刻的情况" not in whole


def test_a_connected_station_is_told_as_it_is(county: FictionalCounty) -> None:
    heard(SHILI)
    assert "站点最后一次报告" not in page_of(f"/stations/{SHILI}/").partition("记录账目")[0]
    assert "没有连上县里" not in page_of("/today/")


def test_the_day_names_the_stations_whose_touches_may_still_be_on_their_way(county: FictionalCounty) -> None:
    when = heard(SHILI, online=False)
    heard(YANGBAN, online=False)
    page = page_of("/today/")
    assert "1 个站点没有连上县里" in page
    assert f"示例村站（{when} 最后一次报告）" in page
    assert county.stations[YANGBAN].name not in page, "it is another township's"
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    assert "没有连上县里" in page_of(f"/today/?date={yesterday}"), "its touches may come late as well"


def test_a_station_that_was_never_heard_says_so(county: FictionalCounty) -> None:
    StationStatus.objects.filter(station=SHILI).update(heard_at=None, online=False)
    assert "示例村站（还没有报告过）" in page_of("/today/")
