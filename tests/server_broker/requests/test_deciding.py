"""Who decides about a request: by length, rank and region, another person than the asker, once, and what follows."""

import datetime as dt

import pytest

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.decisions.models import DecidedRow
from server_broker.duty.models import Absence
from server_broker.people.models import Person
from server_broker.requests.answering import NotAnswered, answer
from server_broker.requests.asking import Wish
from server_broker.requests.cases import cases_of_stations, of_stations
from server_broker.requests.deciding import DECIDED, decide_case
from server_broker.requests.deputies import DeputyRefused, end_deputy, name_deputy
from server_broker.requests.effects import away_in
from server_broker.requests.models import Answer, Correction, CountyRequest, Deputy, Outcome
from server_broker.requests.refused import RequestRefused
from server_broker.requests.waiting import Waiting
from tests.cast import (
    AUDITOR,
    CLERK,
    COUNTY_OFFICER,
    EDITOR,
    LI,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    STRAY,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    YANSHI_VILLAGE,
    ZHANG,
    Account,
)
from tests.server_broker.county import FictionalCounty, requested, signed_in, touch, user_of
from tests.server_broker.pages import text_of
from tests.server_broker.races import at_once
from tests.server_broker.requests.asked_here import MONDAY, NOW, approves, asks, days, duty, key, now_is, refuses

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
SECOND_OFFICER = Account("gao-shili", "officer", TOWNSHIP)
NEXT_VILLAGE = Account("ding-yanshi", "officer", YANSHI_VILLAGE)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    person = county.people[ZHANG]
    duty(person)
    return person


def is_who(account: Account, person: Person) -> User:
    user = user_of(account)
    user.person = person
    user.save()
    return user


def test_the_dates_it_touches_say_whose_word_is_needed(zhang: Person) -> None:
    asked: list[tuple[float, float, Account, Account]] = [
        (1, 0, STRAY, SECRETARY),
        (0.5, 0, EDITOR, CLERK),
        (2, 0, SECRETARY, TOWNSHIP_OFFICER),
        (3, 0, CLERK, TOWNSHIP_OFFICER),
        (4, 0, TOWNSHIP_OFFICER, COUNTY_OFFICER),
        # Only one date of hers: from Saturday morning to Monday night, and from noon to the next noon.
        (3, -2, OTHER_TOWNSHIP_OFFICER, SECRETARY),
        (1, 0.5, OPERATOR, SECRETARY),
    ]
    for week, (count, first, refused, allowed) in enumerate(asked):
        one = asks(zhang, days(7 * week + first, count))
        with pytest.raises(RequestRefused, match=r"要[村镇县]里来定"):
            approves(refused, one)
        made = approves(allowed, one)
        assert (made.is_last, made.rules, made.lender) == (True, "2.7", "")
        assert made.needed <= made.rank
        assert away_in(Absence.objects.latest("pk")) == [(one.begin_at, one.end_at)]
    assert Answer.objects.count() == len(asked)


def test_who_is_on_no_roster_has_the_working_days_that_it_touches(county: FictionalCounty) -> None:
    made = approves(TOWNSHIP_OFFICER, asks(county.add(LI), days(2, 5)))
    assert (made.length, made.needed) == (3, 2)


def test_a_decision_is_on_record_with_what_it_was_judged_by(zhang: Person) -> None:
    asked = asks(zhang, days(0))
    made = approves(SECRETARY, asked)
    assert (made.office, made.length, made.rank, made.needed) == ("示例村 村书记", 1, 1, 1)
    entry = AuditEntry.objects.get(action=DECIDED)
    assert (entry.actor, entry.subject, entry.detail["length"]) == (SECRETARY.username, key(asked), 1)
    tables = set(DecidedRow.objects.filter(fact__seq=DecidedRow.objects.latest("pk").fact.seq).values_list("table"))
    assert {("requests_answer",), ("duty_absence",), ("duty_absencerecord",)} <= tables


