"""Programs that read the county by a token: each reads its own lists of its own village, and only as long as it may."""

import re

from tests.proofs.strangers.browser import Browser
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.console import COUNTY, make_account
from tests.proofs.strangers.county import OTHER_VILLAGE, VILLAGE, County
from tests.proofs.strangers.places import LISTS

_TEXT = re.compile(r"cunhui_([0-9]+)_[A-Za-z0-9_-]{43}")
_MUST = {
    "touches": "since=2026-01-01&until=2026-01-31",
    "due": f"first=2026-01-01&last=2026-01-31&region={VILLAGE}",
    "results": "month=2026-01",
    "months": "month=2026-01",
    "timesheets": f"month=2026-01&region={VILLAGE}",
}
"""What must be asked of a list."""
_LISTS = tuple(path for path in LISTS if not path.endswith("requests"))
"""Those that the tokens of the proof are for."""


class _Program:
    """A program with a token, or with something that is none. It keeps no cookie."""

    def __init__(self, county: County, text: str = "") -> None:
        self._browser = Browser(county)
        self._says = {"Authorization": f"Bearer {text}"} if text else {}

    def reads(self, path: str, asked: str = "") -> bool:
        """Return whether it is given a list."""
        must = _MUST.get(path.rsplit("/", 1)[1], "")
        if "region=" in asked:
            must = must.partition("&region=")[0]
        query = f"?{must}&{asked}"
        return self._browser.ask("GET", path + query, says=self._says).status == 200


def tokens(bench: Bench, outcomes: Outcomes) -> None:
    """A token opens its own lists of its own village to whoever has it, until it is revoked."""
    county = bench.county
    operator = _operator(county, outcomes, "token-operator")
    text, number = _made(operator, "示例系统", VILLAGE)
    program = _Program(county, text)
    strangers = {
        "without a token": _Program(county),
        "with a guessed token": _Program(county, f"cunhui_{number}_{'A' * 43}"),
        "with the token of another number": _Program(county, text.replace(f"_{number}_", f"_{int(number) + 1}_")),
    }
    for path in LISTS:
        for who, stranger in strangers.items():
            outcomes.refused(f"{path} {who}", stranger.reads(path))
        outcomes.refused(f"{path} with a session of the console", operator.ask("GET", path).status == 200)
    outcomes.refused("a list that the token is not for", program.reads("/api/v1/requests"))
    for path in _LISTS:
        outcomes.welcome(f"{path} with its token", program.reads(path))
        outcomes.welcome(f"{path} of the own village", program.reads(path, f"region={VILLAGE}"))
        outcomes.refused(f"{path} of another village", program.reads(path, f"region={OTHER_VILLAGE}"))
        outcomes.refused(f"{path} of the county", program.reads(path, f"region={COUNTY}"))
        outcomes.refused(f"{path} with the token in the address too", program.reads(path, f"token={text}"))
        outcomes.refused(f"{path} with the token in the address", _Program(county).reads(path, f"token={text}"))
    for who, stranger in (strangers | {"with a token for lists of a village": program}).items():
        outcomes.refused(f"metrics {who}", stranger.reads("/metrics"))
    operator.ask("POST", f"/tokens/{number}/revoke/")
    outcomes.refused("a list with a revoked token", program.reads(_LISTS[0]))


def owners(bench: Bench, outcomes: Outcomes) -> None:
    """A token sees no more than its owner now, and what is changed in the database makes no token wider."""
    county = bench.county
    operator = _operator(county, outcomes, "leaving-operator")
    text, number = _made(operator, "示例系统", COUNTY)
    program, regions = _Program(county, text), "/api/v1/regions"
    outcomes.welcome("both villages by a token of the county", program.reads(regions, f"region={OTHER_VILLAGE}"))
    county.sql(f"UPDATE accounts_user SET region_id = '{VILLAGE}' WHERE username = 'leaving-operator'")
    outcomes.welcome("the village that its owner still has", program.reads(regions, f"region={VILLAGE}"))
    outcomes.refused("a village that its owner has no more", program.reads(regions, f"region={OTHER_VILLAGE}"))
    county.sql("UPDATE accounts_user SET role = 'editor' WHERE username = 'leaving-operator'")
    outcomes.refused("a list that its owner sees no more", program.reads(regions))
    back = f"role = 'operator', region_id = '{COUNTY}'"
    county.sql(f"UPDATE accounts_user SET {back} WHERE username = 'leaving-operator'")
    outcomes.welcome("a list that its owner sees again", program.reads(regions))
    county.sql(f"UPDATE api_tokens_apitoken SET scopes = '{{regions,requests}}' WHERE id = {number}")
    outcomes.refused("a list that was put into the database", program.reads("/api/v1/requests"))

    late, number = _made(operator, "另一个示例系统", COUNTY)
    county.sql("UPDATE api_tokens_apitoken SET expires_at = expires_at + interval '9 years' WHERE id = " + number)
    outcomes.refused("a list by a token whose end was put off", _Program(county, late).reads(regions))
    closed, _ = _made(operator, "第三个示例系统", COUNTY)
    outcomes.welcome("a list by another token", _Program(county, closed).reads(regions))
    county.sql("UPDATE accounts_user SET is_active = false WHERE username = 'leaving-operator'")
    outcomes.refused("a list by a token of a closed account", _Program(county, closed).reads(regions))


def _operator(county: County, outcomes: Outcomes, name: str) -> Browser:
    browser = Browser(county)
    outcomes.welcome(f"sign in as {name}", browser.sign_in(make_account(county, name, "operator")))
    form = {"name": "示例", "scope": "regions", "region": VILLAGE, "days": "30"}
    before = browser.ask("POST", "/tokens/make/", form)
    outcomes.refused("a token without the second factor", _TEXT.search(before.text) is not None)
    outcomes.welcome(f"the second factor of {name}", browser.show_second_factor())
    return browser


def _made(operator: Browser, name: str, region: str) -> tuple[str, str]:
    """Return the text and the number of a token that an operator makes for `_LISTS`."""
    scopes = [path.rsplit("/", 1)[1] for path in _LISTS]
    form: dict[str, str | list[str]] = {"name": name, "scope": scopes, "region": region, "days": "30"}
    found = _TEXT.search(operator.ask("POST", "/tokens/make/", form).text)
    assert found is not None, "the page shows no token"
    return found[0], found[1]
