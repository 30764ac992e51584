"""The page 今日在岗: who is here by place and person, what can be done, and how soon a touch shows."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from protocol.receipts import Receipt
from server_broker.attendance.models import Marks
from server_broker.console.views import presence
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.duty.windows import Terms, add_window
from server_broker.fleet.models import Station, StationStatus
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.existence import on_file_since
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import (
    COUNTY,
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
    WANG,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.station_double import StationDouble, moment, touch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)


@pytest.fixture
def yesterday(county: FictionalCounty) -> dt.date:
    """A date of which all is over, with a window all day long for Zhang, Li and Wang; the stations are well."""
    day = timezone.localdate() - DAY
    write_days({day + n * DAY: CountyWord(True) for n in range(-2, 4)}, actor=BY)
    whole_days(SHILI_VILLAGE, *(county.people[cadre] for cadre in (ZHANG, LI, WANG)))
    entered_earlier()
    now = timezone.now()
    Station.objects.update(enrolled_at=now - 9 * DAY)
    StationStatus.objects.update(vitals_at=now, heard_at=now, reader_ready=True)
    return day


def whole_days(village: str, *people: Person, name: str = "值守") -> None:
    """A window from midnight to midnight, in which the first touch is the arrival."""
    since = timezone.localdate() - 3 * DAY
    for one in people:
        on_file_since(one, since, actor=BY, reason="照实登记")
    terms = Terms(name, [1, 2, 3, 4, 5, 6, 7], 0, 1440, [one.pk for one in people], marks=Marks.ARRIVAL)
    add_window(Region.objects.get(pk=village), terms, since=since, actor=BY)


def entered_earlier() -> None:
    """The windows that are there now were entered three days ago."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE attendance_windowrecord DISABLE TRIGGER USER")
        cursor.execute("UPDATE attendance_windowrecord SET recorded_at = recorded_at - interval '3 days'")
        cursor.execute("ALTER TABLE attendance_windowrecord ENABLE TRIGGER USER")


