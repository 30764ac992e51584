"""What does not fit is said in Chinese when somebody asks, and nothing is recorded."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.fleet.models import ShelfDue
from server_broker.people.cards import report_lost
from server_broker.people.models import Person
from server_broker.requests.asking import ASKED, Wish
from server_broker.requests.effects import away_in, touches_while_away
from server_broker.requests.models import CountyRequest
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import turn_of
from server_broker.requests.withdrawing import TIME_TO_DENY, agree, withdraw
from tests.cast import (
    COUNTY_OFFICER,
    LI,
    SECRETARY,
    SHILI,
    TOWNSHIP_OFFICER,
    WANG,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, add_station, requested, touch, user_of, withdrawn
from tests.server_broker.requests.asked_here import MONDAY, NOW, approves, asks, days, duty, now_is, refuses

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    person = county.people[ZHANG]
    duty(person)
    return person


def from_noon(count: int) -> Wish:
    """Be away from Monday's noon to a noon so many days later."""
    noon = begin_of(MONDAY) + 12 * HOUR
    return replace(days(0), begin=noon, end=noon + dt.timedelta(days=count))


def test_what_makes_no_sense_is_refused_in_chinese(zhang: Person) -> None:
    senseless: list[tuple[Wish, str]] = [
        (replace(days(0), end=begin_of(MONDAY)), "结束要在开始以后"),
        (replace(days(0), end=begin_of(MONDAY) - HOUR), "结束要在开始以后"),
        (days(0, 400), "一次最多提 366 天"),
        # From a noon to a noon: 366 times 24 hours, and 367 dates.
        (from_noon(366), "一次最多提 366 天"),
        (days(0, code="holiday"), "请选哪种假"),
        (days(400), "太早了"),
        (replace(days(0), begin=None), "请选从哪天到哪天"),
        (Wish(kind="raise"), "请选办什么事"),
        (Wish(kind="correction", mark="arrival"), "请选哪天哪个班"),
        (Wish(kind="swap"), "请选哪天哪个班、换给谁"),
        (Wish(kind="leave_ended"), "请选销哪一次假"),
        (replace(days(0), note="证件 11010519491231002X"), "身份证"),
        (days(-6), "过了补报的时候"),
    ]
    for wish, said in senseless:
        with pytest.raises(RequestRefused, match=said):
            asks(zhang, wish)
    assert not CountyRequest.objects.exists()
    assert not AuditEntry.objects.filter(action=ASKED).exists()


def test_so_many_dates_are_asked_for_as_have_an_effect(zhang: Person) -> None:
    asked = asks(zhang, days(0, 366))
    assert approves(COUNTY_OFFICER, asked).is_last
    # What was asked for before that was looked at can be approved no more.
    longer = asks(zhang, replace(from_noon(365), kind="field_duty"))
    CountyRequest.objects.filter(pk=longer.pk).update(end_at=from_noon(366).end)
    with pytest.raises(RequestRefused, match="一次最多提 366 天"):
        approves(COUNTY_OFFICER, longer)


def test_what_is_asked_after_its_start_is_late_until_the_third_day_is_over(zhang: Person) -> None:
    # Monday's morning, off from the first minute on, so Thursday is the last day.
    last = begin_of(MONDAY + dt.timedelta(days=4))
    late = asks(zhang, days(0), at=last - dt.timedelta(minutes=1))
    assert now_is(late).is_late
    assert not now_is(asks(zhang, days(7))).is_late
    with pytest.raises(RequestRefused, match="过了补报的时候"):
        asks(zhang, days(0), at=last)


def test_the_same_time_is_asked_for_once(county: FictionalCounty, zhang: Person) -> None:
    first = asks(zhang, days(0))
    with pytest.raises(RequestRefused, match=f"和已经提的 {first.number} 号时间重叠"):
        asks(zhang, days(0, 0.5))
    approves(SECRETARY, first)
    with pytest.raises(RequestRefused, match="这段时间已经批过请假"):
        asks(zhang, days(-1, 2))
    # Another kind, another time and another person have nothing to do with it.
    for person, wish in ((zhang, days(0, kind="field_duty")), (zhang, days(1)), (county.add(LI), days(0))):
        asks(person, wish)


def test_a_person_takes_back_what_nobody_has_decided_and_what_has_not_begun(zhang: Person) -> None:
    waiting, approved, refused = asks(zhang, days(0)), asks(zhang, days(1)), asks(zhang, days(2))
    approves(SECRETARY, approved)
    refuses(SECRETARY, refused)
    withdraw(waiting, now=NOW)
    withdraw(approved, now=NOW)
    assert [now_is(one).state for one in (waiting, approved, refused)] == ["withdrawn", "withdrawn", "refused"]
    assert away_in(Absence.objects.get()) == []
    for one in (waiting, refused):
        with pytest.raises(RequestRefused, match="不能再撤回"):
            withdraw(one, now=NOW)
    with pytest.raises(RequestRefused, match="已经撤回"):
        approves(SECRETARY, waiting)
    begun = asks(zhang, days(3))
    approves(SECRETARY, begun)
    with pytest.raises(RequestRefused, match="提前回来请办销假"):
        withdraw(begun, now=begin_of(MONDAY + dt.timedelta(days=3)))


