"""值守表: who is on call, which days have nobody, and a telephone that nobody reads in passing."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.incidents.models import OnCall
from tests.cast import (
    COUNTY_OFFICER,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
    Account,
)
from tests.server_broker.county import make_county, signed_in, user_of
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
TELEPHONE = "13800001234"


@pytest.fixture(autouse=True)
def county() -> None:
    make_county()
    user_of(TOWNSHIP_OFFICER)


def add(by: Account = OPERATOR, /, **more: str) -> str:
    today = timezone.localdate()
    form = {
        "account": str(user_of(OPERATOR).pk),
        "first_day": str(today),
        "last_day": str(today + dt.timedelta(days=6)),
        "telephone": TELEPHONE,
    } | more
    return words_of(signed_in(by).post("/attention/on-call/add/", form, follow=True).content.decode())


def test_days_without_anybody_are_named_and_the_page_says_who_is_on_call_today() -> None:
    today = timezone.localdate()
    operator = signed_in(OPERATOR)
    assert "今天没有人值守" in text_of(operator, "/attention/")
    assert "已排上值守" in add()
    html = text_of(operator, "/attention/on-call/")
    free, last = today + dt.timedelta(days=7), today + dt.timedelta(days=13)
    assert f"{free.month}月{free.day}日到{last.month}月{last.day}日没有人值守" in html
    assert "今天值守：<strong>wu-yunwei</strong>（示例县）" in text_of(operator, "/attention/")
    # Who lies below is told too; a county's turn is everybody's.
    assert "wu-yunwei" in text_of(signed_in(TOWNSHIP_OFFICER), "/attention/")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"account": "9999"}, "请选管辖范围内能看站点的账号"),
        ({"account": "x"}, "请选管辖范围内能看站点的账号"),
        ({"first_day": "2026-02-30"}, "请写明从哪天到哪天"),
        ({"last_day": "2020-01-01"}, "后一天不能早于前一天"),
        ({"first_day": "2020-01-01", "last_day": "2020-01-02"}, "要在今天到一年以内"),
        ({"last_day": "2099-01-01"}, "要在今天到一年以内"),
        ({"telephone": "call me"}, "电话只写数字和短横"),
        ({"telephone": "1"}, "电话只写数字和短横"),
    ],
)
def test_what_can_not_be_is_refused_in_words(form: dict[str, str], why: str) -> None:
    assert why in add(**form)
    assert not OnCall.objects.exists()


def test_only_an_operator_changes_the_list_and_only_for_its_own_region() -> None:
    assert signed_in(COUNTY_OFFICER).post("/attention/on-call/add/", {}).status_code == 403
    add()
    assert "那几天已经在值守" in add()
    turn = OnCall.objects.get()
    township = signed_in(TOWNSHIP_OPERATOR)
    assert "wu-yunwei" in text_of(township, "/attention/on-call/")
    path = f"/attention/on-call/{turn.pk}/remove/"
    assert "这一条不归您改" in words_of(township.post(path, follow=True).content.decode())
    assert "请选管辖范围内" in add(TOWNSHIP_OPERATOR)
    assert "已移除" in words_of(signed_in(OPERATOR).post(path, follow=True).content.decode())
    assert not OnCall.objects.exists()
    said = AuditEntry.objects.filter(action__startswith="on_call.").order_by("pk").values_list("action", flat=True)
    assert list(said) == ["on_call.set", "on_call.removed"]


@pytest.mark.parametrize(
    ("number", "mask"), [(TELEPHONE, "138****1234"), ("0991-2345678", "099*****5678"), ("2345678", "****678")]
)
def test_a_telephone_is_sealed_and_masked(number: str, mask: str) -> None:
    add(telephone=number)
    assert number not in OnCall.objects.get().telephone
    for account in (OPERATOR, TOWNSHIP_OFFICER):
        html = text_of(signed_in(account), "/attention/on-call/")
        assert mask in html
        assert number not in html


def test_a_telephone_shows_once_for_a_reason_that_is_kept() -> None:
    add()
    path = f"/attention/on-call/{OnCall.objects.get().pk}/telephone/"
    officer = signed_in(TOWNSHIP_OFFICER)
    assert "请写明理由" in words_of(officer.post(path, {"reason": "?"}, follow=True).content.decode())
    shown = officer.post(path, {"reason": "站点断了要问"})
    assert TELEPHONE in shown.content.decode()
    assert TELEPHONE not in text_of(officer, "/attention/on-call/")
    seen = AuditEntry.objects.get(action="on_call.number_seen")
    assert (seen.actor, seen.detail) == ("chen-shili", {"reason": "站点断了要问"})
    # A turn of the township next door does not exist for him.
    OnCall.objects.update(region=user_of(OTHER_TOWNSHIP_OFFICER).region)
    assert officer.post(path, {"reason": "站点断了要问"}).status_code == 404
