"""Who gets what from the API: each list × {own token, another region's, another scope's, none that is valid}."""

import datetime as dt
import logging

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from server_broker.accounts.account_changes import save_changes
from server_broker.accounts.log_lines import WithoutTokens
from server_broker.accounts.models import Role, User
from server_broker.api import door
from server_broker.api_tokens.giving import revoke_token
from server_broker.api_tokens.models import ApiToken
from server_broker.api_tokens.resources import RESOURCES
from server_broker.audit.models import AuditEntry
from server_broker.bundles.rate import Rate
from server_broker.people.models import UnitKind
from server_broker.people.posts import make_unit
from server_broker.regions.models import Region
from server_broker.requests.models import CountyRequest
from tests.cast import (
    COUNTY,
    OPERATOR,
    OTHER_TOWNSHIP,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OPERATOR,
    WANG,
    YANGBAN,
    YANGBAN_VILLAGE,
    ZHANG,
    Account,
)
from tests.server_broker.api.program import Program
from tests.server_broker.county import FictionalCounty, api_token, requested, touch, user_of, window
from tests.server_broker.settling.kept_rows import settled_row

pytestmark = pytest.mark.django_db
NEIGHBOUR = Account("operator-yangban", "operator", OTHER_TOWNSHIP)


def today() -> dict[str, str]:
    now = timezone.localdate()
    return {"since": str(now), "until": str(now + dt.timedelta(days=1))}


def query_of(resource: str, village: str) -> dict[str, str]:
    """What must be asked of a list to get something of a village."""
    day = timezone.localdate()
    week = {"first": str(day), "last": str(day + dt.timedelta(days=6))}
    month = {"month": f"{day:%Y-%m}"}
    musts = {
        "touches": today(),
        "due": week | {"region": village},
        "results": month,
        "months": month,
        "timesheets": month | {"region": village},
    }
    return musts.get(resource, {})


@pytest.fixture
def whole(county: FictionalCounty) -> FictionalCounty:
    """The county with one thing of each list in 示例村 and in 样板村."""
    for station, cadre in ((SHILI, ZHANG), (YANGBAN, WANG)):
        there = county.stations[station]
        requested(there, touch(there, cadre.token, seq=7))
        window(cadre.village, "上午", [county.people[cadre]])
        settled_row(county.people[cadre], timezone.localdate())
        CountyRequest.objects.create(
            request=cadre.token, number="A1", person=county.people[cadre], kind="leave", asked_at=timezone.now()
        )
        make_unit("示例党支部", UnitKind.BRANCH, Region.objects.get(pk=cadre.village), actor="service")
    return county


@pytest.mark.parametrize("resource", RESOURCES)
def test_each_list_is_for_its_own_region_and_scope_alone(whole: FictionalCounty, resource: str) -> None:
    own = Program(api_token(TOWNSHIP_OPERATOR, resource).text)
    neighbour = Program(api_token(NEIGHBOUR, resource).text)
    other_scope = Program(api_token(TOWNSHIP_OPERATOR, *(set(RESOURCES) - {resource}), name="另一个系统").text)
    query = query_of(resource, SHILI_VILLAGE)
    ours, theirs = own.rows(resource, **query), neighbour.rows(resource, **query_of(resource, YANGBAN_VILLAGE))
    assert ours
    assert theirs
    key = "window" if resource == "due" else "id"
    assert not {row[key] for row in ours} & {row[key] for row in theirs}
    assert own.rows(resource, **query | {"region": SHILI_VILLAGE})
    for outside in (YANGBAN_VILLAGE, OTHER_TOWNSHIP, COUNTY, "000000000000"):
        assert own.status(resource, **query | {"region": outside}) == 404
    assert other_scope.status(resource, **query) == 403
    assert Program().status(resource, **query) == 401


def test_a_name_of_another_region_is_not_given_though_the_touch_is(whole: FictionalCounty) -> None:
    touch(whole.stations[SHILI], WANG.token, seq=9)
    answer = Program(api_token(TOWNSHIP_OPERATOR).text).ask("touches", **today())
    guest = next(row for row in answer.json()["rows"] if row["is_elsewhere"])
    assert guest["person"] is None
    assert guest["counts"]
    assert WANG.name not in answer.content.decode()


def test_only_a_valid_token_opens(county: FictionalCounty) -> None:
    given = api_token(OPERATOR, "people")
    program = Program(given.text)
    assert program.status("people") == 200
    for wrong in (
        "",
        "nonsense",
        given.text[:-1] + ("A" if given.text[-1] != "A" else "B"),
        f"cunhui_9{given.text[6:]}",
    ):
        assert Program(wrong).status("people") == 401
    assert Program(given.text).ask("people")["Cache-Control"] == "no-store"
    revoke_token(given.token, actor=user_of(OPERATOR), now=timezone.now())
    assert program.refusal("people") == (401, "这个令牌已作废：请管理员在“接口令牌”另做一个")
    late = api_token(OPERATOR, "people", days=1, name="到期的")
    ApiToken.objects.filter(pk=late.token.pk).update(
        made_at=timezone.now() - dt.timedelta(days=3), expires_at=timezone.now() - dt.timedelta(days=1)
    )
    assert Program(late.text).status("people") == 401


