"""Corrections of a month: until it is closed, once, and beyond a number by two."""

import datetime as dt

import pytest
from django.test import override_settings
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.closing.closing import close_month, show_month
from server_broker.closing.county_months import CountyMonths
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.requests.cases import SECOND, case_of
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import Correction, CountyRequest, Outcome
from server_broker.requests.refused import RequestRefused
from server_broker.settling.setting_terms import set_term
from server_broker.settling.term_specs import TermRefused
from tests.cast import COUNTY_OFFICER, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OFFICER, WANG, Account
from tests.server_broker.closing.corrections import ASKED_AT, asks, wish
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    MAY_CLOSE,
    MISSED,
    MONTH,
    SHOWN_AT,
    LivedMonth,
    county,
    lived,
    march,
    officer,
    village,
)
from tests.server_broker.county import FictionalCounty, signed_in, user_of
from tests.server_broker.pages import words_of
from tests.server_broker.public.door import settings_of_the_door, signed_in_telephone
from tests.server_broker.settling.lived import at

__all__ = ["county", "lived", "march"]

pytestmark = pytest.mark.django_db

OTHER_OFFICER = Account("gao-shili", "officer", TOWNSHIP)


def refused(why: str, person: Person, wanted: Wish, now: dt.datetime = ASKED_AT) -> None:
    before = CountyRequest.objects.count()
    with pytest.raises(RequestRefused, match=why):
        asks(person, wanted, now)
    assert CountyRequest.objects.count() == before


def shown_and_closed() -> None:
    show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)


def test_a_correction_is_asked_until_its_month_is_closed(lived: LivedMonth) -> None:
    asks(lived.li, wish(lived))
    shown_and_closed()
    refused("3月的考勤表 4月7日 已经定稿，不能再补卡", lived.zhang, wish(lived), MAY_CLOSE + DAY)
    # That of a month that is open is.
    lived.comes(APRIL)
    asks(lived.zhang, wish(lived, APRIL), MAY_CLOSE + DAY)


def test_what_does_not_fit_is_refused_with_the_reason(lived: LivedMonth, county: FictionalCounty) -> None:
    coming = APRIL + 6 * DAY
    refused("这个班还没有结束", lived.li, wish(lived, coming))
    refused(
        "那天的这个班不是本人的",
        county.people[WANG],
        wish(lived),
    )
    refused("请写明原因", lived.li, Wish(kind="correction", window=lived.window.pk, day=MISSED, mark="departure"))
    first = asks(lived.li, wish(lived))
    refused(f"已经提过 {first.number} 号补卡，还在等定", lived.li, wish(lived))
    # The other mark of the window is another matter, and so is the same one once it is decided.
    asks(lived.li, wish(lived, mark="arrival"))
    decide_case(f"c{first.pk}", Outcome.REFUSED, text="没有人作证", user=officer(), at=ASKED_AT, months=CountyMonths())
    asks(lived.li, wish(lived))


