"""Who sees and does what in the county's console: nobody without signing in, each role its own pages, each officer
their own villages."""

import base64
import hashlib
from dataclasses import dataclass

from tests.proofs.strangers.browser import Browser
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.county import OTHER_VILLAGE, VILLAGE, County
from tests.proofs.strangers.places import PLACES, ROLES, Place

COUNTY = "990101000000"
"""The region of both villages."""
AT_THE_DOOR = ("system", "security")
"""Roles that see no page before the second factor. Others show it only before acts that ask for it."""
OF_A_VILLAGE = ("secretary", "supervision")
BEFORE_A_DEED = ("operator", "officer", "organisation", "editor")
PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
    "AQEBAQEBAQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What there is to see: a station, with a picture and a log of it."""

    station: str
    picture: str
    log: str

    def path(self, place: Place) -> str:
        """Return a place's path with this station's things in it."""
        return place.path.format(station=self.station, picture=self.picture, log=self.log)


def unsigned(bench: Bench, outcomes: Outcomes) -> None:
    """Somebody who has not signed in is led to the sign-in, also with a session or a link that is invalid or no longer
    valid."""
    county, shown = bench.county, furnish(bench.county, bench.first.station)
    stranger, guesser = Browser(county), Browser(county)
    guesser.guess_session("a" * 32)
    for who, browser in (("without signing in", stranger), ("with a guessed session", guesser)):
        _sees_nothing(outcomes, browser, shown, who)
    guessed = f"/sign-in/link/{'A' * 43}/"
    outcomes.refused("sign in by a guessed link", Browser(county).sign_in(guessed))

    link = make_account(county, "guest-operator", "operator")
    guest, thief = Browser(county), Browser(county)
    outcomes.welcome("sign in by a link", guest.sign_in(link))
    outcomes.refused("sign in by a used link", Browser(county).sign_in(link))
    thief.copy_session(guest)
    outcomes.welcome("a page by the session", not thief.ask("GET", "/people/").refuses)
    guest.ask("POST", "/sign-out/")
    _sees_nothing(outcomes, thief, shown, "with a session that was signed out")
    old = county.tool("sign-in-link", "guest-operator")
    county.sql("UPDATE accounts_signinlink SET expires_at = now() - interval '1 second' WHERE used_at IS NULL")
    outcomes.refused("sign in by an expired link", Browser(county).sign_in(old))

    outcomes.welcome("sign in once more", guest.sign_in(county.tool("sign-in-link", "guest-operator")))
    unused = county.tool("sign-in-link", "guest-operator")
    county.sql("UPDATE accounts_user SET is_active = false WHERE username = 'guest-operator'")
    _sees_nothing(outcomes, guest, shown, "with a closed account")
    outcomes.refused("sign in by a closed account's link", Browser(county).sign_in(unused))


def roles(bench: Bench, outcomes: Outcomes) -> None:
    """Each role sees and does its own things. Before the second factor it does nothing that asks for it."""
    county, shown = bench.county, furnish(bench.county, bench.first.station)
    for role in ROLES:
        browser = Browser(county)
        outcomes.welcome(f"sign in as {role}", browser.sign_in(make_account(county, f"role-{role}", role)))
        if role in (*AT_THE_DOOR, *BEFORE_A_DEED):
            outcomes.refused(f"a guessed second factor of {role}", browser.show_guessed_token())
            asked = PLACES if role in AT_THE_DOOR else [place for place in PLACES if place.asks_proof]
            for place in asked:
                page = browser.ask(place.method, shown.path(place))
                outcomes.refused(f"{place.method} {place.path} as {role} without a second factor", not page.refuses)
            outcomes.welcome(f"the second factor of {role}", browser.show_second_factor())
        for place in PLACES:
            page = browser.ask(place.method, shown.path(place))
            if role in place.roles:
                outcomes.welcome(
                    f"{place.method} {place.path} as {role}", not page.refuses and place.opened(page.status)
                )
            else:
                outcomes.refused(f"{place.method} {place.path} as {role}", not page.refuses)


def villages(bench: Bench, outcomes: Outcomes) -> None:
    """An officer sees their own village alone: no page, picture or name of another."""
    county = bench.county
    own, other = furnish(county, bench.first.station), furnish(county, bench.second.station)
    officer, operator = Browser(county), Browser(county)
    link = make_account(county, "village-officer", "officer", region=VILLAGE)
    outcomes.welcome("sign in as a village's officer", officer.sign_in(link))
    outcomes.welcome("sign in to see the county", operator.sign_in(make_account(county, "county-operator", "operator")))
    pictures = ("/snapshots/{picture}/", "/snapshots/{picture}.jpg", "/snapshots/{picture}/thumbnail.jpg")
    for path in ("/stations/{station}/", *pictures):
        place = Place("GET", path, ())
        outcomes.welcome(f"{path} of the own village", _opens(officer, own.path(place)))
        outcomes.refused(f"{path} of another village", _opens(officer, other.path(place)))
        outcomes.welcome(f"{path} of both for the county", _opens(operator, other.path(place)))
    for path in ("/", "/today/", "/alarms/", "/held/", f"/today/?village={OTHER_VILLAGE}", f"/?q={other.station}"):
        named = f'/stations/{other.station}/"' in officer.ask("GET", path).text
        outcomes.refused(f"{path} names another village's station", named)
    fleet = operator.ask("GET", "/").text
    outcomes.welcome("the county's fleet names both", all(f"/stations/{one.station}/" in fleet for one in (own, other)))


def _sees_nothing(outcomes: Outcomes, browser: Browser, shown: _Shown, who: str) -> None:
    for place in PLACES:
        path = shown.path(place)
        outcomes.refused(f"{place.method} {place.path} {who}", not browser.ask(place.method, path).asks_to_sign_in)
    polled = browser.ask("GET", "/", polls=True)
    outcomes.refused(f"the fleet renews itself {who}", not polled.asks_to_sign_in)


def _opens(browser: Browser, path: str) -> bool:
    return browser.ask("GET", path).status == 200


def make_account(county: County, user: str, role: str, *, region: str = COUNTY) -> str:
    """Make an account, and return a link that signs it in. One of a village sees ``VILLAGE`` at most."""
    place = VILLAGE if role in OF_A_VILLAGE else region
    county.tool("account", user, "--role", role, "--region", place)
    return county.tool("sign-in-link", user)


def furnish(county: County, station: str) -> _Shown:
    """Put a picture and a log of the station into the county, as if they had come."""
    ids = []
    for purpose, content in (("touch", PICTURE + station.encode()), ("log", f"log of {station}".encode())):
        sha256 = hashlib.sha256(content).hexdigest()
        file = county.home / "media" / sha256[:2] / sha256
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        county.sql(
            "INSERT INTO media_blob (station_id, sha256, size, media_type, purpose, ranges, completed_at, viewable,"
            f" evicted_reason) VALUES ('{station}', '\\x{sha256}', {len(content)}, '', '{purpose}', '[]', now(),"
            f" {purpose == 'touch'}, '') ON CONFLICT DO NOTHING"
        )
        ids += county.rows(f"SELECT id FROM media_blob WHERE sha256 = '\\x{sha256}'")
    return _Shown(station, picture=ids[0][0], log=ids[1][0])
