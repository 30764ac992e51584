"""考勤规则, a station's 报停 and a village's 代用站点: what the pages show, ask to confirm, and refuse."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station
from server_broker.regions.models import Region
from server_broker.settling.models import DeadStation, ParameterRecord, StandIn
from server_broker.settling.setting_terms import set_term
from tests.cast import (
    AUDITOR,
    CLERK,
    COUNTY,
    COUNTY_OFFICER,
    OPERATOR,
    OTHER_OPERATOR,
    OTHER_TOWNSHIP,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    YANGBAN,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
)
from tests.server_broker.console.test_dated_pages import hidden_fields
from tests.server_broker.county import FictionalCounty, signed_in, user_of
from tests.server_broker.pages import cells_beside, text_of, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]

WHY = "按县里文件"


def tomorrow(days: int = 1) -> str:
    return str(timezone.localdate() + dt.timedelta(days=days))


def send(client: Client, address: str, fields: dict[str, Any]) -> str:
    return client.post(address, fields, follow=True).content.decode()


def confirm(client: Client, address: str, page: str) -> str:
    return client.post(address, hidden_fields(page, address), follow=True).content.decode()


def term(**fields: str) -> dict[str, str]:
    return {"name": "grace_in", "value": "5", "since": tomorrow(), "reason": WHY, "act": "set"} | fields


@pytest.fixture
def officer() -> Client:
    return signed_in(TOWNSHIP_OFFICER)


def test_it_says_what_holds_and_where_it_comes_from(officer: Client) -> None:
    by, today = user_of(OPERATOR), timezone.localdate()
    set_term(Region.objects.get(pk=COUNTY), "grace_in", 15, since=today, by=by, reason=WHY, now=timezone.now())
    html = text_of(officer, f"/terms/{SHILI_VILLAGE}/")
    assert cells_beside(html, "上班宽限")[:2] == ["15 分钟", f"示例县 {today} 起"]
    assert cells_beside(html, "下班宽限")[:2] == ["10 分钟", "默认"]
    assert cells_beside(html, "迟到算旷工")[:1] == ["不算旷工"]
    assert cells_beside(html, "上班卡最早") == ["90 分钟"]
    own = words_of(text_of(officer, "/terms/"))
    assert "示例镇考勤规则" in own
    assert f"/terms/{TOWNSHIP}/set/" in text_of(officer, "/terms/")


def test_a_change_is_shown_before_it_is_made(officer: Client) -> None:
    address = f"/terms/{TOWNSHIP}/set/"
    page = send(officer, address, term())
    said = words_of(page)
    assert f"{tomorrow()} 起，示例镇 上班宽限：5 分钟？" in said
    assert "2 个村按 10 分钟" in said
    assert "2 个村按 5 分钟" in said
    assert not ParameterRecord.objects.exists()
    assert "上班宽限已记录" in confirm(officer, address, page)
    assert ParameterRecord.objects.get().value == 5
    cleared = send(officer, address, term(act="clear", since=tomorrow(9)))
    assert "不再另设" in cleared
    assert "上班宽限已记录" in confirm(officer, address, cleared)
    below = words_of(text_of(signed_in(OPERATOR), f"/terms/{COUNTY}/"))
    assert "下级另设的" not in below


def test_what_regions_below_set_stands_on_the_page_of_those_above(officer: Client) -> None:
    by, today = user_of(OPERATOR), timezone.localdate()
    for code in (SHILI_VILLAGE, YANGBAN_VILLAGE):
        set_term(Region.objects.get(pk=code), "place", "village", since=today, by=by, reason=WHY, now=timezone.now())
    assert "样板村" not in text_of(officer, "/terms/")
    below = text_of(officer, "/terms/").split("下级另设的")[1]
    assert "示例村 打卡地点 只在本村" in words_of(below)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"value": "abc"}, "“abc”不是整数"),
        ({"value": "500"}, "超出范围"),
        ({"name": "nothing"}, "没有这一项规则"),
        ({"since": "tomorrow"}, "请填日期"),
        ({"since": "2099-01-01"}, "超过一年"),
        ({"reason": "短"}, "请写明理由"),
        ({"reason": "我的证件 11010519491231002X"}, "不要写身份证号"),
        ({"locked": "on"}, "只有县里能锁定"),
        ({"act": "clear"}, "本来就没有另设"),
    ],
)
def test_bad_input_is_refused_in_words(officer: Client, fields: dict[str, str], reason: str) -> None:
    page = send(officer, f"/terms/{TOWNSHIP}/set/", term(**fields))
    assert reason in page
    assert "没有改动" in page
    assert not ParameterRecord.objects.exists()


def test_who_sees_another_township_sees_none_of_it(officer: Client) -> None:
    for code in (OTHER_TOWNSHIP, YANGBAN_VILLAGE, COUNTY):
        assert officer.get(f"/terms/{code}/").status_code == 404
        assert officer.post(f"/terms/{code}/set/", term()).status_code == 404
    assert officer.get("/terms/", {"region": YANGBAN_VILLAGE}).status_code == 404
    assert signed_in(SECRETARY).post(f"/terms/{SHILI_VILLAGE}/set/", term()).status_code == 403
    assert officer.get(f"/regions/{YANGBAN_VILLAGE}/stand-in/").status_code == 404
    assert officer.post(f"/regions/{YANGBAN_VILLAGE}/stand-in/set/", {}).status_code == 404
    assert officer.post(f"/stations/{YANGBAN}/dead/", {"since": tomorrow(-1), "reason": WHY}).status_code == 404
    assert not ParameterRecord.objects.exists()


def test_of_two_officers_one_is_told(officer: Client) -> None:
    other, address = signed_in(OTHER_OPERATOR), f"/terms/{TOWNSHIP}/set/"
    mine, theirs = send(officer, address, term()), send(other, address, term(value="20"))
    assert "已记录" in confirm(officer, address, mine)
    late = confirm(other, address, theirs)
    assert "刚才有别的改动" in late
    assert [row.value for row in ParameterRecord.objects.known()] == [5]
    assert "已记录" in confirm(other, address, late)
    assert [row.value for row in ParameterRecord.objects.known()] == [20]


def test_the_county_locks_and_a_township_is_told(officer: Client) -> None:
    operator, address = signed_in(OPERATOR), f"/terms/{COUNTY}/set/"
    today = str(timezone.localdate())
    page = send(operator, address, term(locked="on", since=today))
    assert "示例县 5 分钟，锁定" in words_of(page)
    confirm(operator, address, page)
    assert "县里锁定，不能另设" in text_of(officer, "/terms/")
    assert "由县里锁定为 5 分钟" in send(officer, f"/terms/{TOWNSHIP}/set/", term())
    audit = words_of(text_of(signed_in(AUDITOR), "/audit/?q=定考勤规则"))
    for words in ("规则 上班宽限", "改为 5 分钟", "锁定 是"):
        assert words in audit


def test_a_station_is_declared_dead_on_its_page(officer: Client) -> None:
    Station.objects.filter(pk=SHILI).update(enrolled_at=timezone.now() - dt.timedelta(days=3))
    since = timezone.localtime() - dt.timedelta(days=1)
    address, fields = f"/stations/{SHILI}/dead/", {"since": f"{since:%Y-%m-%dT%H:%M}", "reason": "主板烧坏"}
    assert "怎么知道的" in text_of(officer, f"/stations/{SHILI}/")
    page = send(officer, address, fields)
    said = words_of(page)
    assert "不再等这个站点的记录" in said
    assert "现在没有班在等它" in said
    assert not DeadStation.objects.exists()
    done = words_of(confirm(officer, address, page))
    assert "已报停" in done
    assert "不再等它的记录" in done
    assert "主板烧坏" in done
    back = send(officer, address, {"act": "back", "reason": "又修好了"})
    assert "报停已撤回" in confirm(officer, address, back)
    assert "主板烧坏" not in words_of(text_of(officer, f"/stations/{SHILI}/"))
    assert [entry.action for entry in AuditEntry.objects.filter(subject=SHILI).order_by("pk")] == [
        "station.declared_dead",
        "station.dead_taken_back",
    ]


def test_a_station_is_not_declared_dead_for_a_time_to_come_or_no_time(officer: Client) -> None:
    address = f"/stations/{SHILI}/dead/"
    assert "还没到" in send(officer, address, {"since": f"{tomorrow()}T08:00", "reason": WHY})
    assert "请写明从什么时候起报停" in send(officer, address, {"since": "", "reason": WHY})
    assert "时间要写成" in send(officer, address, {"since": "昨天", "reason": WHY})
    assert "还没有接入" in send(officer, address, {"since": "2020-01-01T08:00", "reason": WHY})
    assert "没有报停" in send(officer, address, {"act": "back", "reason": WHY})
    assert not DeadStation.objects.exists()


def test_a_village_without_a_station_names_one(officer: Client) -> None:
    address = f"/regions/{YANSHI_VILLAGE}/stand-in/"
    assert "没有代用站点" in text_of(officer, address)
    assert YANGBAN not in text_of(officer, address)
    fields = {"station": SHILI, "first": tomorrow(), "last": tomorrow(9), "reason": "还没有装站点"}
    page = send(officer, f"{address}set/", fields)
    assert "由 示例村 站点代用" in words_of(page)
    assert "代用站点已记录" in confirm(officer, f"{address}set/", page)
    assert "示例村 shili-01" in words_of(text_of(officer, address))
    assert "已经由 shili-01 代用" in send(officer, f"{address}set/", fields)
    ended = send(officer, f"{address}set/", {"act": "end", "since": tomorrow(5), "reason": "自己的装好了"})
    assert "代用站点已结束" in confirm(officer, f"{address}set/", ended)
    assert StandIn.objects.known().filter(station__isnull=False).count() == 1


def test_a_stand_in_of_no_or_a_foreign_station_is_refused(officer: Client, county: FictionalCounty) -> None:
    address = f"/regions/{YANSHI_VILLAGE}/stand-in/set/"
    fields = {"first": tomorrow(), "reason": "还没有装站点"}
    for station in ("", "nothing", YANGBAN):
        assert "请选代用的站点" in send(officer, address, fields | {"station": station})
    assert "自己有在用的站点" in text_of(officer, f"/regions/{SHILI_VILLAGE}/stand-in/")
    own = f"/regions/{SHILI_VILLAGE}/stand-in/set/"
    assert "就是本村的" in send(officer, own, fields | {"station": SHILI})
    assert officer.get(f"/regions/{TOWNSHIP}/stand-in/").status_code == 404
    assert not StandIn.objects.exists()


def test_a_village_sets_none_of_it_for_itself() -> None:
    clerk = signed_in(CLERK)
    assert "修改" not in words_of(text_of(clerk, f"/terms/{SHILI_VILLAGE}/"))
    for address in (
        f"/terms/{SHILI_VILLAGE}/set/",
        f"/regions/{SHILI_VILLAGE}/stand-in/set/",
        f"/stations/{SHILI}/dead/",
        "/sheets/2026-01/show/",
        "/sheets/2026-01/close/",
    ):
        answer = clerk.post(address, term(code=SHILI_VILLAGE))
        assert answer.status_code == 403
        assert "村里的账号不能自己定这件事，请镇办或者县里来定" in answer.content.decode()
    assert not ParameterRecord.objects.exists()


def test_the_pages_open_to_those_who_may_only_look() -> None:
    looker = signed_in(SECRETARY)
    assert "修改" not in words_of(text_of(looker, f"/terms/{SHILI_VILLAGE}/"))
    assert "下一步" not in text_of(looker, f"/regions/{SHILI_VILLAGE}/stand-in/")
    assert signed_in(COUNTY_OFFICER).get(f"/terms/{COUNTY}/").status_code == 200