def shown(page: Client, **query: str) -> str:
    answer = page.get("/today/people/", query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def code_of(page: Client, **query: str) -> str:
    return page.get("/today/people/", query).content.decode()


def test_a_touch_shows_at_the_poll_after_its_receipt(yesterday: dt.date) -> None:
    """The page asks again every 5 s, so within 10 s of the receipt."""
    station = StationDouble()
    station.enrol()
    page, now = signed_in(TOWNSHIP_OFFICER), timezone.now()
    address, poll = f"/today/people/?place={SHILI_VILLAGE}", {"HX-Request": "true"}
    assert 'hx-trigger="every 5s, refresh"' in page.get(address).content.decode()
    before = page.get(address, headers=poll)
    assert page.get(address, headers=poll | {"If-None-Match": before["ETag"]}).status_code == 304
    touched = replace(touch(), at=moment(wall=round(now.timestamp() * 1000)))
    answers = BatchProcessor(clock=lambda: now).process_batch([station.add(touched).facts_message()])
    assert any(isinstance(answer.message, Receipt) for answer in answers)
    after = page.get(address, headers=poll | {"If-None-Match": before["ETag"]})
    came = f"{timezone.localtime(now):%H:%M} 到"
    assert (came in before.content.decode(), came in after.content.decode()) == (False, True)


def test_a_village_shows_its_people_and_one_thing_to_do_for_each(yesterday: dt.date, county: FictionalCounty) -> None:
    StationStatus.objects.filter(station=SHILI).update(online=False, vitals_at=None)
    absence = Absence.objects.create(person=county.people[LI], kind=AbsenceKind.LEAVE)
    put(AbsenceRecord, [absence.pk], Period(begin_of(yesterday), end_of(yesterday)), {"code": "sick"}, actor=BY)
    page, query = signed_in(TOWNSHIP_OFFICER), {"place": SHILI_VILLAGE, "date": str(yesterday)}
    said = shown(page, **query)
    assert "不是考勤结果" in said
    assert f"{ZHANG.name} ? 不清楚 值守 00:00–24:00 站点没有连上县里" in said
    assert f"{LI.name} ○ 请假外出 值守 00:00–24:00 病假，到 24:00" in said
    assert WANG.name not in said
    assert "外辖区人员" in said
    assert f'href="/stations/{SHILI}/"' in code_of(page, **query)


def test_who_is_missing_can_be_called_or_reported_by_whoever_may(yesterday: dt.date, county: FictionalCounty) -> None:
    person = county.people[ZHANG]
    for viewer, word, address in (
        (TOWNSHIP_OFFICER, "打电话", f"/people/{person.pk}/#numbers-title"),
        (SECRETARY, "补记外出", f"/todo/new/?person={person.number}&amp;kind=field_duty"),
        (TOWNSHIP_OPERATOR, "打电话", f"/people/{person.pk}/#numbers-title"),
    ):
        code = code_of(signed_in(viewer), place=SHILI_VILLAGE, date=str(yesterday))
        assert "过了 00:10 还没打卡" in code
        assert f'href="{address}">{word}</a>' in code


def test_nobody_is_missing_in_a_window_that_was_entered_after_its_start(yesterday: dt.date) -> None:
    late = Person.objects.create(number="c9", name="孙示例", village_id=SHILI_VILLAGE)
    whole_days(SHILI_VILLAGE, late, name="后来排的")
    said = shown(signed_in(TOWNSHIP_OFFICER), place=SHILI_VILLAGE, date=str(yesterday))
    assert "孙示例 ? 不清楚 后来排的 00:00–24:00 开始以后才排的班" in said
    assert f"{ZHANG.name} △ 没打卡" in said


def test_a_township_sees_its_villages_by_what_needs_a_person(yesterday: dt.date, county: FictionalCounty) -> None:
    whole_days(YANSHI_VILLAGE, county.add(ZHAO))
    code = code_of(signed_in(TOWNSHIP_OFFICER), date=str(yesterday))
    # Three are missing in the one village. The other has no station, so it is not known who came.
    assert code.index(f'id="place-{SHILI_VILLAGE}"') < code.index(f'id="place-{YANSHI_VILLAGE}"')
    StationStatus.objects.update(online=False, vitals_at=None)
    code = code_of(signed_in(TOWNSHIP_OFFICER), date=str(yesterday))
    assert "站点没有连上县里" in code
    assert f'id="place-{YANGBAN_VILLAGE}"' not in code


def test_a_county_officer_sees_townships_first_and_opens_one(yesterday: dt.date, county: FictionalCounty) -> None:
    wang = Person.objects.create(number="b9", name="孙示例", village_id=YANGBAN_VILLAGE)
    whole_days(YANGBAN_VILLAGE, wang)
    page = signed_in(COUNTY_OFFICER)
    code = code_of(page, date=str(yesterday))
    assert [f'id="place-{pk}"' in code for pk in (TOWNSHIP, OTHER_TOWNSHIP, SHILI_VILLAGE)] == [True, True, False]
    opened = code_of(page, date=str(yesterday), place=TOWNSHIP)
    assert [f'id="place-{pk}"' in opened for pk in (SHILI_VILLAGE, YANGBAN_VILLAGE)] == [True, False]


def test_the_filter_lists_people_of_all_villages(yesterday: dt.date) -> None:
    page, query = signed_in(COUNTY_OFFICER), {"place": COUNTY, "date": str(yesterday)}
    assert f"{ZHANG.name} 示例村 △ 没打卡" in shown(page, **query, state="missing")
    assert "没有这样的人" in shown(page, **query, state="unknown")


def test_a_long_list_says_how_many_it_leaves_out(yesterday: dt.date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MOST_ROWS", 2)
    assert "还有 1 人次没有列出" in shown(signed_in(COUNTY_OFFICER), date=str(yesterday), state="missing")


def test_a_place_elsewhere_is_not_shown(yesterday: dt.date) -> None:
    said = shown(signed_in(OTHER_TOWNSHIP_OFFICER), place=SHILI_VILLAGE, date=str(yesterday))
    assert "样板镇" in said
    assert ZHANG.name not in said
    assert "示例" not in re.sub("示例县|示例村慧", "", said)


def test_as_many_queries_for_a_county_as_for_a_village(
    yesterday: dt.date, county: FictionalCounty, django_assert_max_num_queries: Any
) -> None:
    page = signed_in(COUNTY_OFFICER)
    whole_days(YANGBAN_VILLAGE, Person.objects.create(number="b9", name="孙示例", village_id=YANGBAN_VILLAGE))
    for place in (SHILI_VILLAGE, TOWNSHIP, COUNTY):
        with django_assert_max_num_queries(44):
            shown(page, place=place, date=str(yesterday))
