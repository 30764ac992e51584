"""Settings: chosen for a county, township, village or station, sent, and shown with what the station made of them."""

import re

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from protocol.codec import encode
from protocol.twin import Reported, Settings, judge_settings
from server_broker.accounts.models import Role
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.regions.models import Region
from server_broker.twin.desired import note_reported, refresh
from server_broker.twin.models import SettingChoice, SettingReport
from server_broker.twin.setting_specs import SPECS, NotAllowed, allowed, value_of
from server_broker.twin.station_settings import choose, station_rows, wanted_settings
from tests.cast import COUNTY, OF_THE_COUNTY, OTHER_TOWNSHIP, SHILI, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OPERATOR, YANGBAN
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.pages import cells_beside, words_of
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db


def put(place: str, name: str, text: str) -> None:
    found = Region.objects.get(pk=place) if place.isdigit() else Station.objects.get(pk=place)
    choose(found, name, text, actor="op", now=timezone.now())


def test_every_setting_of_the_contract_can_be_chosen_here() -> None:
    assert SPECS.keys() == {field.name for field in msgspec.structs.fields(Settings)}
    for name, spec in SPECS.items():
        default = getattr(Settings(), name)
        chosen = judge_settings({name: value_of(name, spec.code(default))}, last_good=Settings(snapshots=False))
        assert (getattr(chosen.settings, name), chosen.refused) == (default, {})
        assert spec.choices or "–" in allowed(name)


def test_the_nearest_choice_counts(county: FictionalCounty) -> None:
    station, other = county.stations[SHILI], county.stations[YANGBAN]
    assert wanted_settings(station) == {}
    put(COUNTY, "open_before_min", "10")
    put(COUNTY, "snapshots", "no")
    put(TOWNSHIP, "open_before_min", "20")
    assert wanted_settings(station) == {"open_before_min": 20, "snapshots": False}
    assert wanted_settings(other) == {"open_before_min": 10, "snapshots": False}
    put(SHILI_VILLAGE, "open_before_min", "30")
    put(SHILI, "open_before_min", "40")
    assert wanted_settings(station)["open_before_min"] == 40
    put(SHILI, "open_before_min", "")
    assert wanted_settings(station)["open_before_min"] == 30
    assert AuditEntry.objects.filter(action="setting.chosen").count() == 6


def test_a_choice_is_in_the_next_desired_state(county: FictionalCounty) -> None:
    first = refresh(SHILI)
    put(TOWNSHIP, "data_shed", "vitals-blobs")
    second = refresh(SHILI)
    assert first is not None
    assert second is not None
    assert (second.version, second.settings) == (first.version + 1, {"data_shed": ["vitals", "blobs"]})


def test_the_county_can_have_downloads_give_way_first(county: FictionalCounty) -> None:
    put(COUNTY, "data_shed", "packs-blobs-vitals")
    assert wanted_settings(county.stations[SHILI])["data_shed"] == ["packs", "blobs", "vitals"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("open_before_min", "721"),
        ("open_before_min", "-1"),
        ("open_before_min", "1.5"),
        ("open_before_min", "十"),
        ("open_before_min", "９"),
        ("open_before_min", "9" * 13),
        ("snapshots", "maybe"),
        ("data_shed", "facts"),
        ("no_such_setting", "1"),
    ],
)
def test_what_is_no_value_changes_nothing(county: FictionalCounty, name: str, text: str) -> None:
    with pytest.raises(NotAllowed):
        put(COUNTY, name, text)
    assert not SettingChoice.objects.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("number_sign_in", "“true”不行，可以是 yes（是）、no（否）"),
        ("theme", "“true”不行，可以是 day（浅色）、dark（深色）"),
    ],
)
def test_a_choice_that_is_none_names_those_that_there_are(name: str, said: str) -> None:
    with pytest.raises(NotAllowed, match=said):
        value_of(name, "true")


