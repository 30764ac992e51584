"""What an administrator or an officer of one township can do to people, accounts and things of another: nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from tests.proofs.strangers.browser import Browser, Page
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.console import COUNTY, furnish, make_account
from tests.proofs.strangers.county import OTHER_VILLAGE, VILLAGE, County

TOWNSHIP = "990101002000"
"""A township without any of the stations."""
_USERS = "/admin/accounts/user/"
_SECRET = "Kx7!long-enough-for-it"


def accounts(bench: Bench, outcomes: Outcomes) -> None:
    """A township's system administrator makes and changes accounts of their own township, and no others."""
    county = bench.county
    county.sql(f"INSERT INTO regions_region (code, name) VALUES ('{TOWNSHIP}', '另一示例镇') ON CONFLICT DO NOTHING")
    admin = Browser(county)
    outcomes.welcome(
        "sign in as a township's administrator",
        admin.sign_in(make_account(county, "town-system", "system", region=TOWNSHIP)),
    )
    outcomes.welcome("the township administrator's second factor", admin.show_second_factor())
    for role in ("system", "security", "operator", "officer", "auditor"):
        for where, region in (("the county", COUNTY), ("another village", VILLAGE)):
            name = f"made-{role}-{region}"
            admin.ask("POST", f"{_USERS}add/", _new_account(name, role, region))
            outcomes.refused(f"a township makes an account of {where} as {role}", _exists(county, name))
    admin.ask("POST", f"{_USERS}add/", _new_account("made-here", "officer", TOWNSHIP))
    outcomes.welcome("a township makes an officer of its own", _exists(county, "made-here"))
    outcomes.welcome("the audit log has it", _is_audited(county, "town-system", "made-here"))
    for name, role, region in (("wide-auditor", "auditor", ""), ("wide-operator", "operator", COUNTY)):
        _cannot_touch(county, admin, outcomes, _wide_account(county, name, role, region))
    own = _id_of(county, "made-here")
    admin.ask("POST", f"{_USERS}{own}/password/", _new_password())
    outcomes.welcome("a password set is in the audit log", _is_audited(county, "town-system", "made-here", at_least=3))
    outcomes.welcome("the audit log's chain", not county.try_tool("audit").returncode)


def _wide_account(county: County, name: str, role: str, region: str) -> str:
    county.tool("account", name, "--role", role, *(("--region", region) if region else ()))
    return name


def _cannot_touch(county: County, admin: Browser, outcomes: Outcomes, name: str) -> None:
    """Try every page of an account that lies outside the scope, also by its number."""
    number, before = _id_of(county, name), _row_of(county, name)
    outcomes.refused(f"a township's list names {name}", name in admin.ask("GET", _USERS).text)
    for page in ("change", "password", "history", "delete"):
        shown = admin.ask("GET", f"{_USERS}{number}/{page}/")
        outcomes.refused(f"a township opens {name}'s {page}", shown.status == HTTPStatus.OK)
    deeds: dict[str, tuple[str, Mapping[str, str]]] = {
        "changes": (f"{_USERS}{number}/change/", _new_account(name, "officer", TOWNSHIP) | {"is_active": ""}),
        "sets the password of": (f"{_USERS}{number}/password/", _new_password()),
        "deletes": (f"{_USERS}{number}/delete/", {"post": "yes"}),
        "deletes from the list": (
            _USERS,
            {"action": "delete_selected", "_selected_action": number, "post": "yes", "index": "0"},
        ),
    }
    for deed, (path, form) in deeds.items():
        admin.ask("POST", path, form)
        outcomes.refused(f"a township {deed} {name}", (now := _row_of(county, name)) != before)
        before = now


def _new_account(name: str, role: str, region: str) -> dict[str, str]:
    return {"username": name, "role": role, "region": region, "is_active": "on"} | _new_password()


def _new_password() -> dict[str, str]:
    return {"password1": _SECRET, "password2": _SECRET, "usable_password": "true"}


def _exists(county: County, name: str) -> bool:
    return bool(county.rows(f"SELECT 1 FROM accounts_user WHERE username = '{name}'"))


def _id_of(county: County, name: str) -> str:
    found = county.rows(f"SELECT id FROM accounts_user WHERE username = '{name}'")
    return found[0][0] if found else "0"


def _row_of(county: County, name: str) -> list[list[str]]:
    return county.rows(f"SELECT password, role, region_id, is_active FROM accounts_user WHERE username = '{name}'")


def _is_audited(county: County, actor: str, subject: str, *, at_least: int = 1) -> bool:
    query = f"SELECT count(*) FROM audit_auditentry WHERE actor = '{actor}' AND subject = '{subject}'"
    return int(county.rows(query)[0][0]) >= at_least