def test_a_decision_by_an_account_of_nobody_is_marked_for_auditors(county: FictionalCounty, zhang: Person) -> None:
    marked = approves(SECRETARY, asks(zhang, days(0)))
    is_who(CLERK, county.add(LI))
    plain = approves(CLERK, asks(zhang, days(2)))
    assert (marked.by_nobody, plain.by_nobody) == (True, False)
    pages = [text_of(signed_in(TOWNSHIP_OFFICER), f"/todo/c{one.asked_id}/") for one in (marked, plain)]
    assert ["账号没有对应的人" in page for page in pages] == [True, False]
    listed = text_of(signed_in(AUDITOR), "/audit/?q=账号没有对应的人")
    assert listed.count(f">{SECRETARY.username}<") == 1
    assert f">{CLERK.username}<" not in listed


def test_nobody_approves_their_own_by_whatever_account(zhang: Person) -> None:
    first, second = is_who(CLERK, zhang), user_of(TOWNSHIP_OFFICER)
    first.is_active = False
    first.save()
    second.person = zhang
    second.save()
    with pytest.raises(OwnAffair):
        approves(TOWNSHIP_OFFICER, asks(zhang, days(0)))
    # The officer who wrote it down has asked for it, and so has whoever that officer is by another account.
    li = Person.objects.create(number="a2", name="李示例", village_id=zhang.village_id)
    is_who(SECRETARY, li)
    asked = asks(zhang, days(1), officer=SECRETARY.username)
    with pytest.raises(OwnAffair):
        approves(SECRETARY, asked)
    User.objects.filter(username=SECRETARY.username).update(is_active=False)
    is_who(SECOND_OFFICER, li)
    with pytest.raises(OwnAffair):
        approves(SECOND_OFFICER, asked)
    assert not Answer.objects.exists()


def test_a_subordinate_does_not_decide_about_a_superior(county: FictionalCounty) -> None:
    chief = Person.objects.create(number="a9", name="示例镇长", village_id=TOWNSHIP)
    asked = asks(chief, days(0, 0.5))
    with pytest.raises(RequestRefused, match="要镇里来定"):
        approves(SECRETARY, asked)
    approves(TOWNSHIP_OFFICER, asked)
    # A secretary's own half day needs nobody above a village, but another person.
    zhang = is_who(SECRETARY, county.people[ZHANG]).person
    assert zhang is not None
    assert approves(CLERK, asks(zhang, days(0, 0.5))).needed == 1
    # Who has an account of the county is decided about by the county.
    li = is_who(COUNTY_OFFICER, county.add(LI)).person
    assert li is not None
    with pytest.raises(RequestRefused, match="要县里来定"):
        approves(TOWNSHIP_OFFICER, asks(li, days(0)))


