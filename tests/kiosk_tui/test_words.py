"""What a person lacks is said window by window: what is still to do first, then what it is too late for."""

import msgspec
import pytest

from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import Lacking
from tests.kiosk_tui.samples import lack

AM, PM = "上午坐班", "下午坐班"


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ([], []),
        ([lack(AM, "departure")], ["上午坐班下班时别忘了打卡。"]),
        ([lack(AM, "arrival"), lack(AM, "departure")], ["上午坐班还要打上班卡、下班卡。"]),
        ([lack(AM, "departure", "past")], ["上午坐班没打下班卡。去“我的”里补报。"]),
        (
            [lack(AM, "arrival", "past"), lack(AM, "departure", "past"), lack(PM, "departure", "now", 870)],
            ["下午坐班下班时别忘了打卡。", "上午坐班没打上班卡、下班卡。去“我的”里补报。"],
        ),
        (
            [lack(PM, "arrival", "later", 870), lack(PM, "departure", "later", 870)],
            ["下午坐班（14:30 开始）还要打卡。"],
        ),
        ([lack(AM, "departure"), lack(PM, "arrival", "later", 870)], ["上午坐班下班时别忘了打卡。"]),
        (
            [lack("值班", "departure", "past"), lack("值班", "departure", "now", 870)],
            ["14:30 值班下班时别忘了打卡。", "08:30 值班没打下班卡。去“我的”里补报。"],
        ),
    ],
)
def test_what_is_lacking(lacks: list[Lacking], said: list[str]) -> None:
    assert words.lacking(lacks) == said


@pytest.mark.parametrize(("lives", "said"), [(3, "● ●  还可以错 2 次"), (1, "○ ○  还可以错 0 次"), (0, "机会用完了")])
def test_the_last_life_bears_no_wrong_answer(lives: int, said: str) -> None:
    assert words_learning.lives(lives) == said


def test_what_a_correction_would_mend_is_not_too_late_yet() -> None:
    may_be_it = msgspec.structs.replace(lack(PM, "arrival", "past", 870), correctable=True)
    lacks = [lack(AM, "departure", "past"), may_be_it]
    past = "上午坐班没打下班卡。去“我的”里补报。"
    assert words.lacking(lacks, correctable="by_key")[0] == "下午坐班没打上班卡。要是这次，照上面改。"
    assert words.lacking(lacks, correctable="by_card") == ["下午坐班没打上班卡。要是这次，马上再刷卡改。", past]
    assert words.lacking(lacks) == ["下午坐班没打上班卡。去“我的”里补报。", past]
