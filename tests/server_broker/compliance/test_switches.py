"""What burdens people is off until two people turn it on; one person turns it off."""

from pathlib import Path

import pytest

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.compliance.models import SwitchStep
from server_broker.compliance.switches import SWITCHES, SwitchRefused, agree, ask, is_on, turn_off
from server_broker.decisions.models import DecidedRow
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
BOARD = "named_leaderboards"
WHY = "县委会议定了试行"


def turn_on() -> None:
    ask(BOARD, reason=WHY, actor="wu-yunwei", at=NOW)
    agree(BOARD, reason="会议纪要第 3 号", actor="wei-zuzhi", at=NOW)


@pytest.mark.parametrize("code", SWITCHES)
def test_every_switch_is_off_by_itself_and_says_its_rule(code: str) -> None:
    assert not is_on(code)
    switch = SWITCHES[code]
    assert switch.word
    assert switch.rule
    assert switch.source


def test_what_the_page_says_of_a_switch_without_a_feature_is_true() -> None:
    rooms = [ROOT / name for name in ("server_broker", "agent", "kiosk_tui", "protocol")]
    own = ROOT / "server_broker/compliance"
    code = "\n".join(one.read_text() for room in rooms for one in room.rglob("*.py") if own not in one.parents)
    for name, switch in SWITCHES.items():
        assert bool(switch.asked_by) == (f'is_on("{name}")' in code), name


def test_there_is_a_switch_for_each_form_of_burden() -> None:
    assert list(SWITCHES) == [
        "named_leaderboards",
        "points_in_assessment",
        "votes_in_assessment",
        "compulsory_photographs",
        "duty_board_names",
        "duty_board_presence",
    ]


def test_it_takes_two_people_to_turn_one_on_and_each_step_is_on_record() -> None:
    ask(BOARD, reason=WHY, actor="wu-yunwei", at=NOW)
    assert not is_on(BOARD)
    for same in ("wu-yunwei", "WU-YUNWEI"):
        with pytest.raises(OwnAffair):
            agree(BOARD, reason="我自己同意", actor=same, at=NOW)
    assert not is_on(BOARD)
    agree(BOARD, reason="会议纪要第 3 号", actor="wei-zuzhi", at=NOW)
    assert [code for code in SWITCHES if is_on(code)] == [BOARD]
    turn_off(BOARD, reason="群众有意见", actor="wei-zuzhi", at=NOW)
    assert not is_on(BOARD)
    steps = [(one.step, one.by) for one in SwitchStep.objects.order_by("id")]
    assert steps == [("asked", "wu-yunwei"), ("turned_on", "wei-zuzhi"), ("turned_off", "wei-zuzhi")]
    entries = AuditEntry.objects.filter(action__startswith="switch.").order_by("id")
    assert [entry.action for entry in entries] == ["switch.asked", "switch.turned_on", "switch.turned_off"]
    assert entries[0].detail["reason"] == WHY
    assert DecidedRow.objects.filter(table__contains="switchstep").values("body").distinct().count() == 3


def test_what_was_asked_for_can_be_refused_and_asked_for_again() -> None:
    ask(BOARD, reason=WHY, actor="wu-yunwei", at=NOW)
    turn_off(BOARD, reason="没有依据", actor="wu-yunwei", at=NOW)
    assert not is_on(BOARD)
    with pytest.raises(SwitchRefused, match="没有人申请"):
        agree(BOARD, reason="会议纪要", actor="wei-zuzhi", at=NOW)
    turn_on()
    assert is_on(BOARD)


def test_no_step_is_taken_out_of_turn_or_without_a_reason() -> None:
    with pytest.raises(SwitchRefused, match="关着"):
        turn_off(BOARD, reason="没有依据", actor="wu-yunwei", at=NOW)
    with pytest.raises(SwitchRefused, match="理由"):
        ask(BOARD, reason=" 试 ", actor="wu-yunwei", at=NOW)
    turn_on()
    with pytest.raises(SwitchRefused, match="已经打开"):
        ask(BOARD, reason=WHY, actor="wu-yunwei", at=NOW)
    with pytest.raises(SwitchRefused, match="没有人申请"):
        agree(BOARD, reason=WHY, actor="zheng-yunwei", at=NOW)
    assert SwitchStep.objects.count() == 2


def test_a_switch_that_nobody_knows_is_an_error_and_not_off() -> None:
    with pytest.raises(KeyError):
        is_on("leaderboards")
