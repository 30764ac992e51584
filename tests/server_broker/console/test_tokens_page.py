"""The page 接口令牌: a token is shown once, gives what its maker has, and ends at a click."""

import re
from typing import Any

import pytest
from django.test import Client

from server_broker.api_tokens import giving
from server_broker.api_tokens.models import ApiToken
from server_broker.audit.models import AuditEntry
from server_broker.manifest.rows_check import check_present_rows
from tests.cast import (
    ADMINISTRATOR,
    COUNTY,
    GUARD,
    OPERATOR,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OPERATOR,
    YANGBAN_VILLAGE,
)
from tests.server_broker.county import api_token, make_county, signed_in
from tests.server_broker.pages import text_of

pytestmark = pytest.mark.django_db
TEXT = re.compile(r"cunhui_[0-9]+_[A-Za-z0-9_-]{43}")


@pytest.fixture(autouse=True)
def county() -> None:
    make_county()


def make(client: Client, *, name: str = "示例县工资系统", scopes: tuple[str, ...] = ("people",), **more: str) -> str:
    form = {"name": name, "scope": list(scopes), "region": COUNTY, "days": "30"} | more
    return client.post("/tokens/make/", form, follow=True).content.decode()


def test_a_token_is_shown_once_and_opens_what_was_chosen() -> None:
    operator = signed_in(OPERATOR)
    (text,) = TEXT.findall(make(operator, scopes=("people", "requests")))
    page = text_of(operator, "/tokens/")
    assert not TEXT.search(page)
    assert "示例县工资系统" in page
    assert "人员、站点的异议与申请" in page
    assert "还没有读过" in page
    headers = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/people", headers=headers).status_code == 200
    assert Client().get("/api/v1/regions", headers=headers).status_code == 403
    assert "30 天里 1 次，2 行" in text_of(operator, "/tokens/")


def test_nobody_gives_what_they_do_not_have() -> None:
    for maker, more, why in (
        (ADMINISTRATOR, {"scope": ["requests"]}, "只能选您自己看得到的"),
        (OPERATOR, {"scope": []}, "请选能读的内容"),
        (OPERATOR, {"scope": ["cards"]}, "只能选您自己看得到的"),
        (TOWNSHIP_OPERATOR, {"scope": ["people"], "region": COUNTY}, "请选管辖范围内的区划"),
        (TOWNSHIP_OPERATOR, {"scope": ["people"], "region": YANGBAN_VILLAGE}, "请选管辖范围内的区划"),
        (OPERATOR, {"scope": ["metrics"], "region": TOWNSHIP}, "区划请选县"),
        (OPERATOR, {"scope": ["people"], "name": "x"}, "请写明给哪个系统用"),
        (OPERATOR, {"scope": ["people"], "name": "110105194912310021 用"}, "不要写身份证号"),
    ):
        form: dict[str, Any] = {"name": "示例", "region": TOWNSHIP, "days": "30", **more}
        page = signed_in(maker).post("/tokens/make/", form, follow=True).content.decode()
        assert why in page, more
    assert not ApiToken.objects.exists()
    assert 'value="requests"' not in text_of(signed_in(ADMINISTRATOR), "/tokens/")
    offered = [signed_in(one).get("/tokens/").content.decode() for one in (OPERATOR, TOWNSHIP_OPERATOR)]
    assert ['value="metrics"' in page for page in offered] == [True, False]


def test_a_form_that_is_sent_twice_makes_one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = signed_in(OPERATOR)
    make(operator)
    assert "您已有在用的令牌" in make(operator)
    assert ApiToken.objects.count() == 1
    monkeypatch.setattr(giving, "MOST_OF_ONE", 2)
    make(operator, name="第二个系统")
    assert "您已有 2 个在用的令牌" in make(operator, name="第三个系统")
    assert ApiToken.objects.count() == 2


def test_security_revokes_what_others_gave_and_gives_none() -> None:
    given = api_token(OPERATOR, "people", region=SHILI_VILLAGE)
    guard = signed_in(GUARD)
    page = text_of(guard, "/tokens/")
    assert "示例系统" in page
    assert "做一个令牌" not in page
    path = f"/tokens/{given.token.pk}/revoke/"
    assert "已作废" in guard.post(path, follow=True).content.decode()
    assert "已经作废了" in guard.post(path, follow=True).content.decode()
    assert Client().get("/api/v1/people", headers={"Authorization": f"Bearer {given.text}"}).status_code == 401


def test_a_township_sees_and_ends_its_own_tokens_alone() -> None:
    whole = api_token(OPERATOR, "people", name="全县的").token
    part = api_token(OPERATOR, "people", name="镇里的", region=SHILI_VILLAGE).token
    township = signed_in(TOWNSHIP_OPERATOR)
    page = text_of(township, "/tokens/")
    assert "镇里的" in page
    assert "全县的" not in page
    assert township.post(f"/tokens/{whole.pk}/revoke/").status_code == 404
    assert "已作废" in township.post(f"/tokens/{part.pk}/revoke/", follow=True).content.decode()


def test_making_and_revoking_are_decisions() -> None:
    given = api_token(OPERATOR, "people")
    signed_in(GUARD).post(f"/tokens/{given.token.pk}/revoke/")
    entries = AuditEntry.objects.filter(subject=str(given.token.pk), action__startswith="api_token.").order_by("id")
    assert [(one.actor, one.action) for one in entries] == [
        (OPERATOR.username, "api_token.made"),
        (GUARD.username, "api_token.revoked"),
    ]
    assert entries[0].detail == {"name": "示例系统", "region": COUNTY, "scopes": "people", "days": 30}
    # The accounts of the tests are rows that nobody has decided.
    assert [one for one in check_present_rows()[1] if "api_tokens" in one.place] == []


def test_a_token_that_nobody_gave_is_found() -> None:
    given = api_token(OPERATOR, "people")
    assert check_present_rows()[1] == []
    ApiToken.objects.filter(pk=given.token.pk).update(scopes=["people", "requests"])
    (problem,) = check_present_rows()[1]
    assert problem.place == f"接口令牌 {given.token.pk}（api_tokens_apitoken）"
    assert "能读什么" in problem.said
