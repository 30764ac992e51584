"""The page of one window: what it came to and why; what leads there and on from there, and for whom it is not there."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.audit.models import AuditEntry
from server_broker.duty.windows import Terms, add_window
from server_broker.people.existence import on_file_since
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.named_cases.reading import read_case
from server_broker.settling.models import SettledWindow
from server_broker.settling.rounds import mark_due, settle_due
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import (
    BY_ROLE,
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI_VILLAGE,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    Account,
)
from tests.server_broker.county import FictionalCounty, add_station, signed_in
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.settling.lived import BY, MONDAY, LivedStation, announced, at, morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)


@pytest.fixture
def zhang(county: FictionalCounty, li: Person) -> Person:
    announced(MONDAY - 14 * DAY, 50)
    return county.people[ZHANG]


@pytest.fixture
def window(zhang: Person, county: FictionalCounty) -> DutyWindow:
    return morning(zhang, county.people[LI])


@pytest.fixture
def waits(window: DutyWindow, county: FictionalCounty) -> list[LivedStation]:
    """Monday at four in the afternoon: neither station has told of the whole window."""
    add_station(county, YANSHI, YANSHI_VILLAGE)
    stations = [LivedStation(), LivedStation(YANSHI)]
    stations[0].touched(ZHANG.token, at(MONDAY, 8, 45))
    stations[0].send(at(MONDAY, 9))
    settled_at(at(MONDAY, 16))
    return stations


@pytest.fixture
def lived(waits: list[LivedStation]) -> None:
    """Two hours later: both have."""
    waits[0].touched(ZHANG.token, at(MONDAY, 12, 5))
    for station in waits:
        station.closed(at(MONDAY, 15, 1))
        station.send(at(MONDAY, 17))
    settled_at(at(MONDAY, 18))


def every_day(county: FictionalCounty) -> DutyWindow:
    since = timezone.localdate() - 70 * DAY
    on_file_since(county.people[ZHANG], since - DAY, actor=BY, reason="入职更早")
    write_days({since + n * DAY: CountyWord(True) for n in range(80)}, actor=BY)
    terms = Terms("上午", list(range(1, 8)), 510, 720, [county.people[ZHANG].pk])
    return add_window(Region.objects.get(pk=SHILI_VILLAGE), terms, since=since, actor=BY)


def settled_at(now: dt.datetime) -> None:
    mark_due(now)
    settle_due(now, rounds=1000)


def address(person: Person, name: str = "settled-window", *, village: str = SHILI_VILLAGE, start: int = 510) -> str:
    return reverse(name, args=[village, person.pk, str(MONDAY), start])


def page(account: Account, path: str) -> str:
    answer = signed_in(account).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.usefixtures("lived")
def test_the_page_says_why_and_what_was_before(zhang: Person) -> None:
    html = page(TOWNSHIP_OFFICER, address(zhang))
    for said in (
        "迟到 15 分钟",
        "到岗比上班时间晚了 10 分钟以上，记迟到。",
        "8:45 到，迟 15 分钟；12:05 走。",
        "算到岗",
        "数据未到 →",
        "有打卡传到县里",
        "在名单上，工作日",
    ):
        assert said in html, said
    assert "shili-01" not in html.replace("/stations/shili-01/", "")


@pytest.mark.usefixtures("waits")
def test_what_is_awaited_leads_to_the_station(county: FictionalCounty) -> None:
    row = SettledWindow.objects.current().get(person=county.people[LI], day=MONDAY)
    assert row.result == "未"
    html = page(TOWNSHIP_OFFICER, address(county.people[LI]))
    assert "等演示村站点的记录" in html
    assert reverse("station", args=[YANSHI]) in html


@pytest.mark.usefixtures("lived")
def test_a_correction_is_written_down_from_there_with_the_window_chosen(zhang: Person, window: DutyWindow) -> None:
    path = f"{reverse('affair-new')}?person={zhang.number}&amp;kind=correction&amp;turn={window.pk}%3A{MONDAY}"
    assert path in page(TOWNSHIP_OFFICER, address(zhang))
    assert path in page(SECRETARY, address(zhang))
    # Who may not write it down is not led there.
    assert reverse("affair-new") not in page(BY_ROLE["supervision"], address(zhang))


def test_the_form_of_a_correction_has_the_window_that_one_comes_with(county: FictionalCounty) -> None:
    day = timezone.localdate() - 60 * DAY
    window = every_day(county)
    form = f"{reverse('affair-new')}?person={ZHANG.number}&kind=correction"
    chosen = f'<option value="{window.pk}:{day}" selected>'
    assert chosen in page(TOWNSHIP_OFFICER, f"{form}&turn={window.pk}:{day}")
    for other in ("", "x", f"{window.pk}:x", f"9999:{day}", f"{window.pk}:{timezone.localdate() + 40 * DAY}"):
        assert (
            " selected>"
            not in page(TOWNSHIP_OFFICER, f"{form}&turn={other}").split('id="turn"')[1].split("</select>")[0]
        )


@pytest.mark.usefixtures("lived")
def test_a_window_outside_the_scope_or_that_is_none_is_not_there(zhang: Person, county: FictionalCounty) -> None:
    for name in ("settled-window", "settled-window-case"):
        assert signed_in(OTHER_TOWNSHIP_OFFICER).get(address(zhang, name)).status_code == 404
        for path in (
            address(zhang, name, village=YANGBAN_VILLAGE),
            address(zhang, name, start=511),
            address(zhang, name).replace(str(MONDAY), "2027-13-45"),
            address(zhang, name).replace(f"/{zhang.pk}/", "/999999999999999/"),
        ):
            assert signed_in(COUNTY_OFFICER).get(path).status_code == 404, path


def test_of_two_windows_that_start_at_one_minute_each_leads_to_its_own_case(zhang: Person) -> None:
    for place, (result, line) in enumerate((("早", "13"), ("√", "5"))):
        settled_row(zhang, MONDAY, result, place=place, line=line)
    html = page(TOWNSHIP_OFFICER, address(zhang))
    case = address(zhang, "settled-window-case")
    assert [f'href="{case}?place={place}"' in html for place in (0, 1, 2)] == [True, True, False]
    client = signed_in(TOWNSHIP_OFFICER)
    assert [client.get(f"{case}?place={place}").status_code for place in (1, 2)] == [200, 404]
    assert AuditEntry.objects.get(action="window.case_taken").detail["place"] == 1


@pytest.mark.usefixtures("lived")
def test_a_case_goes_out_and_is_put_on_record(zhang: Person) -> None:
    answer = signed_in(TOWNSHIP_OFFICER).get(address(zhang, "settled-window-case"))
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="window-{MONDAY}-0830.toml"'
    assert read_case(answer.content.decode()).file.days == (MONDAY,)
    entry = AuditEntry.objects.get(action="window.case_taken")
    assert (entry.actor, entry.subject) == (TOWNSHIP_OFFICER.username, SHILI_VILLAGE)
    assert entry.detail == {"person": str(zhang.pk), "day": str(MONDAY), "start": "510", "place": 0}


def test_a_person_of_elsewhere_has_no_name_on_a_roster_here(county: FictionalCounty) -> None:
    """A window on the roster of 示例村 of somebody whose page the officer does not see."""
    wang = county.people[WANG]
    settled_row(wang, MONDAY, village=Region.objects.get(pk=SHILI_VILLAGE))
    html = page(TOWNSHIP_OFFICER, address(wang))
    assert wang.name not in html
    assert "外辖区人员" in html
    assert reverse("person", args=[wang.pk]) not in html


@pytest.mark.usefixtures("lived")
def test_a_window_that_is_gone_shows_what_it_was(zhang: Person) -> None:
    SettledWindow.objects.current().filter(person=zhang).update(superseded_at=at(MONDAY, 19))
    assert "已经没有这个班了" in page(TOWNSHIP_OFFICER, address(zhang))


def test_the_pages_of_a_person_and_of_the_day_lead_there(county: FictionalCounty) -> None:
    window = every_day(county)
    zhang, day = county.people[ZHANG], timezone.localdate()
    settled_row(zhang, day, "迟", line="12", late=12)
    path = reverse("settled-window", args=[SHILI_VILLAGE, zhang.pk, str(day), window.start])
    for account in (TOWNSHIP_OFFICER, SECRETARY):
        for address in (reverse("person", args=[zhang.pk]), f"{reverse('presence')}?place={SHILI_VILLAGE}"):
            html = page(account, address)
            assert f'href="{path}"' in html, address
            assert "迟到 12 分钟" in html, address


def test_who_sees_no_sheets_sees_no_results_either(county: FictionalCounty) -> None:
    every_day(county)
    zhang = county.people[ZHANG]
    settled_row(zhang, timezone.localdate(), "迟", line="12", late=12)
    for address in (reverse("person", args=[zhang.pk]), f"{reverse('presence')}?place={SHILI_VILLAGE}"):
        html = page(BY_ROLE["system"], address)
        assert "迟到 12 分钟" not in html, address
        assert f"/sheets/{SHILI_VILLAGE}" not in html, address


def test_a_window_without_a_result_leads_nowhere(county: FictionalCounty) -> None:
    every_day(county)
    zhang = county.people[ZHANG]
    settled_row(zhang, timezone.localdate(), "", line="0")
    for address in (reverse("person", args=[zhang.pk]), f"{reverse('presence')}?place={SHILI_VILLAGE}"):
        assert f"/sheets/{SHILI_VILLAGE}" not in page(TOWNSHIP_OFFICER, address)