def test_coming_back_early_shortens_leave_on_the_person_s_word(zhang: Person) -> None:
    leave = asks(zhang, days(0, 3))
    approves(TOWNSHIP_OFFICER, leave)
    absence, back = Absence.objects.get(), begin_of(MONDAY + dt.timedelta(days=1, hours=12))
    with pytest.raises(RequestRefused, match="回来的时间要是现在"):
        asks(zhang, Wish(kind="leave_ended", absence=absence, begin=back - HOUR), at=back)
    asks(zhang, Wish(kind="leave_ended", absence=absence), at=back + dt.timedelta(seconds=40))
    assert away_in(absence) == [(begin_of(MONDAY), back)]
    with pytest.raises(RequestRefused, match="已经结束，不用销"):
        asks(zhang, Wish(kind="leave_ended", absence=absence), at=back + HOUR)


def test_who_was_back_with_a_touch_says_so_within_three_days(county: FictionalCounty, zhang: Person) -> None:
    approves(TOWNSHIP_OFFICER, asks(zhang, days(0, 3)))
    absence, station = Absence.objects.get(), county.stations[SHILI]
    noon = begin_of(MONDAY) + 12 * HOUR
    touch(station, b"", at=noon, person_number=zhang.number)
    # The clock of this one was years behind, and a fact said so later.
    corrected = noon + HOUR
    off = noon - 2000 * DAY
    touch(station, ZHANG.token, at=off, quality="unknown", received_at=noon + DAY, corrected_wall=corrected)
    # The station thought it knew this one's time, and did not.
    wrong = noon + 2 * HOUR
    touch(station, ZHANG.token, at=wrong, corrected_wall=wrong - 30 * DAY)
    touch(station, ZHANG.token, at=wrong, quality="unknown", received_at=wrong)
    touch(station, WANG.token, at=noon + 3 * HOUR)
    now = noon + DAY
    assert touches_while_away(absence, now) == [noon, corrected]
    assert touches_while_away(absence, noon + 3 * DAY + HOUR / 2) == [corrected]
    asks(zhang, Wish(kind="leave_ended", absence=absence, begin=noon), at=now)
    assert away_in(absence) == [(begin_of(MONDAY), noon)]


def test_a_touch_of_a_card_that_was_lost_then_brings_nobody_back(county: FictionalCounty, zhang: Person) -> None:
    approves(TOWNSHIP_OFFICER, asks(zhang, days(0, 3)))
    noon = begin_of(MONDAY) + 12 * HOUR
    report_lost(county.cards[ZHANG], actor="chen", reason="丢了", since=noon, now=noon)
    touch(county.stations[SHILI], ZHANG.token, at=noon + HOUR)
    assert touches_while_away(Absence.objects.get(), noon + DAY) == []


def test_coming_back_before_it_begins_ends_it_whole(zhang: Person) -> None:
    approves(SECRETARY, asks(zhang, days(0)))
    asks(zhang, Wish(kind="leave_ended", absence=Absence.objects.get()))
    assert away_in(Absence.objects.get()) == []


def test_nobody_ends_another_s_leave(county: FictionalCounty, zhang: Person) -> None:
    approves(SECRETARY, asks(zhang, days(0)))
    with pytest.raises(RequestRefused, match="请选销哪一次假"):
        asks(county.add(LI), Wish(kind="leave_ended", absence=Absence.objects.get()))


def test_a_lost_card_counts_no_longer_at_once(county: FictionalCounty, zhang: Person) -> None:
    asks(zhang, Wish(kind="card_lost"), at=timezone.now())
    county.cards[ZHANG].refresh_from_db()
    assert county.cards[ZHANG].lost_at is not None
    with pytest.raises(RequestRefused, match="没有在用的卡"):
        asks(zhang, Wish(kind="card_lost"))


def test_who_writes_down_their_own_word_is_not_their_own_officer(zhang: Person) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = zhang
    officer.save()
    with pytest.raises(OwnAffair):
        asks(zhang, Wish(kind="card_lost"), officer=officer.username)


def test_who_writes_down_a_loss_for_somebody_wipes_out_none_of_their_touches(zhang: Person) -> None:
    officer = user_of(SECRETARY).username
    with pytest.raises(RequestRefused, match="代人挂失从现在起算"):
        asks(zhang, Wish(kind="card_lost", begin=NOW - dt.timedelta(days=9)), officer=officer)
    asks(zhang, Wish(kind="card_lost"), at=timezone.now(), officer=officer)
    assert zhang.cards.get().lost_at is not None


