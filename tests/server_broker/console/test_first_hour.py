"""第一次用: the steps of a county's first hour, as each role is shown them."""

import datetime as dt
import re

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from server_broker.accounts.models import User
from server_broker.attendance.models import Touch
from server_broker.console.first_hour import first_hour
from server_broker.regions.models import Region
from tests.cast import (
    ADMINISTRATOR,
    AUDITOR,
    BY_ROLE,
    COUNTY,
    GUARD,
    OPERATOR,
    REGIONS,
    SHILI,
    SHILI_VILLAGE,
    STRAY,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    UNKNOWN_CARD,
    YANGBAN_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, signed_in, touch, user_of, waiting_station, window
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db

TITLES = ("区划", "人员", "值班", "站点", "接入", "发卡", "第一次打卡")


def steps_of(html: str) -> dict[str, tuple[str, str]]:
    """Return, by its first word, each step's state and where its link leads; empty: it has none."""
    shown = html.partition('<ol class="first-steps">')[2].partition("</ol>")[0]
    found = {}
    for state, inner in re.findall(r'<li class="(\w+)">(.*?)</li>', shown, re.DOTALL):
        title = words_of(inner.partition("<strong>")[2].partition("</strong>")[0])
        links = re.findall(r'href="([^"]+)"', inner)
        assert len(links) <= 1, title
        found[title.partition("：")[0]] = (state, links[0] if links else "")
    return found


def states_of(client: Client) -> list[str]:
    return [state for state, _ in steps_of(text_of(client, "/")).values()]


@pytest.fixture
def bare() -> None:
    """A county as ``cunhui-server setup`` leaves it: its own region, and nothing else."""
    Region.objects.create(code=COUNTY, name=REGIONS[COUNTY])


@pytest.mark.usefixtures("bare")
def test_a_county_just_set_up_begins_with_its_places() -> None:
    steps = steps_of(text_of(signed_in(ADMINISTRATOR), "/"))
    assert tuple(steps) == TITLES
    assert [state for state, _ in steps.values()] == ["now"] + ["later"] * 6
    assert steps["区划"][1] == "/people/import/"
    assert all(href for _, href in steps.values())


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("role", [role for role in BY_ROLE if role not in ("secretary", "supervision")])
def test_each_role_gets_a_link_that_opens_or_hears_who_has_it(role: str) -> None:
    client = signed_in(BY_ROLE[role])
    page = client.get("/", follow=True)
    html = page.content.decode()
    steps = steps_of(html)
    assert tuple(steps) == TITLES
    for title, (_, href) in steps.items():
        if href:
            assert client.get(href).status_code == 200, (title, href)
    assert words_of(html).count("来做。做好了") == sum(not href for _, href in steps.values())
    assert ("由系统管理员、县运维来做" in html) is (role not in ("system", "operator"))


def test_the_steps_follow_what_the_county_has(county: FictionalCounty) -> None:
    client = signed_in(OPERATOR)
    assert states_of(client) == ["done", "done", "now", "done", "done", "done", "later"]
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    touch(county.stations[SHILI], UNKNOWN_CARD)
    assert states_of(client) == ["done"] * 6 + ["now"]
    touch(county.stations[SHILI], ZHANG.token)
    # From now on an operator begins with what needs somebody; the list is with the stations.
    html = text_of(client, "/?state=all")
    assert [state for state, _ in steps_of(html).values()] == ["done"] * 7
    assert "都做完了" in html
    Touch.objects.update(received_at=timezone.now() - dt.timedelta(days=2))
    assert "first-steps" not in text_of(client, "/?state=all")


def test_the_step_of_the_claim_code_leads_to_the_station_that_waits(bare: None) -> None:
    Region.objects.create(code=TOWNSHIP, name=REGIONS[TOWNSHIP])
    waiting_station(SHILI)
    steps = steps_of(text_of(signed_in(OPERATOR), "/"))
    assert steps["站点"][0] == "done"
    assert steps["接入"] == ("later", f"/stations/{SHILI}/")


def test_all_states_come_from_one_query(
    county: FictionalCounty, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    operator, now = user_of(OPERATOR), timezone.now()
    with django_assert_max_num_queries(2):
        assert first_hour(operator, now=now) is not None


def test_a_township_sees_its_own_steps(bare: None) -> None:
    for code in (TOWNSHIP, YANGBAN_VILLAGE):
        Region.objects.create(code=code, name=REGIONS[code])
    assert states_of(signed_in(TOWNSHIP_OFFICER))[0] == "now"
    assert states_of(signed_in(OPERATOR))[0] == "done"


@pytest.mark.usefixtures("bare")
def test_only_who_makes_accounts_is_told_to() -> None:
    assert "/admin/accounts/user/add/" in text_of(signed_in(ADMINISTRATOR), "/")
    assert "/admin/accounts/user/add/" not in text_of(signed_in(GUARD), "/")


@pytest.mark.usefixtures("bare")
def test_the_administrator_is_told_of_a_password_and_a_backup() -> None:
    user_of(ADMINISTRATOR)
    User.objects.update(password=make_password(None))
    told = text_of(signed_in(ADMINISTRATOR), "/")
    assert "/account/" in told.partition("您还没有密码")[2]
    assert "cunhui-server backup setup" in told
    assert "backup setup" not in text_of(signed_in(GUARD), "/")
    assert "返回控制台" in text_of(signed_in(ADMINISTRATOR), "/admin/accounts/user/add/")


def test_an_account_without_a_region_hears_that_first(bare: None) -> None:
    html = text_of(signed_in(STRAY), "/")
    assert "first-steps" not in html
    assert "还没有分配区划" in html


@pytest.mark.usefixtures("bare")
def test_the_list_refreshes_itself() -> None:
    part = signed_in(OPERATOR).get("/", headers={"HX-Request": "true"}).content.decode()
    assert tuple(steps_of(part)) == TITLES
    assert "first-steps" in signed_in(AUDITOR).get("/audit/").content.decode()
