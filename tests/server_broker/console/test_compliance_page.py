"""The page 合规开关: a row for every switch, off by itself; two people of the county turn one on, one turns it off."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from server_broker.compliance.switches import SWITCHES, is_on
from server_broker.duty.shown import BOARD_SWITCHES
from tests.cast import OPERATOR, ORGANISER, SECRETARY, TOWNSHIP_OPERATOR
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.pages import cells_beside, text_of, words_of

pytestmark = pytest.mark.django_db
BOARD = "named_leaderboards"


@pytest.fixture(autouse=True)
def county() -> None:
    make_county()


def turn(client: Client, act: str, reason: str = "县委会议定的") -> str:
    return client.post(f"/compliance/{BOARD}/", {"act": act, "reason": reason}, follow=True).content.decode()


def test_every_switch_has_a_row_and_is_off_and_names_its_rule() -> None:
    page = text_of(signed_in(SECRETARY), "/compliance/")
    for switch in SWITCHES.values():
        asked = f"管着：{switch.asked_by}" if switch.asked_by else "△ 本系统现在没有这个功能"
        assert f"{switch.note} {asked}" in words_of(page)
        now, rule = cells_beside(page, switch.word)
        assert now == "○ 关 从来没有打开过"
        assert rule == f"{switch.rule} {switch.source}"
    assert page.count('<th scope="row"') == len(SWITCHES)
    assert "申请打开" not in page, "a secretary only looks"


def test_one_person_asks_and_another_agrees() -> None:
    operator, organiser = signed_in(OPERATOR), signed_in(ORGANISER)
    assert "已申请" in turn(operator, "ask")
    assert "同意打开</button>" not in text_of(operator, "/compliance/")
    assert "这一条是您提的" in turn(operator, "agree")
    assert not is_on(BOARD)
    assert "同意打开</button>" in text_of(organiser, "/compliance/")
    assert "已打开" in turn(organiser, "agree", "会议纪要第 3 号")
    assert is_on(BOARD)
    now, *_ = cells_beside(text_of(operator, "/compliance/"), SWITCHES[BOARD].word)
    assert "△ 开" in now
    assert "会议纪要第 3 号" in now
    assert "已关闭" in turn(operator, "off")
    assert not is_on(BOARD)


def test_a_reason_is_asked_for_and_holds_no_identity_number() -> None:
    operator = signed_in(OPERATOR)
    assert "请写明理由" in turn(operator, "ask", "")
    assert "不要写身份证号" in turn(operator, "ask", "11010519491231002X 要的")
    assert "关着" in turn(operator, "什么都不是")
    assert not is_on(BOARD)


def test_a_township_turns_no_switch_of_the_county() -> None:
    township = signed_in(TOWNSHIP_OPERATOR)
    assert township.post(f"/compliance/{BOARD}/", {"act": "ask", "reason": "镇里想要"}).status_code == 404
    assert "申请打开</button>" not in text_of(township, "/compliance/")


def test_stations_are_told_when_a_switch_of_the_duty_board_is_turned() -> None:
    def told(client: Client, code: str, act: str) -> bool:
        with CaptureQueriesContext(connection) as captured:
            client.post(f"/compliance/{code}/", {"act": act, "reason": "县委会议定的"})
        return any("pg_notify" in one["sql"] and "cunhui_desired" in one["sql"] for one in captured.captured_queries)

    operator, organiser = signed_in(OPERATOR), signed_in(ORGANISER)
    for code in BOARD_SWITCHES:
        told(operator, code, "ask")
        assert told(organiser, code, "agree")
        assert is_on(code)
        assert told(operator, code, "off")
    told(operator, BOARD, "ask")
    assert not told(organiser, BOARD, "agree")