@dataclass(frozen=True, slots=True)
class _Theirs:
    """The numbers of the things in another township that somebody could tamper with."""

    station: str
    card: str
    alarm: str
    log: str
    picture: str


def neighbours(bench: Bench, outcomes: Outcomes) -> None:
    """Officers and operators of another township know the right numbers of things that are not theirs."""
    county = bench.county
    county.sql(f"INSERT INTO regions_region (code, name) VALUES ('{TOWNSHIP}', '另一示例镇') ON CONFLICT DO NOTHING")
    theirs = _tamperable(county, bench.first.station)
    for role in ("officer", "operator"):
        for where, region in (("another township", TOWNSHIP), ("another village", OTHER_VILLAGE)):
            browser = Browser(county)
            who = f"{role} of {where}"
            link = make_account(county, f"far-{role}-{region}", role, region=region)
            outcomes.welcome(f"sign in as {who}", browser.sign_in(link))
            outcomes.welcome(f"the second factor of {who}", browser.show_second_factor())
            for deed, page in _tampering(browser, theirs):
                outcomes.refused(f"{who}: {deed}", page.status in (HTTPStatus.OK, HTTPStatus.FOUND))
    outcomes.refused("a card marked lost from elsewhere", _lost(county, theirs.card))
    outcomes.refused("an alarm acknowledged from elsewhere", _acknowledged(county, theirs.alarm))
    outcomes.refused("orders given from elsewhere", bool(county.rows("SELECT 1 FROM orders_stationorder")))
    own = Browser(county)
    outcomes.welcome(
        "sign in as the village's officer", own.sign_in(make_account(county, "near-officer", "officer", region=VILLAGE))
    )
    own.pass_second_factor()
    own.ask("POST", f"/alarms/{theirs.alarm}/acknowledge/")
    outcomes.welcome("an alarm acknowledged by the village's officer", _acknowledged(county, theirs.alarm))
    own.ask("POST", f"/cards/{theirs.card}/lost/", {"confirmed": "lost"})
    outcomes.welcome("a card marked lost by the village's officer", _lost(county, theirs.card))


def _tampering(browser: Browser, theirs: _Theirs) -> list[tuple[str, Page]]:
    station = f"/stations/{theirs.station}/"
    reason = {"reason": "from elsewhere", "confirm": theirs.station, "confirmed": "lost", "order": "identify"}
    gets = {
        "the station": station,
        "its settings": f"{station}settings/",
        "its live view": f"{station}live/",
        "its log": f"/logs/{theirs.log}.txt",
        "its picture": f"/snapshots/{theirs.picture}.jpg",
        "its picture's page": f"/snapshots/{theirs.picture}/",
    }
    posts = {
        "its claim": f"{station}claim/",
        "its revocation": f"{station}revoke/",
        "an order": f"{station}order/",
        "a live view": f"{station}live/",
        "its held facts read again": f"{station}reread/",
        "other settings": f"{station}settings/",
        "its alarm": f"/alarms/{theirs.alarm}/acknowledge/",
        "its person's card": f"/cards/{theirs.card}/lost/",
    }
    shown = [(what, browser.ask("GET", path)) for what, path in gets.items()]
    return shown + [(what, browser.ask("POST", path, reason)) for what, path in posts.items()]


def _tamperable(county: County, station: str) -> _Theirs:
    shown = furnish(county, station)
    county.sql(
        "INSERT INTO people_person (number, name, village_id) VALUES ('near-1', '示例甲', "
        f"'{VILLAGE}') ON CONFLICT DO NOTHING"
    )
    county.sql(
        "INSERT INTO people_card (person_id, tail, token, bound_at) SELECT id, 'b2c3', '\\x" + "0a" * 16 + "', now()"
        " FROM people_person WHERE number = 'near-1'"
    )
    county.sql(
        "INSERT INTO fleet_alarm (station_id, code, origin, severity, detail, opened_at, last_at, count,"
        f" resolved_because) VALUES ('{station}', 'proof', 'county', 'minor', '', now(), now(), 1, '')"
    )
    card = county.rows("SELECT id FROM people_card WHERE token = '\\x" + "0a" * 16 + "'")[0][0]
    alarm = county.rows("SELECT id FROM fleet_alarm WHERE code = 'proof'")[0][0]
    return _Theirs(station, card, alarm, shown.log, shown.picture)


def _lost(county: County, card: str) -> bool:
    return county.rows(f"SELECT lost_at IS NOT NULL FROM people_card WHERE id = {card}") == [["t"]]


def _acknowledged(county: County, alarm: str) -> bool:
    return county.rows(f"SELECT acknowledged_at IS NOT NULL FROM fleet_alarm WHERE id = {alarm}") == [["t"]]