def test_the_console_and_the_telephone_refuse_with_the_same_words(
    lived: LivedMonth, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = APRIL + 6 * DAY
    now = ASKED_AT
    monkeypatch.setattr(timezone, "now", lambda: now)

    def said(person: Person, day: dt.date) -> list[str]:
        """What the telephone says to the person, and the console to the officer who writes it down for them."""
        sent = {"turn": f"{lived.window.pk}:{day}", "mark": "departure", "time": "12:03", "note": "忘了打卡，有人作证"}
        with override_settings(**settings_of_the_door()):
            on_phone = signed_in_telephone(person).post("/ask/correction/", sent)
        written = sent | {"person": person.number, "kind": "correction"}
        at_desk = signed_in(COUNTY_OFFICER).post("/todo/add/", written)
        assert (on_phone.status_code, at_desk.status_code) == (422, 422)
        assert not CountyRequest.objects.exists()
        return [words_of(one.content.decode()) for one in (on_phone, at_desk)]

    assert all("这个班还没有结束" in page for page in said(lived.li, coming))
    assert all("那天的这个班不是本人的" in page for page in said(county.people[WANG], MISSED))
    shown_and_closed()
    now = MAY_CLOSE + DAY
    assert all("3月的考勤表 4月7日 已经定稿，不能再补卡" in page for page in said(lived.li, MISSED))


def test_the_pages_of_a_window_offer_none_once_its_month_is_closed(lived: LivedMonth) -> None:

    def links() -> list[bool]:
        """Whether the officer's page and the person's own lead to a correction."""
        at_desk = signed_in(TOWNSHIP_OFFICER).get(f"/sheets/{SHILI_VILLAGE}/windows/{lived.li.pk}/{MISSED}/510/")
        with override_settings(**settings_of_the_door()):
            on_phone = signed_in_telephone(lived.li).get(f"/windows/{MISSED}/510/")
        assert "/ask/objection/?turn=" in on_phone.content.decode()
        pages = {"kind=correction": at_desk, "/ask/correction/?turn=": on_phone}
        return [link in page.content.decode() for link, page in pages.items()]

    assert links() == [True, True]
    shown_and_closed()
    assert links() == [False, False]


def test_nobody_approves_their_own(lived: LivedMonth) -> None:
    own = user_of(TOWNSHIP_OFFICER)
    own.person = lived.li
    own.save()
    asked = asks(lived.li, wish(lived))
    written = ask(
        lived.zhang, wish(lived, mark="arrival"), now=ASKED_AT, officer=COUNTY_OFFICER.username, months=CountyMonths()
    )
    for one, account in ((asked, TOWNSHIP_OFFICER), (written, COUNTY_OFFICER)):
        with pytest.raises(OwnAffair):
            decide_case(f"c{one.pk}", Outcome.ACCEPTED, text="", user=user_of(account), at=ASKED_AT)
    assert not Correction.objects.exists()


def test_the_regions_say_beyond_how_many_a_second_approver_is_needed(lived: LivedMonth) -> None:
    township = Region.objects.get(pk=TOWNSHIP)
    officer = user_of(COUNTY_OFFICER)
    before = at(MISSED.replace(day=1) - DAY, 9)
    set_term(township, "corrections_per_month", 1, since=MISSED, by=officer, reason="试行", now=before)

    def approved(day: dt.date, account: Account = TOWNSHIP_OFFICER) -> str:
        asked = CountyRequest.objects.filter(day=day).first() or asks(lived.li, wish(lived, day))
        key = f"c{asked.pk}"
        decide_case(key, Outcome.ACCEPTED, text="", user=user_of(account), at=ASKED_AT, months=CountyMonths())
        case = case_of(key)
        assert case is not None
        return case.state

    assert approved(MISSED) == "accepted"
    second = MISSED + DAY
    assert approved(second) == SECOND
    assert Correction.objects.count() == 1
    with pytest.raises(RequestRefused, match="要另一个人再定一次"):
        approved(second)
    assert approved(second, OTHER_OFFICER) == "accepted"
    assert Correction.objects.count() == 2
    # The 15th lies before the date from which that holds.
    assert approved(MISSED - DAY) == "accepted"


def test_the_first_approver_does_not_do_without_the_second_by_another_number(lived: LivedMonth) -> None:
    township, officer = Region.objects.get(pk=TOWNSHIP), user_of(TOWNSHIP_OFFICER)
    for name in ("corrections_per_month", "objection_days"):
        for since in (MISSED.replace(day=1), MISSED, MISSED.replace(day=31)):
            with pytest.raises(TermRefused, match="最早从 2027-04-01 起"):
                set_term(township, name, 31, since=since, by=officer, reason="试行", now=at(MISSED, 9))
            with pytest.raises(TermRefused, match="最早从 2027-04-01 起"):
                set_term(township, name, None, since=since, by=officer, reason="试行", now=at(MISSED, 9))
        set_term(township, name, 31, since=dt.date(2027, 4, 1), by=officer, reason="试行", now=at(MISSED, 9))
    assert CountyMonths().corrections(lived.li, MISSED.replace(day=31)) == 3
    assert CountyMonths().corrections(lived.li, dt.date(2027, 4, 1)) == 31
