"""No page of the console is a dead end: each role walks all that it can reach, in a full county and in one just set up.

What counts as a dead end is said in `tests.server_broker.console.dead_ends`.
"""

from collections.abc import Iterable

import pytest
from django.test import Client

from server_broker.accounts.powers import PROVEN
from server_broker.regions.models import Region
from tests.cast import (
    ADMINISTRATOR,
    BY_ROLE,
    COUNTY,
    COUNTY_OFFICER,
    GUARD,
    OPERATOR,
    REGIONS,
    Account,
)
from tests.server_broker.console.dead_ends import Walk, name_of, read, wrong_with
from tests.server_broker.console.routes import ROUTES
from tests.server_broker.console.test_routes import things
from tests.server_broker.county import make_county, signed_in, user_of

pytestmark = pytest.mark.django_db

VILLAGE_ROLES = ("secretary", "supervision")


def dead_ends(walks: Iterable[tuple[str, Client]], *, steps: int = 99) -> list[str]:
    """Return each dead end with the account and the way to it, at most so many steps from the start page."""
    found: list[str] = []
    elsewhere: set[str] = set()
    tried: set[str] = set()
    for account, client in walks:
        walk = Walk(client, elsewhere)
        walk.from_start(steps=steps)
        assert walk.pages, account
        # Whether an address that takes forms leads back is the same for whoever may open it.
        walk.sends = {target: way for target, way in walk.sends.items() if name_of(target) not in tried}
        tried |= {name_of(target) for target in walk.sends}
        walk.try_sends()
        found += [f"{account}: {one}" for one in walk.dead_ends]
    return found


def say(found: list[str]) -> str:
    return "\n".join([f"dead_ends {len(found)}", *found])


def just_signed_in(account: Account) -> Client:
    """A browser in which somebody has signed in, without the second factor."""
    client = Client()
    client.force_login(user_of(account))
    return client


def test_a_full_county_has_no_dead_end() -> None:
    things(make_county())
    found = dead_ends((account.username, signed_in(account)) for account in BY_ROLE.values())
    print(say(found))
    assert found == [], say(found)


def test_a_county_just_set_up_has_no_dead_end() -> None:
    Region.objects.create(code=COUNTY, name=REGIONS[COUNTY])
    # In such a county nobody can be placed in a village yet.
    accounts = [one.placed_in(None if one.role in VILLAGE_ROLES else COUNTY) for one in BY_ROLE.values()]
    found = dead_ends(((account.username, signed_in(account)) for account in accounts), steps=2)
    print(say(found))
    assert found == [], say(found)


def test_who_has_no_region_or_no_second_factor_yet_is_in_no_dead_end() -> None:
    Region.objects.create(code=COUNTY, name=REGIONS[COUNTY])
    strays = [one.placed_in(None) for one in (ADMINISTRATOR, COUNTY_OFFICER)]
    found = dead_ends(
        [(f"{one.username} without a region", signed_in(one)) for one in strays]
        + [(f"{one.username} without a second factor", just_signed_in(one)) for one in (OPERATOR, GUARD)],
        steps=1,
    )
    print(say(found))
    assert found == [], say(found)


def test_a_system_administrator_without_a_region_is_not_sent_to_himself() -> None:
    html = signed_in(ADMINISTRATOR.placed_in(None)).get("/").content.decode()
    assert f"account set-region {ADMINISTRATOR.username}" in html


def test_a_refused_page_says_who_may_and_leads_home() -> None:
    Region.objects.create(code=COUNTY, name=REGIONS[COUNTY])
    browsers = {
        role: signed_in(account.placed_in(COUNTY)) for role, account in BY_ROLE.items() if role not in VILLAGE_ROLES
    }
    pages = [one for one in ROUTES if one.method == "GET" and "{" not in one.path and not one.path.startswith("/admin")]
    refused = 0
    for page in pages:
        role = next((role for role in browsers if page.statuses[role] == 403), "")
        if role:
            answer = browsers[role].get(page.path)
            assert answer.status_code == 403, page.path
            assert "能做的是" in answer.content.decode(), page.path
            assert 'href="/"' in answer.content.decode(), page.path
            refused += 1
    assert refused > len(PROVEN)


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<title>站点 · 村慧</title><main><h1>站点</h1><a href='/x/'>一</a></main>".replace("'", '"'), []),
        ('<title>站点 · 村慧</title><main><h1>站点</h1></main><a href="/x/">一</a>', ["no next step"]),
        ('<title> · 村慧</title><main><h1>站点</h1><form method="post" action="/y/"></form></main>', ["no title"]),
        ("<title>站点 · 村慧</title><main>请系统管理员来做</main>", ["no h1"]),
        (
            "<title>站点 · 村慧</title><main><h1>站点</h1>由县里来做"
            '<div class="empty"><strong>没有</strong></div></main>',
            ["“没有” says nothing of what comes next"],
        ),
    ],
)
def test_a_dead_end_is_seen(html: str, why: list[str]) -> None:
    assert list(wrong_with(read(html, "/here/"))) == why
