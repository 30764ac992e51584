"""Every line, fate and cause that settling can name has words."""

import tomllib
from pathlib import Path

import pytest

from server_broker.settlement.cover import COVERS
from server_broker.settlement.explaining import FATES
from server_broker.settlement.named_cases.command import answer_to
from server_broker.settlement.named_cases.reading import read_case
from server_broker.settlement.parameters import Values
from server_broker.settling import due
from server_broker.settling.windows import AwaitedThing, FactName
from server_broker.settling.words import (
    RESULT_WORDS,
    cause_words,
    fate_words,
    line_sentence,
    reason_words,
    result_words,
    rule_sentences,
)
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world

CASES = Path(__file__).parents[2] / "cases"
TABLE = {
    *{("0", ""), ("1", "休"), ("2", "假"), ("3", "出"), ("3", "会"), ("5", "√"), ("6", "暂"), ("7", "未"), ("8", "停")},
    *{("9", "待"), ("10", "旷"), ("11", "缺"), ("12", "迟"), ("12", "旷"), ("13", "早"), ("13", "旷")},
    *{("4", cover) for cover in COVERS},
}
"""The table of section 3, with the results to which its lines lead."""
WORLDS = 40


def test_there_is_a_sentence_for_each_line_of_the_table() -> None:
    assert rule_sentences() == TABLE


def test_no_case_comes_to_a_line_without_a_sentence() -> None:
    rows = [row for file in CASES.glob("*.toml") for row in tomllib.loads(file.read_text()).get("expect", ())]
    named = {(row["line"].removeprefix("4."), row["result"]) for row in rows}
    assert len(named) > len(TABLE) / 2
    assert named <= TABLE


@pytest.mark.parametrize("seed", range(WORLDS))
def test_no_world_comes_to_a_line_without_a_sentence(seed: int) -> None:
    _, said = answer_to(read_case(toml_of(world(seed))))
    for row in said["windows"]:  # type: ignore[attr-defined]
        assert line_sentence(row["line"], row["result"], Values())


def test_sentences_say_the_numbers_that_hold() -> None:
    strict = Values(grace_in=5, late_absence=60)
    assert line_sentence("12", "迟", strict) == "到岗比上班时间晚了 5 分钟以上，记迟到。"
    assert line_sentence("12", "旷", strict) == "到岗比上班时间晚了 60 分钟以上，按规定记旷工。"
    assert line_sentence("4.13", "早", strict).startswith("请假、外出或停班占了这个班的一部分，只看其余的时间。")
    assert "首尾两次卡" in line_sentence("5", "√", strict, between=True)
    assert line_sentence("10", "旷", Values(marks="arrival")) == "没有打上班卡，记旷工。"


def test_every_fate_and_every_cause_has_words() -> None:
    assert len({fate_words(fate) for fate in FATES}) == len(FATES)
    codes = [value for name, value in vars(due).items() if name.isupper() and isinstance(value, str)]
    assert len(codes) == 16
    assert len({cause_words(code) for code in codes}) == len(codes)
    assert cause_words("touch record") == "有打卡传到县里，站点的记录传得更全了"
    # Results that were kept while the column was short may end in the middle of a code.
    assert cause_words("roster calendar roster parameter roster absence notice absence c") == (
        "排班、职务或换班改过，工作日历改过，考勤规定的数字改过，请假、外出批了或者改过，停班通知改过"
    )
    # The roster, the calendar and so on came on the way before a day was settled first: they had nothing settled anew.
    assert cause_words("calendar card first roster") == "这天开始结算"


def test_results_are_short() -> None:
    assert [result_words(result) for result in RESULT_WORDS] == list(RESULT_WORDS.values())
    assert result_words("迟", late=12, early=5) == "迟到 12 分钟，早退 5 分钟"
    assert result_words("缺", late=12, beside="迟") == "缺卡，迟到 12 分钟"
    assert result_words("假", kind="病") == "病假"
    assert result_words("假", kind="补休") == "补休"
    assert result_words("早", early=20, kind="病", beside="停假") == "早退 20 分钟，另有站点停用，另有请假"
    assert result_words("旷", late=90) == "旷工"


def test_reasons_name_villages_and_not_stations() -> None:
    awaited = [
        AwaitedThing("shili-01", 1, None),
        AwaitedThing("shili-01/2", 1, None),
        AwaitedThing("yanshi-01", 1, FactName("yanshi-01", "00", 4)),
    ]
    places = {"shili-01": "示例村", "yanshi-01": "演示村"}
    said = "没有上班卡；站点 shili-01 的记录只到 8:20，站点 shili-01/2 还没有记录，要齐到 15:00。"
    assert reason_words(said, awaited, places) == (
        "没有上班卡；示例村站点的记录只到 8:20，示例村站点还没有记录，要齐到 15:00。"
    )
    assert reason_words("站点 yanshi-01 第 4 条可能是本人的打卡，待审。", awaited, places) == (
        "演示村站点的一条记录可能是本人的打卡，待审。"
    )
    assert reason_words("站点 yanshi-01 第 4 条", awaited, {}) == "别处站点的一条记录"