def test_the_first_decision_stands_and_the_second_is_told_whose_it_was(zhang: Person) -> None:
    asked = asks(zhang, days(0))
    refuses(SECRETARY, asked)
    for account in (SECRETARY, TOWNSHIP_OFFICER):
        with pytest.raises(RequestRefused, match=f"{SECRETARY.username} {NOW:%m月%d日} 09:00 已经定了：不同意"):
            approves(account, asked)
    assert not Absence.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_instant_one_stands(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    asked = asks(zhang, days(0))
    users = [user_of(SECRETARY), user_of(TOWNSHIP_OFFICER)]

    def decides(number: int) -> str:
        outcome = (Outcome.ACCEPTED, Outcome.REFUSED)[number]
        try:
            return decide_case(key(asked), outcome, text="那天人手不够", user=users[number], at=NOW).outcome
        except RequestRefused as refused:
            return str(refused)

    said = at_once(decides, held_by=lambda: Person.objects.select_for_update().get(pk=zhang.pk), count=2)
    stands = Answer.objects.get()
    assert sorted(said, key=len)[0] == stands.outcome == now_is(asked).state
    assert f"{stands.actor} {NOW:%m月%d日} 09:00 已经定了" in max(said, key=len)
    assert Absence.objects.count() == (stands.outcome == "accepted")


def test_a_refusal_says_why_in_words_that_may_be_shown(zhang: Person) -> None:
    asked, user = asks(zhang, days(0)), user_of(SECRETARY)
    for text, said in (("不行", "写明理由"), ("你的证 11010519491231002X 不对", "身份证")):
        with pytest.raises(RequestRefused, match=said):
            decide_case(key(asked), Outcome.REFUSED, text=text, user=user, at=NOW)


def missed(person: Person, date: int, *, mark_at: dt.datetime | None = None, mark: str = "arrival") -> CountyRequest:
    day = MONDAY + date * DAY
    wish = Wish(
        kind="correction", window=person.windows.get().pk, day=day, mark=mark, mark_at=mark_at, note="卡忘在家里"
    )
    return asks(person, wish, at=begin_of(day) + DAY)


def test_a_correction_says_what_settlement_reads(zhang: Person) -> None:
    at = begin_of(MONDAY) + dt.timedelta(hours=8, minutes=25)
    with pytest.raises(RequestRefused, match="时间离这个班太远"):
        missed(zhang, 0, mark_at=at - dt.timedelta(hours=2))
    with pytest.raises(RequestRefused, match="还没有结束"):
        asks(zhang, Wish(kind="correction", window=zhang.windows.get().pk, day=MONDAY, mark="arrival", note="卡忘在家"))
    came, not_gone = missed(zhang, 0, mark_at=at), missed(zhang, 0, mark="departure")
    for one in (came, not_gone):
        assert approves(SECRETARY, one, at=NOW + 5 * DAY).needed == 1
    assert [(one.mark, one.mark_at, one.day) for one in Correction.objects.all()] == [
        ("arrival", at, MONDAY),
        ("departure", None, MONDAY),
    ]


def test_beyond_three_a_month_another_of_the_township_agrees_too(zhang: Person) -> None:
    late = NOW + 9 * DAY
    for date in range(3):
        approves(SECRETARY, missed(zhang, date), at=late)
    fourth = missed(zhang, 3)
    assert not approves(TOWNSHIP_OFFICER, fourth, at=late).is_last
    assert (now_is(fourth).state, Correction.objects.count()) == ("second", 3)
    with pytest.raises(RequestRefused, match="已经同意过，要另一个人"):
        approves(TOWNSHIP_OFFICER, fourth, at=late)
    with pytest.raises(RequestRefused, match="要镇里来定"):
        approves(SECRETARY, fourth, at=late)
    assert approves(SECOND_OFFICER, fourth, at=late).is_last
    assert Correction.objects.count() == 4


def test_the_second_approval_is_not_the_first_approvers_by_what_is_lent(zhang: Person) -> None:
    late, day = NOW + 9 * DAY, MONDAY + 7 * DAY
    for date in range(3):
        approves(SECRETARY, missed(zhang, date), at=late)
    fourth, chief, clerk = missed(zhang, 3), user_of(TOWNSHIP_OFFICER), user_of(CLERK)
    name_deputy(chief, clerk, first=day, last=day, reason="去县里学习", now=late)
    approves(TOWNSHIP_OFFICER, fourth, at=late)
    assert not Waiting(clerk, late).here().exists()
    with pytest.raises(RequestRefused, match="要镇里来定"):
        approves(CLERK, fourth, at=late)
    assert approves(SECOND_OFFICER, fourth, at=late).is_last
    # Nor is it whoever has lent the first approver theirs.
    fifth, lender = missed(zhang, 4), user_of(SECOND_OFFICER)
    name_deputy(lender, user_of(NEXT_VILLAGE), first=day, last=day, reason="去县里学习", now=late)
    assert approves(NEXT_VILLAGE, fifth, at=late).lender == lender.username
    assert not Waiting(lender, late).here().exists()
    with pytest.raises(RequestRefused, match="已经代您同意过"):
        approves(SECOND_OFFICER, fifth, at=late)
    assert approves(TOWNSHIP_OFFICER, fifth, at=late).is_last


def test_a_deputy_decides_by_the_power_that_is_lent(county: FictionalCounty, zhang: Person) -> None:
    chief, clerk, today = user_of(TOWNSHIP_OFFICER), user_of(CLERK), MONDAY - 2 * DAY
    asked = asks(zhang, days(0, 3))
    named = name_deputy(chief, clerk, first=today, last=today, reason="去县里学习", now=NOW)
    assert approves(CLERK, asked).lender == chief.username
    # What is lent serves neither for the one who lent it, nor after its last date, nor once they are back.
    li = is_who(TOWNSHIP_OFFICER, county.add(LI)).person
    assert li is not None
    for person, wish, at in ((li, days(0, 2), NOW), (zhang, days(7, 3), NOW + DAY)):
        with pytest.raises(RequestRefused, match="要镇里来定"):
            approves(CLERK, asks(person, wish), at=at)
    end_deputy(named, actor=chief, now=NOW)
    with pytest.raises(RequestRefused, match="要镇里来定"):
        approves(CLERK, asks(zhang, days(14, 3)))


def test_not_everybody_can_be_a_deputy(county: FictionalCounty) -> None:
    today = MONDAY - 2 * DAY
    refused: list[tuple[Account, Account, tuple[int, int], str]] = [
        (CLERK, TOWNSHIP_OFFICER, (0, 1), "级别不高于您"),
        (TOWNSHIP_OFFICER, OTHER_TOWNSHIP_OFFICER, (0, 1), "在您的区划里"),
        (TOWNSHIP_OFFICER, EDITOR, (0, 1), "都要是能审批的账号"),
        (TOWNSHIP_OFFICER, TOWNSHIP_OFFICER, (0, 1), "另一个人"),
        (TOWNSHIP_OFFICER, SECRETARY, (-1, 1), "日期不对"),
        (TOWNSHIP_OFFICER, SECRETARY, (0, 31), "日期不对"),
    ]
    for lender, deputy, dates, said in refused:
        first, last = (today + number * DAY for number in dates)
        with pytest.raises(DeputyRefused, match=said):
            name_deputy(user_of(lender), user_of(deputy), first=first, last=last, reason="去县里学习", now=NOW)
    assert not Deputy.objects.exists()


def test_a_kiosk_s_request_without_a_known_time_is_refused_and_not_approved(county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    card = touch(station, ZHANG.token, at=NOW)
    requested(
        station, card, kind="leave", code="sick", begin_at=None, quality="unknown", epoch=card.epoch, about_seq=None
    )
    (case,) = cases_of_stations(of_stations())
    # Asked at the last dated fact before it.
    assert (case.asked_at, case.is_dated) == (NOW, False)
    officer = user_of(COUNTY_OFFICER)
    with pytest.raises(RequestRefused, match="站点当时不知道准确时间"):
        decide_case(case.key, Outcome.ACCEPTED, text="", user=officer, at=NOW)
    decide_case(case.key, Outcome.REFUSED, text="请再提一次", user=officer, at=NOW)


def test_a_kiosk_s_leave_is_decided_like_any_other(county: FictionalCounty) -> None:
    station, begin = county.stations[SHILI], begin_of(MONDAY)
    for kind, begins, at in (("leave", begin, NOW), ("leave", begin, begin + 4 * DAY)):
        card = touch(station, ZHANG.token, at=at)
        end = begins + DAY
        requested(station, card, kind=kind, code="sick", begin_at=begins, end_at=end, wall=at, received_at=at)
    for one in of_stations():
        with pytest.raises(NotAnswered, match="在“待办”里定"):
            answer(one, Outcome.ACCEPTED, text="按您说的", actor=user_of(TOWNSHIP_OFFICER).username, at=NOW)
    in_time, too_late = sorted(cases_of_stations(of_stations()), key=lambda case: case.asked_at)
    decide_case(in_time.key, Outcome.ACCEPTED, text="", user=user_of(SECRETARY), at=NOW)
    assert away_in(Absence.objects.get()) == [(begin, begin + DAY)]
    with pytest.raises(RequestRefused, match="过了补报的时候"):
        decide_case(too_late.key, Outcome.ACCEPTED, text="", user=user_of(SECRETARY), at=NOW)
