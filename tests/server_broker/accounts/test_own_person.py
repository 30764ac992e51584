"""An account says whose it is: one person has one, who leaves can't use it, and nobody decides about themselves."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.accounts.account_changes import AccountRefused, close_account, make_account, save_changes
from server_broker.accounts.leaving import person_leaves, person_stays
from server_broker.accounts.links import make_sign_in_link, use_link
from server_broker.accounts.models import Role, User
from server_broker.accounts.own_affairs import OwnAffair, is_own_affair, refuse_own_affair
from tests.cast import (
    ADMINISTRATOR,
    AUDITOR,
    COUNTY,
    OPERATOR,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_ADMINISTRATOR,
    TOWNSHIP_OFFICER,
    WANG,
    ZHANG,
)
from tests.server_broker.accounts.account_forms import USERS, change, entries, make
from tests.server_broker.county import FictionalCounty, client_for, signed_in, user_of

pytestmark = pytest.mark.django_db


def zhang_s_account(county: FictionalCounty, role: Role = Role.OFFICER, region: str | None = TOWNSHIP) -> User:
    return make_account("zhang", role=role, region=region, person=county.people[ZHANG].pk)


def opens(client: Client) -> bool:
    return client.get("/").status_code == 200


def token_of(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[1]


def yesterday() -> dt.date:
    return timezone.localdate() - dt.timedelta(days=1)


def test_a_person_has_one_open_account(county: FictionalCounty) -> None:
    first = zhang_s_account(county)
    with pytest.raises(AccountRefused, match="已有账号 zhang"):
        make_account("zhang-2", role=Role.AUDITOR, region=None, person=county.people[ZHANG].pk)
    close_account(first, administrator=user_of(TOWNSHIP_ADMINISTRATOR))
    second = make_account("zhang-2", role=Role.OFFICER, region=TOWNSHIP, person=county.people[ZHANG].pk)
    first.is_active = True
    with pytest.raises(AccountRefused, match="已有账号 zhang-2"):
        save_changes(first, actor="anybody")
    assert [one.username for one in User.objects.filter(person=second.person, is_active=True)] == ["zhang-2"]


def test_the_form_says_that_the_person_has_an_account(county: FictionalCounty) -> None:
    zhang_s_account(county)
    administrator = signed_in(ADMINISTRATOR)
    other = make_account("other", role=Role.OFFICER, region=TOWNSHIP)
    answer = change(administrator, other, person=str(county.people[ZHANG].pk))
    assert answer == 200
    other.refresh_from_db()
    assert other.person is None


def test_a_person_beyond_the_scope_can_t_be_named(county: FictionalCounty) -> None:
    town = signed_in(TOWNSHIP_ADMINISTRATOR)
    account = make_account("target", role=Role.OFFICER, region=TOWNSHIP)
    assert change(town, account, person=str(county.people[WANG].pk)) == 200
    assert change(town, account, person=str(county.people[ZHANG].pk)) == 302
    account.refresh_from_db()
    assert account.person == county.people[ZHANG]
    [entry] = entries("account.changed")
    assert entry.detail == {"person": county.people[ZHANG].pk, "person_was": None}


def test_closing_ends_the_sessions_for_ever(county: FictionalCounty) -> None:
    account = zhang_s_account(county)
    browser = client_for(account)
    assert opens(browser)
    close_account(account, administrator=user_of(ADMINISTRATOR))
    assert not opens(browser)
    account.is_active = True
    save_changes(account, actor="anybody")
    assert not opens(browser)
    assert opens(client_for(User.objects.get(pk=account.pk)))


@pytest.mark.parametrize("closer", [TOWNSHIP_ADMINISTRATOR, ADMINISTRATOR, OPERATOR, TOWNSHIP_OFFICER])
def test_an_auditor_s_account_is_closed_by_nobody_in_a_browser(county: FictionalCounty, closer: object) -> None:
    auditor = user_of(AUDITOR)
    with pytest.raises(AccountRefused, match="不归您管"):
        close_account(auditor, administrator=user_of(closer))  # type: ignore[arg-type]
    assert User.objects.get(pk=auditor.pk).is_active
    assert entries("account.changed") == []


def test_who_has_left_signs_in_nowhere_though_nobody_closed_the_account(county: FictionalCounty) -> None:
    auditor = zhang_s_account(county, Role.AUDITOR, COUNTY)
    browser = client_for(auditor)
    link = token_of(make_sign_in_link(auditor))
    assert browser.get("/audit/").status_code == 200
    left = person_leaves(
        county.people[ZHANG].pk, on=timezone.localdate(), actor="officer", administrator=user_of(ADMINISTRATOR)
    )
    assert left == ["zhang"]
    assert browser.get("/audit/").status_code == 302
    assert use_link(link) is None
    assert User.objects.get(pk=auditor.pk).is_active
    assert "本人已离任，请停用" in signed_in(ADMINISTRATOR).get(USERS).content.decode()
    assert [entry.detail for entry in entries("account.ends")] == [{"on": timezone.localdate().isoformat()}]


def test_an_account_that_the_administrator_may_change_is_closed_at_once(county: FictionalCounty) -> None:
    account = zhang_s_account(county)
    town = user_of(TOWNSHIP_ADMINISTRATOR)
    assert person_leaves(county.people[ZHANG].pk, on=yesterday(), actor=town.username, administrator=town) == []
    assert not User.objects.get(pk=account.pk).is_active


def test_a_day_to_come_ends_nothing_before_it(county: FictionalCounty) -> None:
    account = zhang_s_account(county)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    assert person_leaves(county.people[ZHANG].pk, on=tomorrow, actor="officer") == ["zhang"]
    assert opens(client_for(User.objects.get(pk=account.pk)))


def test_a_person_who_stays_after_all_signs_in_again(county: FictionalCounty) -> None:
    account = zhang_s_account(county)
    person_leaves(county.people[ZHANG].pk, on=yesterday(), actor="officer")
    assert not User.objects.get(pk=account.pk).is_open
    person_stays(county.people[ZHANG].pk, actor="officer")
    assert User.objects.get(pk=account.pk).is_open
    person_stays(county.people[ZHANG].pk, actor="officer")
    assert len(entries("account.stays")) == 1


def test_a_closed_account_stays_closed_though_the_person_stays(county: FictionalCounty) -> None:
    account = zhang_s_account(county)
    town = user_of(TOWNSHIP_ADMINISTRATOR)
    person_leaves(county.people[ZHANG].pk, on=yesterday(), actor="officer", administrator=town)
    person_stays(county.people[ZHANG].pk, actor="officer")
    assert not User.objects.get(pk=account.pk).is_open


def test_nobody_decides_about_themselves(county: FictionalCounty) -> None:
    account = zhang_s_account(county)
    zhang, wang = county.people[ZHANG].pk, county.people[WANG].pk
    name = account.get_username()
    assert is_own_affair(name, [wang, zhang])
    assert is_own_affair(name, asked_by="Zhang")
    assert not is_own_affair(name, [wang], asked_by="wang")
    assert not is_own_affair(user_of(OPERATOR).get_username(), [zhang], asked_by="zhang")
    assert not is_own_affair("service", [zhang])
    with pytest.raises(OwnAffair, match="另一个人"):
        refuse_own_affair(name, [zhang])


@pytest.mark.parametrize(
    ("role", "region", "fits"),
    [
        ("secretary", SHILI_VILLAGE, True),
        ("secretary", TOWNSHIP, False),
        ("supervision", SHILI_VILLAGE, True),
        ("supervision", COUNTY, False),
        ("organisation", COUNTY, True),
        ("organisation", SHILI_VILLAGE, False),
        ("editor", TOWNSHIP, True),
        ("editor", SHILI_VILLAGE, True),
    ],
)
def test_a_role_has_its_place(county: FictionalCounty, role: str, region: str, fits: bool) -> None:
    assert make(signed_in(ADMINISTRATOR), "new", role, region) == (302 if fits else 200)
    assert User.objects.filter(username="new").exists() is fits
    if not fits:
        with pytest.raises(AccountRefused, match="区划应为"):
            make_account("newer", role=Role(role), region=region)


def test_who_has_left_gets_no_account(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    account = zhang_s_account(county)
    other = make_account("other", role=Role.OFFICER, region=TOWNSHIP)
    type(zhang).objects.filter(pk=zhang.pk).update(left=True)
    administrator = signed_in(ADMINISTRATOR)
    assert change(administrator, other, person=str(zhang.pk)) == 200
    assert change(administrator, account, region=SHILI_VILLAGE) == 200
    close_account(User.objects.get(pk=account.pk), administrator=user_of(ADMINISTRATOR))
    with pytest.raises(AccountRefused, match="已离任"):
        make_account("zhang-2", role=Role.OFFICER, region=TOWNSHIP, person=zhang.pk)
    other.refresh_from_db()
    assert other.person is None


def test_what_one_asked_for_by_an_earlier_account_is_ones_own_affair(county: FictionalCounty) -> None:
    first = zhang_s_account(county)
    close_account(first, administrator=user_of(TOWNSHIP_ADMINISTRATOR))
    make_account("zhang-2", role=Role.OFFICER, region=TOWNSHIP, person=county.people[ZHANG].pk)
    assert is_own_affair("zhang-2", asked_by="zhang")
    assert not is_own_affair("zhang-2", asked_by=TOWNSHIP_OFFICER.username)
    assert not is_own_affair(TOWNSHIP_OFFICER.username, asked_by="zhang")