def test_an_officer_says_that_somebody_agrees_while_these_have_time_to_deny_it(
    county: FictionalCounty, zhang: Person
) -> None:
    li, window = county.add(LI), zhang.windows.get()
    asked = asks(zhang, Wish(kind="swap", window=window.pk, day=MONDAY, substitute=li))
    start, officer = begin_of(MONDAY) + dt.timedelta(minutes=510), user_of(TOWNSHIP_OFFICER).username
    with pytest.raises(RequestRefused, match="不到两小时"):
        agree(asked, True, now=start - TIME_TO_DENY + dt.timedelta(minutes=1), officer=officer)
    agree(asked, True, now=start - TIME_TO_DENY, officer=officer)
    agree(asked, False, now=start - dt.timedelta(minutes=1))
    assert now_is(asked).state == "refused"


def test_a_window_goes_to_whoever_agrees_before_its_start(county: FictionalCounty, zhang: Person) -> None:
    li, window = county.add(LI), zhang.windows.get()
    wish = Wish(kind="swap", window=window.pk, day=MONDAY, substitute=li)
    asked = asks(zhang, wish)
    with pytest.raises(RequestRefused, match="没有这个申请"):
        approves(COUNTY_OFFICER, asked)
    agree(asked, True, now=NOW)
    assert now_is(asked).state == "accepted"
    with pytest.raises(RequestRefused, match="不是本人的"):
        asks(zhang, wish)
    again = asks(li, replace(wish, substitute=zhang))
    with pytest.raises(RequestRefused, match="已经开始"):
        agree(again, True, now=begin_of(MONDAY) + dt.timedelta(minutes=510))
    agree(again, False, now=NOW)
    assert now_is(again).state == "refused"


def test_the_partner_s_station_is_told_of_a_swap_and_of_its_end(county: FictionalCounty, zhang: Person) -> None:
    there = add_station(county, YANSHI, YANSHI_VILLAGE)
    li = county.add(LI)
    Person.objects.filter(pk=li.pk).update(village_id=YANSHI_VILLAGE)
    li.refresh_from_db()

    def is_told() -> bool:
        return bool(ShelfDue.objects.filter(station=there).delete()[0])

    is_told()
    asked = asks(zhang, Wish(kind="swap", window=zhang.windows.get().pk, day=MONDAY, substitute=li))
    assert is_told()
    withdraw(asked, now=NOW)
    assert is_told()


def test_a_window_goes_to_nobody_who_has_another_then(county: FictionalCounty, zhang: Person) -> None:
    li = county.add(LI)
    duty(li, name="接访", start=540, end=600)
    asked = asks(zhang, Wish(kind="swap", window=zhang.windows.get().pk, day=MONDAY, substitute=li))
    with pytest.raises(RequestRefused, match="时间重叠"):
        agree(asked, True, now=NOW)
    assert now_is(asked).state == "partner"


def test_a_window_goes_to_nobody_who_is_away_then(county: FictionalCounty, zhang: Person) -> None:
    li = county.add(LI)
    wish = Wish(kind="swap", window=zhang.windows.get().pk, day=MONDAY, substitute=li)
    asked, leave = asks(zhang, wish), asks(li, days(0, 0.4, code="sick"))
    approves(SECRETARY, leave)
    with pytest.raises(RequestRefused, match="那时您已批了不在") as refused:
        agree(asked, True, now=NOW)
    with pytest.raises(RequestRefused, match="对方那时已批了不在") as told:
        asks(zhang, wish)
    assert all("病" not in str(one.value) for one in (refused, told))
    assert turn_of(zhang, zhang.windows.get().pk, MONDAY) is not None
    withdraw(leave, now=NOW)
    agree(asked, True, now=NOW)
    assert turn_of(zhang, zhang.windows.get().pk, MONDAY) is None


def test_what_its_person_takes_back_at_a_kiosk_waits_for_nobody(county: FictionalCounty, zhang: Person) -> None:
    station, li = county.stations[SHILI], county.add(LI)
    asked, other = asks(zhang, days(0)), asks(zhang, days(1))
    refuses(SECRETARY, other)
    later = NOW + HOUR
    by_li = touch(station, LI.token, at=later)
    withdrawn(requested(station, by_li, request=asked.request), at=later)
    assert now_is(asked).state == "open", f"{li.number} takes nothing of hers back"
    own = touch(station, ZHANG.token, at=later)
    for one in (asked, other):
        withdrawn(requested(station, own, request=one.request), at=later)
    assert [now_is(one).state for one in (asked, other)] == ["withdrawn", "refused"]
    with pytest.raises(RequestRefused, match="已经撤回"):
        approves(SECRETARY, asked)
