"""A bank that goes out as GIFT comes in again as it was."""

import msgspec
import pytest
from hypothesis import given, settings

from protocol.packs import Pack
from server_broker.content.bank import Bank, BankLevel, bank_of, pack_of
from server_broker.content.gift_writing import gift_of
from tests.server_broker.content.banks import STARTER, banks, gift, question


@given(bank=banks())
@settings(max_examples=60, deadline=None)
def test_any_bank_is_equal_after_gift(bank: Bank) -> None:
    read, outcomes = gift(gift_of(bank))
    assert [outcome.refusals for outcome in outcomes if outcome.refusals] == []
    assert [outcome.notes for outcome in outcomes if outcome.notes] == []
    assert read == bank


@pytest.mark.parametrize("path", sorted(STARTER.glob("*.json")), ids=lambda path: path.stem)
def test_the_starter_packs_are_the_same_after_gift(path: object) -> None:
    pack = msgspec.json.decode(STARTER.joinpath(str(path)).read_bytes(), type=Pack)
    read, _ = gift(gift_of(bank_of(pack)))
    assert pack_of(read, version=pack.version) == pack


def test_a_moodle_reads_the_same_words() -> None:
    level = [
        question(id="q1"),
        question(id="q2", kind="multiple", answer=[0, 2]),
        question(id="q3", kind="true_false", options=["对", "错"], answer=[1]),
        question(id="q4", kind="ordering", answer=[2, 0, 1], picture="tu.jpg"),
    ]
    bank = Bank("b", "示例", (BankLevel("l1", "第一关", 5, tuple(level)),), sample=True)
    assert gift_of(bank).split("\n") == [
        "// 题库编号：b",
        "// 题库名称：示例",
        "// 示例：是",
        "",
        "// 关号：l1",
        "// 每次抽题：5",
        "$CATEGORY: $course$ / top / 示例 / 第一关",
        "",
        "::q1::[plain]示例题目？{",
        "\t~甲",
        "\t=乙",
        "\t~丙",
        "####示例解释。\\n出处：《示例办法》第一条",
        "}",
        "",
        "::q2::[plain]示例题目？{",
        "\t~%50%甲",
        "\t~%-100%乙",
        "\t~%50%丙",
        "####示例解释。\\n出处：《示例办法》第一条",
        "}",
        "",
        "::q3::[plain]示例题目？{F",
        "####示例解释。\\n出处：《示例办法》第一条",
        "}",
        "",
        "// [tag:图片=tu.jpg]",
        "::q4::[plain]示例题目？{",
        "\t=甲 -> 2",
        "\t=乙 -> 3",
        "\t=丙 -> 1",
        "####示例解释。\\n出处：《示例办法》第一条",
        "}",
        "",
    ]
