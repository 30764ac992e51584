"""The table of routes and roles is whole, and the county answers as it says."""

import copy
import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve
from django.utils import timezone

from server_broker import trust
from server_broker.accounts.models import Role
from server_broker.api.door import DOCUMENT
from server_broker.api.service import resolver
from server_broker.api_tokens.resources import RESOURCES
from server_broker.bundles.serving import KINDS
from server_broker.courses.models import Course
from server_broker.dated.writing import Period
from server_broker.editing.banks import hand_over
from server_broker.exceptions.models import Notable
from server_broker.incidents.models import ChannelConfig, OnCall
from server_broker.media.models import Blob
from server_broker.people.models import UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish
from server_broker.rosters.templates import Pattern, make_template
from server_broker.workdays.notices import set_notice
from tests.cast import BY_ROLE, OTHER_TOWNSHIP, SHILI, SHILI_VILLAGE, TOWNSHIP, ZHANG, Account
from tests.server_broker.console.routes import FOR_PROGRAMS, IN_FRONT, ROLES, ROUTES, Route, path_of
from tests.server_broker.county import (
    FictionalCounty,
    alarm,
    api_token,
    asked,
    content_for,
    make_county,
    requested,
    signed_in,
    snapshot,
    touch,
    user_of,
    window,
    written_documents,
    written_notice,
)
from tests.server_broker.editing.samples import bank, editor, questions
from tests.server_broker.meetings.meeting_days import held
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.requests.asked_here import asks, deputy_of, key
from tests.server_broker.settling.kept_rows import settled_row

pytestmark = pytest.mark.django_db


def addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Yield every address below a resolver, as `ResolverMatch.route` writes it."""
    for pattern in resolver.url_patterns:
        own = str(pattern.pattern)
        whole = before + own.removeprefix("^") if before else own
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, whole)
        else:
            yield whole


def test_no_address_is_forgotten() -> None:
    known = {resolve(path_of(route, {})).route for route in ROUTES}
    assert set(addresses(get_resolver())) - known == set()


def test_no_list_for_programs_is_forgotten() -> None:
    listed = {route.path.removeprefix(FOR_PROGRAMS) for route in ROUTES if route.path.startswith(FOR_PROGRAMS)}
    assert listed == {DOCUMENT, *RESOURCES}
    root = ""  # django-ninja's own; the door lets nobody through to it
    assert set(addresses(resolver())) - {root} == set(RESOURCES)


def test_no_address_in_front_of_django_is_forgotten() -> None:
    assert {f"/{kind}/{{SHA256}}" for kind in KINDS} == set(IN_FRONT)


def test_no_row_is_twice_and_no_role_is_forgotten() -> None:
    rows = [(route.method, route.path) for route in ROUTES]
    assert len(rows) == len(set(rows))
    assert set(ROLES) == set(Role)


def _bank_things() -> dict[str, str]:
    draft, handed = bank(region=SHILI_VILLAGE), bank(region=SHILI_VILLAGE)
    question = questions(draft)[0]
    pack = hand_over(handed, last_day=timezone.localdate() + dt.timedelta(days=9), by=editor())
    return {
        "bank": str(draft.pk),
        "level": str(question.level_id),
        "question": str(question.pk),
        "pack": str(pack.pk),
    }


def things(county: FictionalCounty) -> dict[str, str]:
    """Return what the paths of the table name, all of it in 示例村."""
    trust.prepare(settings.HOME)
    station = county.stations[SHILI]
    branch = make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor="service")
    holding = give_post(county.people[ZHANG], branch, "书记", since=timezone.localdate(), actor="service")
    content = jpeg()
    picture = snapshot(station, _stored(content), size=len(content))
    begin = timezone.now()
    stop = set_notice(
        Region.objects.get(pk=SHILI_VILLAGE), Period(begin, begin + dt.timedelta(hours=4)), "防汛", actor="service"
    )
    log = Blob.objects.create(
        station=station,
        sha256=_stored(b"log"),
        size=3,
        media_type="text/plain",
        purpose="log",
        completed_at=timezone.now(),
    )
    return {
        "station": SHILI,
        "picture": str(picture.pk),
        "log": str(log.pk),
        "card": str(county.cards[ZHANG].pk),
        "alarm": str(alarm(station).pk),
        "account": str(user_of(BY_ROLE["secretary"]).pk),
        "person": str(county.people[ZHANG].pk),
        "village": SHILI_VILLAGE,
        "window": str(window(SHILI_VILLAGE, "上午", [county.people[ZHANG]]).pk),
        "settled": f"{settled_row(county.people[ZHANG]).day}/510",
        "template": str(
            make_template(
                Region.objects.get(pk=SHILI_VILLAGE), Pattern("轮流", "上午", "rota", ["书记"]), actor="service"
            ).pk
        ),
        "unit": str(holding.post.unit_id),
        "holding": str(holding.pk),
        "bundle": str(content_for(SHILI_VILLAGE).pk),
        "course": str(
            Course.objects.create(
                kind="required",
                region=Region.objects.get(pk=SHILI_VILLAGE),
                packs=["sample"],
                until=timezone.localdate(),
                made_at=timezone.now(),
                made_by="chen-shili",
                reason="示例村学习",
            ).pk
        ),
        "written": str(written_notice(SHILI_VILLAGE).pk),
        "documents": str(written_documents(SHILI_VILLAGE).pk),
        **_bank_things(),
        "feedback": str(asked(station).pk),
        "request": str(requested(station, touch(station, ZHANG.token)).pk),
        "township": TOWNSHIP,
        "token": str(api_token(BY_ROLE["operator"]).token.pk),
        "stop": str(stop.pk),
        "meeting": str(held([county.people[ZHANG]]).pk),
        "affair": key(asks(county.people[ZHANG], Wish(kind="card_lost"), at=timezone.now())),
        "notable": str(
            Notable.objects.create(
                kind="quiet_village",
                key="one",
                village=Region.objects.get(pk=SHILI_VILLAGE),
                day=timezone.localdate(),
                detail={"days": 2, "from": "2026-03-02", "to": "2026-03-03", "windows": 4},
                evidence=[],
                found_at=timezone.now(),
            ).pk
        ),
        "notable_kind": "quiet_village",
        "deputy": str(deputy_of(BY_ROLE["officer"], BY_ROLE["secretary"]).pk),
        **_incident_things(),
    }


def _incident_things() -> dict[str, str]:
    village, today = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate()
    turn = OnCall.objects.create(user=user_of(BY_ROLE["officer"]), region=village, first_day=today, last_day=today)
    channel = ChannelConfig.objects.create(driver="wecom", name="示例群", region=village, made_at=timezone.now())
    return {"turn": str(turn.pk), "channel": str(channel.pk)}


def _stored(content: bytes) -> bytes:
    """Put a file where the county has its pictures and logs, and return its SHA-256."""
    sha256 = hashlib.sha256(content).digest()
    file = settings.HOME.media / sha256.hex()[:2] / sha256.hex()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return sha256


class Browsers:
    """A browser for each column of the table; for the column of strangers one for each role."""

    def __init__(self) -> None:
        self._signed_in: dict[Account, Client] = {}

    def of(self, column: str, route: Route) -> Client:
        if column == "nobody":
            return Client()
        if column != "elsewhere":
            return self._of(BY_ROLE[column])
        return self._of(Account(f"{route.stranger}-elsewhere", route.stranger, OTHER_TOWNSHIP))

    def _of(self, account: Account) -> Client:
        if account not in self._signed_in:
            self._signed_in[account] = signed_in(account)
        return self._signed_in[account]


def ask(client: Client, method: str, path: str) -> int:
    """Return the status of the answer. Whatever the request changed is undone, a sign-out too."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        answer: Any = client.generic(method, path)
        transaction.set_rollback(True)
    client.cookies = cookies
    return int(answer.status_code)


@pytest.mark.timeout(300)  # each route as each role: 40 s on a quiet machine
def test_the_county_answers_as_the_table_says() -> None:
    present = things(make_county())
    browsers = Browsers()
    wrong = []
    for route in ROUTES:
        for column, status in route.statuses.items():
            got = ask(browsers.of(column, route), route.method, route.path_for(column, present))
            if got != status:
                wrong.append(f"{route.method} {route.path} for {column}: {got} instead of {status}")
    assert wrong == []


def test_what_asks_for_the_second_factor_opens_for_nobody_before_it() -> None:
    present = things(make_county())
    asking = [route for route in ROUTES if route.asks_proof]
    assert asking
    for route in asking:
        for role in route.opens:
            browser = Client()
            browser.force_login(user_of(BY_ROLE[role]))
            answer = browser.generic(route.method, route.path_for(role, present))
            assert answer.status_code == 302, (route, role)
            assert answer["Location"].startswith("/sign-in/second-factor/"), (route, role)
