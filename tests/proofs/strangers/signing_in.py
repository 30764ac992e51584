"""Whom the sign-in accepts: it is tried by people who race, guess, forge, prefetch or repeat, and by the rightful
ones."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from itertools import count
from threading import Barrier
from urllib.parse import urlsplit

from tests.proofs.strangers.browser import Browser, Page
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.console import make_account
from tests.proofs.strangers.county import County

_SIGN_IN = "/sign-in/"
_ROUNDS, _AT_ONCE = 5, 8
_GUESSES = 60
_EVALUATED = 20
"""How many guesses of one address may be judged before it must wait."""
_LOCKED_AFTER = 10
_FOREIGN = "https://stranger.example"
_addresses = (f"127.3.0.{number}" for number in count(1))


def links(bench: Bench, outcomes: Outcomes) -> None:
    """A link signs one person in, once: not all who use it at the same time, and nobody who only looks at it."""
    county = bench.county
    make_account(county, "link-operator", "operator")
    for number in range(_ROUNDS):
        link = county.tool("sign-in-link", "link-operator")
        deeds = [partial(_from_an_address(county).sign_in, link) for _ in range(_AT_ONCE)]
        signed_in = sum(together(deeds))
        outcomes.welcome(f"one of {_AT_ONCE} by one link, round {number}", signed_in > 0)
        outcomes.refused(f"several of {_AT_ONCE} by one link, round {number}", signed_in != 1)
    link = county.tool("sign-in-link", "link-operator")
    for method in ("GET", "HEAD", "GET"):
        _from_an_address(county).ask(method, urlsplit(link).path, says={"Sec-Purpose": "prefetch"})
    forged = _from_an_address(county).ask("POST", urlsplit(link).path, has_token=False)
    outcomes.refused("a link used without the token against forged posts", forged.leads_to == "/")
    outcomes.welcome("a link that was looked at and forged", _from_an_address(county).sign_in(link))
    used = _from_an_address(county).ask("POST", urlsplit(link).path)
    outcomes.refused("a link that was used", used.leads_to == "/")
    token = urlsplit(link).path.strip("/").rsplit("/", 1)[-1]
    outcomes.refused("a link's token in a log", _is_logged(county, token))


def guesses(bench: Bench, outcomes: Outcomes) -> None:
    """Somebody who guesses passwords is answered a few times only, also if all guesses come at once. Others are served
    meanwhile."""
    county = bench.county
    make_account(county, "guessed-officer", "officer")
    address = next(_addresses)
    pages = together([partial(_guess, _from_an_address(county, address), "guessed-officer") for _ in range(_GUESSES)])
    outcomes.refused("a guess among many at once", any(page.leads_to == "/" for page in pages))
    judged = sum(page.status == HTTPStatus.OK for page in pages)
    outcomes.refused(f"more than {_EVALUATED} of {_GUESSES} guesses at once judged", judged > _EVALUATED)
    link = county.tool("sign-in-link", "guessed-officer")
    outcomes.welcome("its owner by a link, from elsewhere", _from_an_address(county).sign_in(link))
    browser = _from_an_address(county)
    pages = [_guess(browser, "guessed-officer") for _ in range(_LOCKED_AFTER + 2)]
    outcomes.refused("guessing one by one without end", pages[-1].status != HTTPStatus.TOO_MANY_REQUESTS)


def forgeries(bench: Bench, outcomes: Outcomes) -> None:
    """Requests that another site makes in a person's browser, and sessions that others chose for them."""
    county = bench.county
    officer = _from_an_address(county)
    before = officer.session()
    outcomes.welcome("sign in", officer.sign_in(make_account(county, "forged-officer", "officer")))
    outcomes.refused("a session from before the sign-in goes on", officer.session() in ("", before))
    cases: dict[str, Page] = {
        "a post without its token": officer.ask("POST", "/alarms/0/acknowledge/", has_token=False),
        "a post from another origin": officer.ask("POST", "/alarms/0/acknowledge/", says={"Origin": _FOREIGN}),
        "a post that another page refers": officer.ask("POST", "/alarms/0/acknowledge/", says={"Referer": _FOREIGN}),
        "a post with a guessed token": officer.ask(
            "POST", "/alarms/0/acknowledge/", has_token=False, says={"X-CSRFToken": "a" * 64}
        ),
    }
    for case, page in cases.items():
        outcomes.refused(case, page.status != HTTPStatus.FORBIDDEN)
    outcomes.refused("another host's name", officer.ask("GET", "/", says={"Host": "stranger.example"}).status < 400)
    fresh = _from_an_address(county)
    fresh.guess_session("b" * 32)
    outcomes.welcome("sign in with a chosen session", fresh.sign_in(county.tool("sign-in-link", "forged-officer")))
    outcomes.refused("a session that somebody chose", fresh.session() == "b" * 32)
    for wish in (_FOREIGN, "//stranger.example", "https:stranger.example", "/\\stranger.example"):
        page = officer.ask("GET", f"{_SIGN_IN}?next={wish}")
        outcomes.refused(f"led to {wish} after signing in", "stranger" in page.leads_to)


def tokens(bench: Bench, outcomes: Outcomes) -> None:
    """A token of the second factor counts once, and for its own account only."""
    county = bench.county
    system = _from_an_address(county)
    outcomes.welcome("sign in for a token", system.sign_in(make_account(county, "token-system", "system")))
    outcomes.welcome("a token", system.show_second_factor())
    again = _from_an_address(county)
    outcomes.welcome("sign in once more", again.sign_in(county.tool("sign-in-link", "token-system")))
    outcomes.refused("a token that was used", again.show_token(system.shown_token))
    outcomes.refused("pages after a used token", not again.ask("GET", "/people/").refuses)
    other = _from_an_address(county)
    outcomes.welcome("sign in as another", other.sign_in(make_account(county, "token-security", "security")))
    outcomes.welcome("the other's own token", other.show_second_factor())
    link = county.tool("sign-in-link", "token-security")
    thief = _from_an_address(county)
    outcomes.welcome("sign in as the other once more", thief.sign_in(link))
    outcomes.refused("a token of another account", thief.show_token(system.shown_token))


def _from_an_address(county: County, address: str = "") -> Browser:
    browser = Browser(county)
    browser.come_from(address or next(_addresses))
    return browser


def _guess(browser: Browser, user: str) -> Page:
    return browser.ask("POST", _SIGN_IN, {"username": user, "password": "correct horse battery"})


def together[T](deeds: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of them at the same time, each in a thread of its own."""
    barrier = Barrier(len(deeds))

    def do(deed: Callable[[], T]) -> T:
        barrier.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def _is_logged(county: County, text: str) -> bool:
    logs = [file for file in county.home.rglob("*.log*") if file.is_file()]
    return any(text.encode() in file.read_bytes() for file in logs)
