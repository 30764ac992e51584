"""The pages of people, windows, units and regions: shown before they are changed, and cut to what the viewer sees."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.decisions.models import DecidedRow
from server_broker.people.cards import end_binding, report_lost, take_card
from server_broker.people.existence import stays
from server_broker.people.models import Card, Person, Unit, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from tests.cast import (
    COUNTY,
    EDITOR,
    LI,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
    UNKNOWN_CARD,
    WANG,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, signed_in, touch, user_of, window

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

REASON = "照实更正"


@pytest.fixture
def operator(county: FictionalCounty) -> Client:
    return signed_in(OPERATOR)


def text(answer: Any) -> str:
    shown: str = answer.content.decode()
    return shown


def ask(page: Client, address: str, **values: Any) -> str:
    return text(page.post(address, {"reason": REASON} | values, follow=True))


def confirm(page: Client, address: str, shown: str) -> str:
    """Send the form of the page that asks for confirmation, as a browser does."""
    return text(page.post(address, hidden_fields(shown, address), follow=True))


def hidden_fields(shown: str, address: str) -> dict[str, list[str]]:
    """Return what the form of a page that asks for confirmation sends."""
    [form] = re.findall(rf'<form[^>]*action="{address}".*?</form>', shown, re.DOTALL)
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form):
        if name != "csrfmiddlewaretoken":
            fields.setdefault(name, []).append(html.unescape(value))
    return fields


def day(offset: int = 0) -> str:
    return str(timezone.localdate() + dt.timedelta(days=offset))


def test_a_person_s_page_says_who_recorded_what_and_goes_back_in_time(
    county: FictionalCounty, operator: Client
) -> None:
    zhang = county.people[ZHANG]
    window(SHILI_VILLAGE, "上午", [zhang])
    shown = text(operator.get(f"/people/{zhang.pk}/"))
    assert "示例村 张示例 a1 村干部" in shown
    assert "尾号 0a1b 在用" in shown
    assert "上午 周一二三四五 08:00–12:00" in shown
    past = text(operator.get(f"/people/{zhang.pk}/?as_of={day(-1)}"))
    assert "那时还没有记录" in past
    assert "下一步" not in past


def test_a_card_of_the_wrong_person_goes_to_the_right_one_after_a_look(county: FictionalCounty) -> None:
    page, card = signed_in(TOWNSHIP_OFFICER), county.cards[ZHANG]
    touch(county.stations[SHILI], ZHANG.token)
    address = f"/cards/{card.pk}/change/"
    shown = ask(page, address, act="take", to="a2")
    assert "1 次打卡改记，涉及 1 天" in shown
    assert "卡：张示例（a1）尾号 0a1b 在用" in shown
    assert "卡：李示例（a2）尾号 0a1b 在用" in shown
    assert "张示例（a1）" in shown
    card.refresh_from_db()
    assert card.person == county.people[ZHANG]
    assert "已记录" in confirm(page, address, shown)
    card.refresh_from_db()
    assert card.person == county.people[LI]
    entry = AuditEntry.objects.get(action="card.moved")
    assert (entry.actor, entry.detail["reason"]) == (TOWNSHIP_OFFICER.username, REASON)


def test_what_would_now_be_otherwise_is_shown_again(county: FictionalCounty) -> None:
    page, address = signed_in(TOWNSHIP_OFFICER), f"/cards/{county.cards[ZHANG].pk}/change/"
    shown = ask(page, address, act="take", to="a2")
    touch(county.stations[SHILI], ZHANG.token)
    again = confirm(page, address, shown)
    assert "现在还没有改动" in again
    assert Card.objects.get(pk=county.cards[ZHANG].pk).person == county.people[ZHANG]


def test_what_was_shown_of_one_person_is_not_done_to_another(county: FictionalCounty) -> None:
    page, card = signed_in(TOWNSHIP_OFFICER), county.cards[ZHANG]
    address = f"/cards/{card.pk}/change/"
    shown = ask(page, address, act="lost")
    take_card(card, actor="somebody", reason=REASON, since=None, give_to=county.people[LI])
    again = confirm(page, address, shown)
    assert "没有改动：刚才有别的改动" in again
    assert "李示例 的卡" in again
    card.refresh_from_db()
    assert (card.person, card.lost_at) == (county.people[LI], None)


def test_a_lost_card_is_found_on_the_page(county: FictionalCounty) -> None:
    page, card = signed_in(TOWNSHIP_OFFICER), county.cards[ZHANG]
    report_lost(card, actor="somebody")
    address = f"/cards/{card.pk}/change/"
    assert "已记录" in confirm(page, address, ask(page, address, act="found"))
    card.refresh_from_db()
    assert card.lost_at is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"act": "take", "to": "b1"}, "管辖范围内没有这个编号或姓名的人员"),
        ({"act": "take", "to": "11010519491231002X"}, "像是身份证号"),
        ({"act": "found"}, "没有挂失"),
        ({"act": "lost", "since": "昨天"}, "时间要写成"),
        ({"act": "lost", "since": "2999-01-01T00:00"}, "时间要写成"),
        ({"act": "burn"}, "请选要办的事"),
        ({"act": "end", "reason": "嗯"}, "请写明理由"),
    ],
)
def test_what_can_t_be_done_to_a_card_says_why(county: FictionalCounty, values: dict[str, str], words: str) -> None:
    page = signed_in(TOWNSHIP_OFFICER)
    assert words in ask(page, f"/cards/{county.cards[ZHANG].pk}/change/", **values)
    assert Card.objects.get(pk=county.cards[ZHANG].pk).person == county.people[ZHANG]


def test_nobody_changes_what_lies_elsewhere(county: FictionalCounty) -> None:
    there, wang = signed_in(TOWNSHIP_OPERATOR), county.people[WANG]
    made = window(YANGBAN_VILLAGE, "上午", [wang])
    unit = make_unit("样板村党支部", UnitKind.BRANCH, Region.objects.get(pk=YANGBAN_VILLAGE), actor="service")
    for address in (
        f"/cards/{county.cards[WANG].pk}/change/",
        f"/people/{wang.pk}/change/",
        f"/windows/{made.pk}/change/",
        f"/units/{unit.pk}/end/",
        f"/regions/{YANGBAN_VILLAGE}/change/",
    ):
        assert there.post(address, {"act": "leave", "reason": REASON, "day": day()}).status_code == 404
    assert there.get(f"/people/{wang.pk}/").status_code == 404
    assert "样板村" not in text(there.get("/regions/"))
    assert "样板村" not in text(there.get("/units/"))
    # The tree is the county's: whoever sees one township does not merge its villages.
    answer = there.post(f"/regions/{SHILI_VILLAGE}/change/", {"act": "rename", "reason": REASON, "day": day()})
    assert answer.status_code == 403


def test_a_township_ends_no_post_of_a_department_of_the_county(county: FictionalCounty, operator: Client) -> None:
    department = make_unit("示例县民政局", UnitKind.DEPARTMENT, Region.objects.get(pk=COUNTY), actor="service")
    zhang = county.people[ZHANG]
    holding = give_post(zhang, department, "联络员", since=timezone.localdate(), actor="service")
    there, address = signed_in(TOWNSHIP_OPERATOR), f"/holdings/{holding.pk}/change/"
    assert there.post(address, {"state": "ended", "reason": REASON, "day": day()}).status_code == 404
    assert address not in text(there.get(f"/people/{zhang.pk}/"))
    assert address in text(operator.get(f"/people/{zhang.pk}/"))
    assert "联络员" in ask(operator, address, state="ended", day=day())


def test_nobody_moves_a_person_to_where_they_don_t_see(county: FictionalCounty) -> None:
    page = signed_in(TOWNSHIP_OPERATOR)
    shown = ask(page, f"/people/{county.people[ZHANG].pk}/change/", act="change", day=day(), village=YANGBAN_VILLAGE)
    assert "请选管辖范围内的村或镇" in shown


def test_a_person_leaves_after_a_look_and_comes_back(county: FictionalCounty, operator: Client) -> None:
    zhang = county.people[ZHANG]
    made = window(SHILI_VILLAGE, "上午", [zhang])
    address = f"/people/{zhang.pk}/change/"
    shown = ask(operator, address, act="leave", day=day())
    assert "不再这样" in shown
    assert "上午 周一二三四五" in shown
    assert "已记录" in confirm(operator, address, shown)
    assert made.records.known().filter(ended=True).exists()
    assert f'data-label="到">{day()}</td>' in text(operator.get(f"/people/{zhang.pk}/"))
    back = ask(operator, address, act="return", day=day(5), village=SHILI_VILLAGE)
    assert "已记录" in confirm(operator, address, back)
    assert not Person.objects.get(pk=zhang.pk).left


def test_a_leaving_recorded_by_mistake_is_undone_the_same_day(county: FictionalCounty, operator: Client) -> None:
    zhang = county.people[ZHANG]
    address = f"/people/{zhang.pk}/change/"
    assert "核对回来" not in text(operator.get(f"/people/{zhang.pk}/"))
    confirm(operator, address, ask(operator, address, act="leave", day=day()))
    shown = text(operator.get(f"/people/{zhang.pk}/"))
    assert f"{day(1)} 起离开" in shown
    assert "下一步：核对回来" in shown
    moved = ask(operator, address, act="change", day=day(1), village=YANSHI_VILLAGE)
    assert "没有改动：张示例 已离开或将要离开，请先办“回来”" in moved
    early = ask(operator, address, act="return", day=day(), village=SHILI_VILLAGE)
    assert f"那一天没有离开，离开从 {day(1)} 算起" in early
    back = ask(operator, address, act="return", day=day(1), village=SHILI_VILLAGE)
    assert "已记录" in confirm(operator, address, back)
    assert "起离开" not in text(operator.get(f"/people/{zhang.pk}/"))
    assert stays(zhang, begin_of(timezone.localdate()))


def test_a_change_that_changes_nothing_is_no_change(county: FictionalCounty, operator: Client) -> None:
    zhang = county.people[ZHANG]
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor="service")
    holding = give_post(zhang, office, "文书", since=timezone.localdate(), actor="service")
    for address, values, words in (
        (f"/people/{zhang.pk}/change/", {"act": "change", "village": SHILI_VILLAGE}, f"从 {day()} 起本来就是这样"),
        (f"/people/{zhang.pk}/change/", {"act": "since"}, f"从 {day()} 起本来就在册"),
        (f"/holdings/{holding.pk}/change/", {"state": "held"}, f"从 {day()} 起本来就是“在岗”"),
    ):
        assert words in ask(operator, address, day=day(), **values)


def test_an_officer_does_not_decide_on_their_own_card(county: FictionalCounty) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    shown = ask(signed_in(TOWNSHIP_OFFICER), f"/cards/{county.cards[ZHANG].pk}/change/", act="end")
    assert "这是您自己的事" in shown


def test_nor_at_the_desk_or_in_the_list(county: FictionalCounty) -> None:
    officer, page = user_of(TOWNSHIP_OFFICER), signed_in(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    touch(county.stations[SHILI], UNKNOWN_CARD, answer="unknown")
    bound = text(page.post("/desk/bind/", {"token": UNKNOWN_CARD.hex(), "person": "a1 张示例"}, follow=True))
    assert "没有绑定：这是您自己的事" in bound
    lost = text(page.post(f"/cards/{county.cards[ZHANG].pk}/lost/", {"confirmed": "lost"}, follow=True))
    assert "没有挂失：这是您自己的事" in lost
    assert not Card.objects.exclude(lost_at=None).exists()


def test_a_card_that_was_handed_in_waits_at_the_desk_for_its_next_person(county: FictionalCounty) -> None:
    page, card = signed_in(TOWNSHIP_OFFICER), county.cards[ZHANG]
    touch(county.stations[SHILI], ZHANG.token, at=timezone.now() - dt.timedelta(minutes=2))
    end_binding(card, actor="somebody", reason="交回", since=timezone.now() - dt.timedelta(minutes=1))
    touch(county.stations[SHILI], ZHANG.token, answer="unknown")
    shown = text(page.post("/desk/bind/", {"token": ZHANG.token.hex(), "person": "a2"}, follow=True))
    assert "这 1 次打卡会计给 李示例" in shown
    assert "已绑定给 李示例" in confirm(page, "/desk/bind/", shown)
    card.refresh_from_db()
    assert card.person == county.people[LI]


def test_a_person_gets_another_number_and_nobody_gets_the_old_one(county: FictionalCounty, operator: Client) -> None:
    address = f"/people/{county.people[ZHANG].pk}/change/"
    assert "是或曾是别人的" in ask(operator, address, act="change", day=day(), number="a2")
    shown = ask(operator, address, act="change", day=day(), number="a9")
    assert "示例村 张示例 a9 村干部" in shown
    assert "已记录" in confirm(operator, address, shown)
    assert Person.objects.get(number="a9").pk == county.people[ZHANG].pk
    other = f"/people/{county.people[LI].pk}/change/"
    assert "是或曾是别人的" in ask(operator, other, act="change", day=day(), number="a9")


def test_a_window_is_changed_on_its_page_and_nobody_unseen_falls_out(county: FictionalCounty) -> None:
    zhang, li, wang = (county.people[one] for one in (ZHANG, LI, WANG))
    made = window(SHILI_VILLAGE, "上午", [zhang, wang])
    page, address = signed_in(TOWNSHIP_OPERATOR), f"/windows/{made.pk}/change/"
    shown = text(page.get(f"/windows/{made.pk}/"))
    assert "王样板" not in shown
    assert "外辖区人员" in shown
    values = {"act": "change", "day": day(), "name": "早班", "weekdays": "1-5", "start": "08:00", "end": "11:30"}
    asked = ask(page, address, **values, people=[li.pk])
    assert "早班 周一二三四五 08:00–11:30" in asked
    assert "已记录" in confirm(page, address, asked)
    made.refresh_from_db()
    assert (made.name, set(made.people.all())) == ("早班", {li, wang})
    ended = ask(page, address, act="end", day=day())
    assert "已记录" in confirm(page, address, ended)
    assert DutyWindow.ever.get(pk=made.pk).records.known().filter(ended=True).exists()


GOOD = {"name": "早班", "weekdays": "1-5", "start": "08:00", "end": "11:30", "village": SHILI_VILLAGE}


def test_a_window_is_added_on_a_page_that_shows_first_what_it_will_be(county: FictionalCounty) -> None:
    page = signed_in(TOWNSHIP_OPERATOR)
    shown = text(page.get("/windows/new/"))
    assert "示例村" in shown
    assert "样板村" not in shown
    form = text(page.get("/windows/new/", {"village": SHILI_VILLAGE}))
    assert "李示例" in form
    assert "还没有值班" in form
    asked = ask(page, "/windows/add/", **GOOD, day=day(), people=[county.people[LI].pk])
    assert "早班 周一二三四五 08:00–11:30：李示例" in asked
    assert not DutyWindow.ever.exists(), "only shown so far"
    assert "已记录" in confirm(page, "/windows/add/", asked)
    made = DutyWindow.objects.get()
    assert (made.name, made.village_id, list(made.people.all())) == ("早班", SHILI_VILLAGE, [county.people[LI]])
    assert f"/windows/{made.pk}/" in text(page.get("/windows/new/", {"village": SHILI_VILLAGE}))
    entry = AuditEntry.objects.get(action="window.added")
    assert (entry.actor, entry.detail["reason"]) == (TOWNSHIP_OPERATOR.username, REASON)
    row = DecidedRow.objects.filter(table="attendance_dutywindow", row=str(made.pk))
    assert row.exists(), "the county's stream vouches for it"


def test_a_window_that_begins_later_is_neither_over_nor_added_twice(county: FictionalCounty, operator: Client) -> None:
    values = GOOD | {"day": day(3), "people": [county.people[LI].pk]}
    asked = ask(operator, "/windows/add/", **values)
    assert "已结束" not in asked
    confirm(operator, "/windows/add/", asked)
    made = DutyWindow.ever.get()
    shown = text(operator.get(f"/windows/{made.pk}/"))
    assert "还没开始" in shown
    assert "已结束" not in shown
    assert "还没开始" in text(operator.get("/windows/new/", {"village": SHILI_VILLAGE}))
    for first in (day(), day(5)):
        again = values | {"day": first, "start": "13:00", "end": "14:00"}
        assert "已有值班“早班”" in ask(operator, "/windows/add/", **again)
    change = f"/windows/{made.pk}/change/"
    assert "已记录" in confirm(operator, change, ask(operator, change, **(values | {"act": "change", "end": "12:00"})))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"weekdays": "八"}, "不认识"),
        ({"start": "25:00"}, "不是"),
        ({"day": ""}, "请填日期"),
        ({"people": []}, "至少填一个人"),
        ({"name": ""}, "请填名称"),
        ({"name": "上午"}, "已有值班“上午”"),
        ({"weekdays": "3", "start": "09:00", "end": "10:00"}, "张示例 与值班“上午”的时间重叠"),
        ({"reason": "短"}, "理由"),
    ],
)
def test_a_window_that_does_not_fit_is_not_added(
    county: FictionalCounty, operator: Client, values: dict[str, Any], words: str
) -> None:
    zhang = county.people[ZHANG]
    there = window(SHILI_VILLAGE, "上午", [zhang])
    good = GOOD | {"day": day(), "start": "19:00", "end": "21:00", "people": [zhang.pk]}
    assert words in ask(operator, "/windows/add/", **(good | values))
    assert list(DutyWindow.ever.all()) == [there]


def test_nobody_adds_a_window_of_their_own_or_where_they_see_nobody(county: FictionalCounty) -> None:
    zhang, wang = county.people[ZHANG], county.people[WANG]
    account = user_of(TOWNSHIP_OPERATOR)
    account.person = zhang
    account.save()
    page = signed_in(TOWNSHIP_OPERATOR)
    assert "这是您自己的事" in ask(page, "/windows/add/", **GOOD, day=day(), people=[zhang.pk])
    assert page.post("/windows/add/", GOOD | {"village": YANGBAN_VILLAGE, "day": day()}).status_code == 404
    assert page.post("/windows/add/", GOOD | {"village": "\x00", "day": day()}).status_code == 404
    assert "至少填一个人" in ask(page, "/windows/add/", **GOOD, day=day(), people=[wang.pk]), (
        "who is not seen is nobody"
    )
    for reader in (SECRETARY, EDITOR):
        assert signed_in(reader).get("/windows/new/").status_code == 403
    assert not DutyWindow.ever.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"weekdays": "八"}, "不认识"),
        ({"start": "25:00"}, "不是"),
        ({"day": ""}, "请填日期"),
        ({"people": []}, "至少填一个人"),
    ],
)
def test_a_window_that_makes_no_sense_is_not_taken(
    county: FictionalCounty, operator: Client, values: dict[str, Any], words: str
) -> None:
    zhang = county.people[ZHANG]
    made = window(SHILI_VILLAGE, "上午", [zhang])
    good = {"act": "change", "day": day(), "name": "早班", "weekdays": "1-5", "start": "08:00", "end": "11:30"}
    assert words in ask(operator, f"/windows/{made.pk}/change/", **(good | {"people": [zhang.pk]} | values))
    made.refresh_from_db()
    assert made.name == "上午"


def test_a_township_office_has_people(county: FictionalCounty, operator: Client) -> None:
    assert "已添加单位" in ask(operator, "/units/add/", name="示例镇政府", kind="township", region=TOWNSHIP)
    unit, zhang = Unit.objects.get(), county.people[ZHANG]
    address = f"/people/{zhang.pk}/change/"
    shown = ask(operator, address, act="post", day=day(), unit=unit.pk, title="文书")
    assert "示例镇政府 文书" in confirm(operator, address, shown)
    assert "文书" in text(operator.get("/units/"))
    assert "请先办卸任" in ask(operator, f"/units/{unit.pk}/end/")
    holding = zhang.holdings.get()
    ended = ask(operator, f"/holdings/{holding.pk}/change/", state="ended", day=day())
    assert "已记录" in confirm(operator, f"/holdings/{holding.pk}/change/", ended)
    end = f"/units/{unit.pk}/end/"
    assert "已撤销" in confirm(operator, end, ask(operator, end))


def test_villages_are_merged_after_a_look(county: FictionalCounty, operator: Client) -> None:
    address = f"/regions/{SHILI_VILLAGE}/change/"
    assert "不能把一个村并入它自己" in ask(operator, address, act="merge", day=day(), into=SHILI_VILLAGE)
    shown = ask(operator, address, act="merge", day=day(), into=YANSHI_VILLAGE)
    assert "演示村 有人员 2" in shown
    assert Person.objects.get(number="a1").village_id == SHILI_VILLAGE
    assert "已记录" in confirm(operator, address, shown)
    assert Person.objects.get(number="a1").village_id == YANSHI_VILLAGE
    assert "示例村 990101001001 并入 演示村" in text(operator.get("/regions/"))


def test_another_township_s_officer_sees_none_of_it(county: FictionalCounty) -> None:
    page = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert page.get(f"/people/{county.people[ZHANG].pk}/").status_code == 404
    assert page.get(f"/windows/{window(SHILI_VILLAGE, '上午', []).pk}/").status_code == 404
