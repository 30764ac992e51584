"""On the telephone: what each window came to and why, the months before, and the way to an objection."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from server_broker.dated.writing import Period, put
from server_broker.duty.windows import Terms, add_window
from server_broker.people.existence import on_file_since
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.models import CountyRequest
from server_broker.settling.models import NOTHING_TOLD, SettledWindow, SheetMonth, SheetMonthRecord
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import LI, SHILI, SHILI_VILLAGE, WANG, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.public.door import signed_in_telephone
from tests.server_broker.settling.kept_rows import settled_row

DAY = dt.timedelta(days=1)
BY = "wu-yunwei"
LATE = {"line": "12", "late": 12, "reason": "8:42 到，迟 12 分钟；12:05 走。"}


def last_month() -> dt.date:
    """The tenth of the month before this one."""
    return (timezone.localdate().replace(day=1) - DAY).replace(day=10)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    """Zhang, with a window every day for two months."""
    person = county.people[ZHANG]
    since = timezone.localdate() - 70 * DAY
    on_file_since(person, since - DAY, actor=BY, reason="入职更早")
    write_days({since + n * DAY: CountyWord(True) for n in range(90)}, actor=BY)
    terms = Terms("上午", list(range(1, 8)), 510, 720, [person.pk])
    add_window(Region.objects.get(pk=SHILI_VILLAGE), terms, since=since, actor=BY)
    return person


def page(person: Person, path: str = "/") -> str:
    answer = signed_in_telephone(person).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def why_of_day(day: dt.date, start: int = 510) -> str:
    return f"/windows/{day}/{start}/"


def shown(day: dt.date, *, at: dt.datetime) -> None:
    with transaction.atomic():
        village = Region.objects.get(pk=SHILI_VILLAGE)
        month = SheetMonth.objects.create(village=village, month=f"{day:%Y-%m}")
        put(SheetMonthRecord, [month.pk], Period(), {"shown_at": at.isoformat()}, actor=BY)


def test_each_past_window_says_what_it_came_to_and_leads_to_why(zhang: Person) -> None:
    today = timezone.localdate()
    settled_row(zhang, today, "迟", **LATE)
    html = page(zhang)
    assert "迟到 12 分钟" in html
    assert "8:42 到，迟 12 分钟；12:05 走。" in html
    assert f'href="{why_of_day(today)}"' in html
    for line in ("该到 1 天，算出勤 1 天", "迟到 1 次，一共 12 分钟"):
        assert line in html, line


def test_a_blank_is_no_result(zhang: Person) -> None:
    today = timezone.localdate()
    settled_row(zhang, today, "", line="0", reason="过了 15:00 才下结论。")
    assert f'href="{why_of_day(today)}"' not in page(zhang)


def test_the_month_before_is_found_and_says_how_far_it_is(zhang: Person) -> None:
    day = last_month()
    settled_row(zhang, day, "迟", **LATE)
    said = "没有上班卡；没有下班卡；站点 shili-01 还没有记录，要齐到 15:00。"
    settled_row(zhang, day + DAY, "未", line="7", reason=said, awaited=[[SHILI, NOTHING_TOLD]])
    path = f"/months/{day:%Y-%m}/"
    assert f'href="{path}"' in page(zhang)
    html = page(zhang, path)
    assert "村里还有班没有结果，齐了才公示。" in html
    assert "示例村站点还没有记录" in html
    assert SHILI not in html
    assert "还没有结果的 1 天" in html


def test_a_month_that_is_shown_says_until_when_one_may_object(zhang: Person) -> None:
    day = last_month()
    settled_row(zhang, day, "迟", **LATE)
    shown(day, at=timezone.now())
    until = timezone.localdate() + 5 * DAY
    said = f"正在公示，到 {until.month}月{until.day}日 为止。哪个班不对，点开它提出来。"
    assert said in page(zhang)
    assert said in page(zhang, f"/months/{day:%Y-%m}/")


def test_the_last_twelve_months_are_there_and_no_more(zhang: Person) -> None:
    first = timezone.localdate().replace(day=1)
    months = []
    for _ in range(14):
        first = (first - DAY).replace(day=1)
        months.append(first)
        settled_row(zhang, first, "√")
    html = page(zhang)
    there = [f"/months/{one:%Y-%m}/" in html for one in months]
    assert there == [True] * 12 + [False] * 2
    assert "8:20 到；12:05 走。" in page(zhang, f"/months/{months[11]:%Y-%m}/")
    assert signed_in_telephone(zhang).get(f"/months/{months[12]:%Y-%m}/").status_code == 404


def test_a_window_says_why_and_leads_to_a_correction_with_the_window_chosen(zhang: Person) -> None:
    day = last_month()
    row = settled_row(zhang, day, "缺", line="11", reason="没有上班卡；12:05 走。")
    html = page(zhang, why_of_day(day))
    for said in ("缺卡", "上班、下班只打了一次卡，记缺卡。", "没有上班卡；12:05 走。", "因为您在名单上"):
        assert said in html, said
    window = zhang.windows.get()
    path = f"/ask/correction/?turn={window.pk}%3A{day}"
    assert f'href="{path}"' in html
    form = page(zhang, path)
    assert f'<option value="{window.pk}:{day}" selected>' in form
    browser = signed_in_telephone(zhang)
    asked = {"turn": f"{window.pk}:{day}", "mark": "arrival", "time": "08:25", "note": "忘了刷卡"}
    assert browser.post("/ask/correction/", asked).status_code == 302
    made = CountyRequest.objects.get()
    assert (made.day, made.window_id, made.mark) == (day, window.pk, "arrival")
    html = page(zhang, why_of_day(day))
    assert "我提过的" in html
    assert f'href="/asked/{made.pk}/"' in html
    assert SettledWindow.objects.current().get(person=zhang).pk == row.pk


def test_nobody_sees_another_s_results(zhang: Person, county: FictionalCounty) -> None:
    day = last_month()
    settled_row(zhang, day, "旷", line="10", reason="没有上班卡；没有下班卡。")
    other = signed_in_telephone(county.people[WANG])
    for path in (why_of_day(day), f"/months/{day:%Y-%m}/"):
        assert other.get(path).status_code == 404
    for path in (why_of_day(day, 511), "/windows/2026-13-45/510/", "/windows/2026-01-05/99999/", "/months/2026-13/"):
        assert signed_in_telephone(zhang).get(path).status_code == 404, path
    assert LI.name not in page(zhang, why_of_day(day))


def test_two_villages_of_one_person_each_say_how_far_they_are(zhang: Person) -> None:
    day = last_month()
    settled_row(zhang, day, "√")
    other = Region.objects.exclude(pk=SHILI_VILLAGE).exclude(name="").order_by("-pk").first()
    assert other is not None
    settled_row(zhang, day, "√", village=other, start=840)
    html = page(zhang, f"/months/{day:%Y-%m}/")
    assert "示例村：都有结果了，等公示。" in html
    assert f"{other.name}：都有结果了，等公示。" in html
    assert f"在{other.name}" in html