def test_a_row_that_was_changed_in_the_database_opens_nothing(county: FictionalCounty) -> None:
    given = api_token(TOWNSHIP_OPERATOR, "people")
    program, rows = Program(given.text), ApiToken.objects.filter(pk=given.token.pk)
    as_made = rows.values("scopes", "region", "expires_at", "owner").get()
    whole = Region.objects.get(pk=COUNTY).identity
    another = api_token(OPERATOR, "people", name="别的").token
    for changed in (
        {"scopes": ["people", "requests"]},
        {"region": whole},
        {"owner": user_of(OPERATOR)},
        {"expires_at": timezone.now() + dt.timedelta(days=3000)},
        {"digest": bytes(another.digest)},
    ):
        digest = bytes(given.token.digest)
        rows.update(**changed)
        assert program.status("people") == 401, changed
        rows.update(**as_made, digest=digest)
        assert program.status("people") == 200


def test_a_token_sees_no_more_than_its_owner_may_see_now(whole: FictionalCounty) -> None:
    program, owner = Program(api_token(OPERATOR).text), user_of(OPERATOR)

    def numbers() -> set[str]:
        return {row["number"] for row in program.rows("people")}

    assert numbers() == {ZHANG.number, WANG.number}
    User.objects.filter(pk=owner.pk).update(region=TOWNSHIP)
    assert numbers() == {ZHANG.number}
    assert program.status("people", region=COUNTY) == 404
    User.objects.filter(pk=owner.pk).update(region=None)
    assert numbers() == set()
    User.objects.filter(pk=owner.pk).update(region=COUNTY, role=Role.SYSTEM)
    assert program.status("people") == 200
    assert program.refusal("requests") == (403, "做这个令牌的账号现在看不到“站点的异议与申请”")
    User.objects.filter(pk=owner.pk).update(role=Role.AUDITOR)
    assert program.status("people") == 403
    User.objects.filter(pk=owner.pk).update(role=Role.OPERATOR, ends_on=timezone.localdate())
    assert program.status("people") == 401
    User.objects.filter(pk=owner.pk).update(ends_on=None, is_active=False)
    assert program.status("people") == 401


def test_a_token_stays_dead_when_its_owner_s_account_is_opened_again(county: FictionalCounty) -> None:
    program, owner = Program(api_token(OPERATOR).text), user_of(OPERATOR)
    for active in (False, True):
        owner.is_active = active
        save_changes(owner, actor="sun-xitong")
        assert program.status("people") == 401
    token = ApiToken.objects.get()
    assert token.revoked_by == "sun-xitong"
    assert AuditEntry.objects.filter(action="account.changed", detail__tokens_revoked=1).count() == 1
    # Closed by what knew nothing of tokens: opening it ends them.
    program = Program(api_token(OPERATOR, name="另一个系统").text)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    owner.is_active = True
    save_changes(owner, actor="sun-xitong")
    assert program.status("people") == 401


def test_a_token_s_region_stays_narrow_when_its_owner_moves_away(whole: FictionalCounty) -> None:
    program = Program(api_token(OPERATOR, region=SHILI_VILLAGE).text)
    assert [row["number"] for row in program.rows("people")] == [ZHANG.number]
    User.objects.filter(pk=user_of(OPERATOR).pk).update(region=OTHER_TOWNSHIP)
    assert program.rows("people") == []


def test_a_token_in_an_address_is_refused_and_not_logged(
    county: FictionalCounty, caplog: pytest.LogCaptureFixture
) -> None:
    given = api_token(OPERATOR, "people")
    secret, program = given.text.split("_", 2)[2], Program(given.text)
    with caplog.at_level(logging.DEBUG):
        for query in ({"token": given.text}, {"access_token": "anything"}, {"region": given.text}):
            status, sentence = program.refusal("people", **query)
            assert status == 400
            assert "马上到“接口令牌”作废它" in sentence
        assert program.status(f"people/{given.text}") == 400
        assert program.status(f"people%2F{given.text.replace('_', '%5F')}") == 400
    lines = [WithoutTokens("%(message)s").format(record) for record in caplog.records]
    assert any("cunhui_" in line for line in lines), "the address itself is in the log"
    assert not [line for line in lines if secret in line]


def test_it_only_reads_and_says_how_often(county: FictionalCounty, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(api_token(OPERATOR, "people").text)
    assert Client(enforce_csrf_checks=True).post("/api/v1/people").status_code == 405
    assert program.status("cards") == 404
    monkeypatch.setattr(door, "OF_A_TOKEN", Rate(a_second=0.001, burst=2))
    answers = [program.ask("people") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"]
    monkeypatch.setattr(door, "OF_AN_ADDRESS", Rate(a_second=0.001, burst=1))
    assert [Program("cunhui_1_guess").status("people") for _ in range(2)] == [401, 429]


def test_a_copy_of_the_database_has_no_token(county: FictionalCounty) -> None:
    given = api_token(OPERATOR)
    secret = given.text.split("_", 2)[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM api_tokens_apitoken t")
        (token_rows,) = cursor.fetchone()
        cursor.execute("SELECT string_agg(body::text, '') FROM decisions_decidedrow")
        (decided,) = cursor.fetchone()
    for stored in (token_rows, decided):
        assert secret not in stored
        assert secret.encode().hex() not in stored