def test_each_setting_shows_what_the_station_made_of_it(county: FictionalCounty) -> None:
    for name, text in (("open_before_min", "10"), ("open_after_min", "20"), ("snapshots", "no")):
        put(COUNTY, name, text)
    Station.objects.filter(pk=SHILI).update(desired_version=3, reported_version=2)
    station = Station.objects.get(pk=SHILI)
    states = {row.name: row.state for row in station_rows(station)}
    assert states["open_before_min"] == "pending"
    assert states["data_mb_month"] == "default"
    reported = Reported(
        station=station.pk,
        version=3,
        at=1,
        unknown=["open_after_min", "b\x00d"],
        refused_settings={"open_before_min": "out_of_range: Expected `int` >= 30"},
        kept_settings={"open_before_min": 90},
    )
    note_reported([(station.pk, reported)], now=NOW)
    rows = {row.name: row for row in station_rows(Station.objects.get(pk=SHILI))}
    assert rows["open_before_min"].state == "refused"
    assert rows["open_before_min"].kept == "90 分钟"
    assert (rows["open_after_min"].state, rows["snapshots"].state) == ("unknown", "in_force")
    note_reported([(station.pk, Reported(station=station.pk, version=3, at=0))], now=NOW)
    assert SettingReport.objects.get().unknown, "a birth tells its version alone"
    note_reported([(station.pk, Reported(station=station.pk, version=3, at=2))], now=NOW)
    assert not SettingReport.objects.get().unknown


@pytest.mark.parametrize("kept", [b"\x00\xff", "a\x00", float("nan"), {"a": [1]}, [1, b"2"], 2**64 - 1, None])
def test_whatever_a_station_reports_can_be_kept(kept: object) -> None:
    double = StationDouble()
    double.enrol()
    said = Reported(station=double.id, version=1, at=1, refused_settings={"x": "y"}, kept_settings={"x": kept})
    BatchProcessor(clock=lambda: NOW).process_batch([double.message("reported", encode(said))])
    assert "x" in SettingReport.objects.get().kept


# The page.


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(TOWNSHIP_OPERATOR)


def test_an_operator_sets_a_station_and_a_township(page: Client) -> None:
    html = page.post("/stations/shili-01/settings/", {"name": "data_mb_month", "value": "300"}, follow=True)
    assert "每月流量已改" in html.content.decode()
    assert cells_beside(html.content.decode(), "每月流量")[:2] == ["300 MB", "本站"]
    html = page.post(f"/settings/{TOWNSHIP}/", {"name": "snapshots", "value": "no"}, follow=True)
    assert "打卡时抓拍已改" in html.content.decode()
    html = page.post("/stations/shili-01/settings/", {"name": "data_mb_month", "value": ""}, follow=True)
    assert "已恢复为上级的设置" in html.content.decode()
    assert SettingChoice.objects.count() == 1
    html = page.post("/stations/shili-01/settings/", {"name": "data_mb_month", "value": "x"}, follow=True)
    assert "没有修改：每月流量：“x”不是整数" in html.content.decode()
    html = page.post("/stations/shili-01/settings/", {}, follow=True)
    assert html.status_code == 200


def test_a_refused_setting_is_told_with_its_reason(page: Client) -> None:
    put(SHILI, "open_before_min", "10")
    Station.objects.filter(pk=SHILI).update(desired_version=1, reported_version=1)
    SettingReport.objects.create(
        station_id=SHILI, refused={"open_before_min": "wrong_kind: x"}, kept={"open_before_min": 90}
    )
    html = page.get("/stations/shili-01/settings/").content.decode()
    cells = [words_of(cell) for cell in re.findall(r'data-label="站点">(.*?)</td>', html, re.DOTALL)]
    assert [cell for cell in cells if "拒绝" in cell] == ["✕ 被拒绝 站点要的是另一种值，沿用 90 分钟"]


def test_what_lies_outside_is_absent(page: Client) -> None:
    for path in (
        "/stations/yangban-01/settings/",
        f"/settings/{OTHER_TOWNSHIP}/",
        f"/settings/{COUNTY}/",
        "/settings/000000000000/",
    ):
        assert page.get(path).status_code == 404
        assert page.post(path, {"name": "snapshots", "value": "no"}).status_code == 404
    assert not SettingChoice.objects.exists()


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SYSTEM, Role.SECURITY, Role.AUDITOR])
def test_others_may_not(county: FictionalCounty, role: Role) -> None:
    client = signed_in(OF_THE_COUNTY[role])
    assert client.get("/stations/shili-01/settings/").status_code == 403
    assert client.post(f"/settings/{COUNTY}/", {"name": "snapshots", "value": "no"}).status_code == 403
