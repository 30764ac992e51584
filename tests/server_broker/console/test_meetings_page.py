"""The pages 会议: announce by a form, see who came, enter votes and minutes, and what a month lacks, all in scope."""

import io
import re

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from server_broker import trust
from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry
from server_broker.meetings.models import Meeting, MeetingRecord, Minutes
from server_broker.people.models import Person, PersonType
from server_broker.people.posts import give_post
from server_broker.requests.models import CountyRequest
from tests.cast import (
    CLERK,
    LI,
    OPERATOR,
    ORGANISER,
    OTHER_TOWNSHIP_OFFICER,
    OVERSEER,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.county import FictionalCounty, add_station, make_county, signed_in
from tests.server_broker.meetings.meeting_days import (
    BEGIN,
    DAY,
    VOTE,
    branch,
    comes,
    counted,
    held,
    station_told,
    villagers,
    vouches,
)
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def county() -> FictionalCounty:
    trust.prepare(settings.HOME)
    return make_county()


def form(people: list[Person], **more: object) -> dict[str, object]:
    keys = [str(person.pk) for person in people]
    day = timezone.localdate() + 3 * DAY
    return {
        "of": f"r{SHILI_VILLAGE}",
        "kind": "representatives",
        "title": "村民代表会议",
        "place": "村委会会议室",
        "begin": f"{day}T09:00",
        "end": f"{day}T10:30",
        "chair": keys[0],
        "stations": [SHILI],
        "listed": keys,
        "expected": keys,
        "voters": keys,
        "rule": "at_least",
        "numerator": "2",
        "denominator": "3",
        "item": ["", ""],
        "item_title": ["修村道", "选评议员"],
        "item_options": ["同意、不同意", ""],
    } | more


def said(client: Client, path: str) -> str:
    return words_of(text_of(client, path))


def test_a_secretary_announces_a_meeting_and_everybody_is_told_what_it_is(county: FictionalCounty) -> None:
    people, secretary = villagers(3), signed_in(SECRETARY)
    answer = secretary.post("/meetings/add/", form(people), follow=True)
    page = words_of(answer.content.decode())
    assert "会议通知已发" in page
    assert "应到 3 人" in page
    assert "要到 2 人" in page
    row = MeetingRecord.objects.get()
    assert [(item, title, options) for item, title, options in row.agenda] == [
        ("1", "修村道", ["同意", "不同意"]),
        ("2", "选评议员", []),
    ]
    assert row.subject.region_id == county.stations[SHILI].village.identity
    assert "村民代表会议" in said(secretary, f"/meetings/?month={timezone.localtime(row.begin):%Y-%m}")


def test_titles_stay_as_they_were_typed() -> None:
    people, secretary = villagers(3), signed_in(SECRETARY)
    typed = {
        "title": "第三季度党课：学习文件（一）",
        "place": "党群活动室（二楼）",
        "item_title": ["议题一：修村道", ""],
    }
    secretary.post("/meetings/add/", form(people, begin=f"{timezone.localdate() + DAY}T０９:00", **typed))
    assert not MeetingRecord.objects.exists(), "a time has one form"
    secretary.post("/meetings/add/", form(people, **typed))
    row = MeetingRecord.objects.get()
    assert (row.title, row.place, row.agenda[0][1]) == (typed["title"], typed["place"], "议题一：修村道")


def test_what_is_refused_is_shown_again_as_it_was_typed() -> None:
    people, secretary = villagers(3), signed_in(SECRETARY)
    answer = secretary.post("/meetings/add/", form(people, end=f"{timezone.localdate()}T08:00", title="选村民代表"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "没有存：结束要在开始以后" in page
    assert 'value="选村民代表"' in page
    assert 'value="同意、不同意"' in page
    assert page.count('name="expected" value=') == 3
    assert not Meeting.objects.exists()


def test_nobody_announces_for_a_place_with_people_or_at_a_station_outside_their_scope(county: FictionalCounty) -> None:
    people, clerk = villagers(1), signed_in(CLERK)
    assert clerk.post("/meetings/add/", form(people, of=f"r{TOWNSHIP}")).status_code == 404
    assert signed_in(OTHER_TOWNSHIP_OFFICER).post("/meetings/add/", form(people)).status_code == 404
    assert "请选在哪个站点签到" in clerk.post("/meetings/add/", form(people, stations=[YANGBAN])).content.decode()
    wang = str(county.people[WANG].pk)
    clerk.post("/meetings/add/", form(people, listed=[str(people[0].pk), wang], expected=[str(people[0].pk), wang]))
    assert MeetingRecord.objects.get().expected == [people[0].pk]
    page = text_of(clerk, f"/meetings/new/?of=r{SHILI_VILLAGE}&names={WANG.name}")
    assert f"没有找到：{WANG.name}" in page
    assert f'name="listed" value="{wang}"' not in page


def test_whom_a_branch_stands_for_is_proposed_and_supervision_only_looks() -> None:
    people = villagers(3)
    unit = branch()
    give_post(people[0], unit, "书记", since=timezone.localdate(), actor="service")
    Person.objects.filter(pk=people[1].pk).update(type=PersonType.MEMBER)
    page = text_of(signed_in(TOWNSHIP_OFFICER), f"/meetings/new/?of=u{unit.pk}&kind=members")
    assert [one.name in page for one in people] == [True, True, False]
    named = text_of(signed_in(TOWNSHIP_OFFICER), f"/meetings/new/?of=u{unit.pk}&pick=tcadre&names={people[2].name}")
    assert people[2].name in named
    overseer = signed_in(OVERSEER)
    assert "发会议通知" not in said(overseer, "/meetings/").replace("由村书记或镇办发会议通知", "")
    assert overseer.get("/meetings/new/").status_code == 403


def test_the_page_says_who_came_and_that_a_vote_had_no_quorum() -> None:
    people = villagers(3)
    meeting = held(people, agenda=(VOTE,))
    by_chair = comes(people[0], 12)
    counted(meeting, [2, 0], 1, by_chair)
    vouches(meeting, people[1], by_chair, 13)
    station_told()
    page = said(signed_in(SECRETARY), f"/meetings/{meeting.pk}/")
    assert "09:13 · 示例乙：示例甲 主持人登记" in page
    assert "实到 1 人 其中迟到 1" in page
    assert "缺席 2 人" in page
    assert "没有达到法定人数 有表决权的应到 3 人，要到 2 人；09:10 有表决权的到了 0 人，还差 2 人" in page
    assert "票数比在场的人多，请核对" in page
    assert "站点上填的，示例甲" in page
    sheet = said(signed_in(SECRETARY), f"/meetings/{meeting.pk}/sheet/")
    assert "1 示例甲（主持人） 迟到 09:12" in sheet


def test_what_a_chair_took_back_counts_no_more_and_the_page_says_who_did_and_when() -> None:
    people = villagers(4)
    meeting = held(people, agenda=(VOTE,))
    chair, member = comes(people[0], 0), comes(people[1], 2)
    vouches(meeting, people[2], chair, 1)
    vouches(meeting, people[2], member, 3)
    counted(meeting, [3, 0], 3, chair, 5)
    vouches(meeting, people[2], member, 6, back=True)
    station_told()
    assert "实到 3 人" in said(signed_in(SECRETARY), f"/meetings/{meeting.pk}/"), "only the chair takes back"
    vouches(meeting, people[2], chair, 20, back=True)
    page = said(signed_in(SECRETARY), f"/meetings/{meeting.pk}/")
    assert "09:20 · 示例丙：示例甲 主持人收回，以前登记和作证的不算" in page
    assert "09:01 · 示例丙：示例甲 后来收回了，不算" in page
    assert "09:03 · 示例丙：示例乙 后来收回了，不算" in page
    assert "09:06 · 示例丙：示例乙 不是主持人收回，不算" in page
    assert "实到 2 人" in page
    assert "缺席 2 人" in page
    assert "09:10 有表决权的到了 2 人，还差 1 人" in page
    assert "09:05 有表决权的到了 3 人，已够" in page, "the vote keeps who was there"
    assert "在场的人比签到的人多" not in page


def test_the_page_tells_voters_who_came_from_those_who_came_and_do_not_vote() -> None:
    people = villagers(4)
    meeting = held(people, voters=frozenset(one.pk for one in people[:3]))
    for minute, person in enumerate((people[0], people[3])):
        comes(person, minute)
    station_told()
    page = said(signed_in(SECRETARY), f"/meetings/{meeting.pk}/")
    assert "应到 4 人" in page
    assert "实到 2 人 有表决权的 1，另有列席 1" in page
    assert "有表决权的应到 3 人，要到 2 人；09:10 有表决权的到了 1 人，还差 1 人" in page


def test_the_sheet_goes_out_as_excel_and_that_is_on_record() -> None:
    people = villagers(2)
    meeting = held(people)
    comes(people[0], 0)
    answer = signed_in(OPERATOR).get(f"/meetings/{meeting.pk}/sheet.xlsx")
    rows = list(load_workbook(io.BytesIO(answer.content))["签到"].values)
    assert rows[0][:4] == ("序号", "姓名", "编号", "村")
    assert rows[1][1:7] == ("示例甲", "v0", "示例村", "有", "到会", "09:00")
    assert AuditEntry.objects.filter(action="meeting.sheet_taken", actor=OPERATOR.username).exists()


def test_a_meeting_is_changed_and_cancelled_with_a_reason_and_votes_and_minutes_are_kept() -> None:
    people, secretary = villagers(2), signed_in(SECRETARY)
    secretary.post("/meetings/add/", form(people))
    meeting = Meeting.objects.get()
    path = f"/meetings/{meeting.pk}/"
    edit = text_of(secretary, f"{path}edit/")
    assert 'value="同意、不同意"' in edit
    answer = secretary.post(f"{path}change/", form(people, place="党群服务中心", reason=""))
    assert "写明理由" in answer.content.decode()
    secretary.post(f"{path}change/", form(people, place="党群服务中心", item=["1", "2"], reason="会议室停电"))
    page = said(secretary, path)
    assert "党群服务中心" in page
    assert "改会议：会议室停电" in page
    secretary.post(f"{path}minutes/", {"text": "同意修村道。"})
    secretary.post(f"{path}sign/", {"version": "1"})
    assert [(row.text, row.signed_by) for row in Minutes.objects.all()] == [("同意修村道。", SECRETARY.username)]
    vote = {"item": "1", "votes": ["2", "0"], "present": "2", "voted_at": f"{timezone.localdate()}T00:00"}
    assert "表决的时间要在开会以后" in secretary.post(f"{path}vote/", vote, follow=True).content.decode()
    secretary.post(f"{path}cancel/", {"reason": "书记去县里开会"})
    assert "这个会取消了：书记去县里开会" in said(secretary, path)


def test_who_saves_over_a_newer_change_is_shown_both_and_nothing_is_lost() -> None:
    people, secretary, township = villagers(2), signed_in(SECRETARY), signed_in(TOWNSHIP_OFFICER)
    secretary.post("/meetings/add/", form(people))
    meeting = Meeting.objects.get()
    path = f"/meetings/{meeting.pk}/"
    opened = MeetingRecord.objects.known().get(subject=meeting).pk
    assert f'name="made_from" value="{opened}"' in text_of(secretary, f"{path}edit/")
    first = form(people, place="党群服务中心", item=["1", "2"], reason="会议室停电", made_from=opened)
    assert township.post(f"{path}change/", first).status_code == 302
    late = form(people, title="换届大会", item=["1", "2"], reason="写明换届", made_from=opened)
    answer = secretary.post(f"{path}change/", late)
    now = MeetingRecord.objects.known().get(subject=meeting)
    assert (answer.status_code, now.place) == (422, "党群服务中心")
    assert now.title != "换届大会"
    page = answer.content.decode()
    for words in (
        "又改过",
        "改为 党群服务中心",
        "会议室停电",
        'value="换届大会"',
        f'name="made_from" value="{now.pk}"',
    ):
        assert words in page
    both = late | {"place": "党群服务中心", "made_from": now.pk}
    assert secretary.post(f"{path}change/", both).status_code == 302
    stands = MeetingRecord.objects.known().get(subject=meeting)
    assert (stands.title, stands.place) == ("换届大会", "党群服务中心")


def test_a_form_offers_no_field_that_would_be_refused_and_a_forged_one_changes_nothing() -> None:
    people, secretary = villagers(3), signed_in(SECRETARY)
    meeting = held(people[:2], agenda=(VOTE,))
    counted(meeting, [2, 0], 2, comes(people[0], 0))
    path = f"/meetings/{meeting.pk}/"
    page = text_of(secretary, f"{path}edit/?names=v2")
    assert "主持人 示例甲" in words_of(page)
    assert "法定人数 超过 1/2" in words_of(page)
    shown = set(re.findall(r'<(?:select|input type="checkbox"|input) name="(\w+)"', page))
    assert "item_options" in shown, "further items may be added"
    assert shown.isdisjoint({"chair", "rule", "numerator", "denominator"})
    assert re.findall(r'type="checkbox" name="(\w+)" value="(\d+)"', page) == [
        ("expected", str(people[2].pk)),
        ("voters", str(people[2].pk)),
    ]
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input(?: type="(?:hidden|datetime-local)")? name="(\w+)" value="([^"]*)"', page):
        sent.setdefault(name, []).append(value)
    sent |= {"kind": ["members"], "stations": [SHILI], "place": ["党群服务中心"], "reason": ["会议室停电"]}
    forged = sent | {"item_options": ["不同意、同意", *sent["item_options"][1:]]}
    answer = secretary.post(f"{path}change/", forged)
    assert answer.status_code == 422
    assert "没有存：“选小组长”已经表决" in answer.content.decode()
    assert "选小组长（同意、不同意）" in answer.content.decode(), "what stays is shown as it stands"
    for other in (
        {"rule": ["none"]},
        {"expected": sent["expected"][:1], "voters": sent["expected"][:1]},
        {"chair": [""]},
    ):
        assert secretary.post(f"{path}change/", sent | other).status_code == 422
    assert meeting.records.count() == 1
    secretary.post(f"{path}change/", sent)
    told = said(secretary, path)
    assert "会议室停电 · jiang-shilicun 地点：原来 村委会会议室，改为 党群服务中心" in told
    assert "同意 2 · 不同意 0" in told


def test_who_is_expected_is_not_offered_to_cancel_what_has_begun_and_what_was_voted_stays_readable(
    county: FictionalCounty,
) -> None:
    people, officer = [county.people[ZHANG], *villagers(2)], signed_in(TOWNSHIP_OFFICER)
    begin = timezone.now().replace(second=0, microsecond=0)
    meeting = held(people, begin=begin, end=begin + DAY / 24, agenda=(VOTE,))
    secretary, path = signed_in(SECRETARY), f"/meetings/{meeting.pk}/"
    assert "取消这个会" in said(secretary, path)
    User.objects.filter(username=SECRETARY.username).update(person=people[0])
    assert "取消这个会" not in said(secretary, path)
    assert "您是应到的人，不能由您取消" in said(secretary, path)
    forged = secretary.post(f"{path}cancel/", {"reason": "书记去县里开会"}, follow=True)
    assert "没有取消：会已经开始，您是应到的人" in forged.content.decode()
    vote = {"item": "1", "votes": ["2", "0"], "present": "2", "voted_at": f"{timezone.localtime(begin):%Y-%m-%dT%H:%M}"}
    secretary.post(f"{path}vote/", vote)
    officer.post(f"{path}cancel/", {"reason": "停电开不成了"})
    page = said(secretary, path)
    assert "已取消" in page
    assert "这个会取消了：停电开不成了" in page
    assert "同意 2 · 不同意 0" in page
    assert "签到表（已取消）" in said(secretary, f"{path}sheet/")


def test_another_township_sees_nothing_of_a_meeting_and_a_village_nothing_of_its_townships(
    county: FictionalCounty,
) -> None:
    people = villagers(1)
    meeting = held(people)
    other = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert meeting.records.get().title not in text_of(other, f"/meetings/?month={BEGIN:%Y-%m}")
    for act in ("change", "cancel", "vote", "minutes", "sign", "away"):
        assert other.post(f"/meetings/{meeting.pk}/{act}/", {"reason": "没有理由"}).status_code == 404
    of_township = held([county.add(LI), county.add(ZHAO)], region=TOWNSHIP)
    assert signed_in(SECRETARY).get(f"/meetings/{of_township.pk}/").status_code == 404
    assert "赵示例" in text_of(signed_in(TOWNSHIP_OFFICER), f"/meetings/{of_township.pk}/")


def test_who_moved_out_of_scope_has_no_name(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    meeting = held([zhang])
    Person.objects.filter(pk=zhang.pk).update(village=YANSHI_VILLAGE)
    page = text_of(signed_in(SECRETARY), f"/meetings/{meeting.pk}/")
    assert ZHANG.name not in page
    assert "外单位人员" in page


def test_for_whom_the_meeting_takes_elsewhere_an_officer_asks_that_they_are_away(county: FictionalCounty) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    zhang, zhao = county.people[ZHANG], county.add(ZHAO)
    begin = timezone.now().replace(second=0, microsecond=0) + DAY
    meeting = held([zhang, zhao], region=TOWNSHIP, stations=[YANSHI], begin=begin, end=begin + DAY / 24)
    officer = signed_in(TOWNSHIP_OFFICER)
    assert "1 人要离开本村去开会" in said(officer, f"/meetings/{meeting.pk}/")
    answer = officer.post(f"/meetings/{meeting.pk}/away/", follow=True)
    assert "已给 1 人登记外出开会" in answer.content.decode()
    asked = CountyRequest.objects.get()
    assert (asked.person, asked.kind, asked.begin_at, asked.asked_by) == (
        zhang,
        "meeting",
        begin,
        TOWNSHIP_OFFICER.username,
    )
    assert "时间重叠" in officer.post(f"/meetings/{meeting.pk}/away/", follow=True).content.decode()


def test_the_table_says_what_is_missing_and_what_to_do_and_the_county_sets_how_often() -> None:
    people = villagers(1)
    held(people, unit=branch())
    comes(people[0], 0)
    page = said(signed_in(TOWNSHIP_OFFICER), f"/meetings/table/?month={BEGIN:%Y-%m}")
    assert "示例村党支部 示例村 ✓ 开了 1 次" in page
    assert "✕ 缺 1 次 开过没登的，三天内补登；没开的，尽快补开" in page
    terms = {"kind": "group", "times": "0", "months": "1", "rule": "none", "numerator": "0", "denominator": "1"}
    organiser = signed_in(ORGANISER)
    organiser.post("/meetings/kinds/", terms | {"since": "2026-01-01", "reason": "村里没有党小组"})
    assert "党小组会 不要求次数" in said(organiser, f"/meetings/table/?month={BEGIN:%Y-%m}")
    wrong = organiser.post("/meetings/kinds/", terms | {"times": "99", "reason": "村里没有党小组"}, follow=True)
    assert "没有改：次数写 0 到 31" in wrong.content.decode()


@pytest.mark.parametrize("query", ["month=2026-13", "place=1", "kind=nothing", "page=99", "month="])
def test_any_list_that_is_asked_for_gives_a_page(query: str) -> None:
    secretary = signed_in(SECRETARY)
    assert text_of(secretary, f"/meetings/?{query}")
    assert text_of(secretary, f"/meetings/table/?{query}")
    assert text_of(secretary, f"/meetings/new/?of=u9{'9' * 30}&{query}")


def test_names_that_mean_nobody_or_several_are_said_and_nothing_that_was_typed_is_lost() -> None:
    people, secretary = villagers(3), signed_in(SECRETARY)
    Person.objects.filter(pk=people[2].pk).update(name=people[1].name)
    digits = people[0].number.strip("v")
    asked = f"{people[0].name} {digits} 张三 {people[1].name} 99"
    sent = form(people[:1], title="选村民代表", place="老祠堂", names=asked, list="1")
    answer = secretary.post("/meetings/add/", sent)
    page = answer.content.decode()
    assert (answer.status_code, Meeting.objects.count()) == (200, 0)
    assert "没有找到：张三、99" in page
    assert f"不止一个人：{people[1].name}" in page
    assert all(f'value="{typed}"' in page for typed in ("选村民代表", "老祠堂", asked, "同意、不同意"))
    assert re.findall(r'name="listed" value="(\d+)"', page) == [str(people[0].pk)]
    secretary.post("/meetings/add/", form(people[:2]))
    path = f"/meetings/{Meeting.objects.get().pk}/"
    sent = form(people[:2], place="老祠堂", names=f"{people[2].number} 张三", list="1", reason="")
    page = secretary.post(f"{path}change/", sent).content.decode()
    assert "没有找到：张三" in page
    assert 'value="老祠堂"' in page
    assert f'name="listed" value="{people[2].pk}"' in page
    assert MeetingRecord.objects.count() == 1


def test_who_abstains_is_asked_once_and_each_option_is_one() -> None:
    people, secretary = villagers(3), signed_in(SECRETARY)
    secretary.post("/meetings/add/", form(people, item_options=["同意、不同意、弃权、同意", ""]))
    row = MeetingRecord.objects.get()
    assert row.agenda[0][2] == ["同意", "不同意"]
    answer = secretary.post("/meetings/add/", form(people, item_options=["同意、弃权", ""]))
    assert "弃权不用写" in answer.content.decode()
