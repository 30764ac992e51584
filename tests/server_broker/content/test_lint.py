"""What an editor is told to look at, and that it agrees with what the kiosk does."""

import datetime as dt
import random

import pytest

from kiosk_tui.drawing.typeset import set_blocks
from kiosk_tui.places.room import Room
from kiosk_tui.screens.marked import marked_text
from kiosk_tui.screens.question import question_text
from kiosk_tui.views.learning import MarkedView, QuestionView
from protocol.kiosk_learning import Marked, QuestionShown
from protocol.packs import Question, QuestionKind
from server_broker.content.bank import Bank, BankLevel
from server_broker.content.lint import COLUMNS, LINES, Finding, lint
from tests.server_broker.content.banks import question

TODAY = dt.date(2026, 12, 1)
STEMS = (
    "谁来选？",
    "什么时候公布？",
    "在哪里登记？",
    "多少人同意才行？",
    "由谁监督？",
    "选举名单贴出来了，我的名字漏了，该找谁申诉？",
)


def bank(*changed: Question, review_by: dt.date | None = dt.date(2027, 6, 30), owner: str = "张示例") -> Bank:
    fill = [question(id=f"f{number}", stem=stem) for number, stem in enumerate(STEMS)]
    return Bank("b", "示例", (BankLevel("l1", "第一关", 5, (*fill, *changed)),), owner=owner, review_by=review_by)


def found(*changed: Question) -> list[tuple[str, str, str]]:
    return [(each.code, each.severity, each.question) for each in lint(bank(*changed), today=TODAY)]


def test_a_good_bank_has_no_findings() -> None:
    assert lint(bank(), today=TODAY) == []


@pytest.mark.parametrize(
    ("changed", "code", "severity"),
    [
        ({"stem": "长" * 61}, "too_long", "stops"),
        ({"options": ["长" * 25, "乙"]}, "too_long", "stops"),
        ({"options": ["", "乙"]}, "empty", "stops"),
        ({"explanation": "长。" * 61}, "too_long", "stops"),
        ({"explanation": ""}, "empty", "stops"),
        ({"source": " "}, "no_source", "stops"),
        ({"source": "《示例办法》（试行至2025年12月31日）"}, "source_over", "stops"),
        ({"source": "《示例办法》（有效期至2025-13-31）"}, "source_date", "warns"),
        ({"answer": [3]}, "answer_outside", "stops"),
        ({"answer": []}, "answer_outside", "stops"),
        ({"answer": [0, 1]}, "answer_count", "stops"),
        ({"kind": "ordering", "answer": [0, 1]}, "answer_count", "stops"),
        ({"kind": "multiple", "answer": [0, 1, 2]}, "all_right", "warns"),
        ({"options": ["甲", "甲"]}, "option_twice", "stops"),
        ({"options": ["甲"], "answer": [0]}, "options_count", "stops"),
        ({"explanation": "长" * 41}, "long_sentence", "warns"),
        ({"explanation": "要切实高度重视，进一步抓好落实。"}, "official_words", "warns"),
        ({"stem": "选举名单贴出来了，我的名字漏了，该找谁去申诉？"}, "near_duplicate", "warns"),
        ({"options": ["长" * 24] * 5 + ["短" * 24], "explanation": "长。" * 60}, "two_pages", "warns"),
    ],
)
def test_a_finding_has_its_code_and_severity(changed: dict[str, object], code: str, severity: str) -> None:
    one = question(**({"id": "x", "stem": "完全不相干的另外一道题目吗？"} | changed))
    assert (code, severity, "x") in found(one)


@pytest.mark.parametrize(
    ("review_by", "code", "severity"),
    [
        (dt.date(2026, 11, 30), "review_over", "stops"),
        (TODAY, "review_soon", "warns"),
        (None, "no_review_date", "warns"),
    ],
)
def test_a_review_that_is_due_is_named(review_by: dt.date | None, code: str, severity: str) -> None:
    (finding,) = lint(bank(review_by=review_by), today=TODAY)
    assert (finding.code, finding.severity, finding.question) == (code, severity, "")


def test_a_bank_without_owner_or_with_an_id_twice_is_named() -> None:
    assert [each.code for each in lint(bank(owner=""), today=TODAY)] == ["no_owner"]
    assert ("id_twice", "stops", "f0") in found(question(id="f0", stem="完全不相干的另外一道题目吗？"))


def test_a_bank_that_is_no_pack_yet_says_why() -> None:
    small = Bank("b", "示例", (BankLevel("l1", "第一关", 5, ()),), owner="张示例", review_by=dt.date(2027, 6, 30))
    assert lint(small, today=TODAY) == [Finding("no_pack", "stops", "", "“第一关”有 0 题，一关要有 5 到 200 题")]


def pages(asked: Question, chosen: list[int]) -> int:
    """Return how many pages the kiosk's smallest screen needs for a question or for its explanation."""
    shown = QuestionShown(
        run="r", title="示例", level="第一关", sample=True, number=1, of=6, lives=2, kind=asked.kind, question="q",
        stem=asked.stem, options=asked.options,
    )  # fmt: skip
    marked = Marked(
        run="r", question="q", right=chosen == asked.answer, chosen=chosen, answer=asked.answer,
        explanation=asked.explanation, source=asked.source, lives=2,
    )  # fmt: skip
    room = Room()
    assert room.body == (COLUMNS, LINES)
    texts = (
        question_text(QuestionView(shown, tuple(chosen), False, False, ""), room),
        marked_text(MarkedView(shown, marked, False), room),
    )
    return max(len(set_blocks(text.blocks, *room.body)) for text in texts)


LETTERS = "村务公开，三会一课。（示例）“问”、10086 abc"


def words(rng: random.Random, most: int) -> str:
    return "".join(rng.choices(LETTERS, k=rng.randint(1, most))).strip() or "村"


def test_what_is_said_to_fit_the_smallest_screen_stands_there_on_one_page() -> None:
    rng = random.Random(20261130)
    fitting = 0
    kinds: list[QuestionKind] = ["single", "multiple", "ordering"]
    for number in range(400):
        kind = rng.choice(kinds)
        options = [f"{place}{words(rng, 23)}" for place in range(rng.randint(2, 6))]
        numbers = rng.sample(range(len(options)), len(options))
        one = question(
            id=str(number),
            kind=kind,
            stem=words(rng, 60),
            options=options,
            answer={"single": numbers[:1], "multiple": sorted(numbers[:2]), "ordering": numbers}.get(kind),
            explanation=words(rng, 120),
            source=words(rng, 60),
        )
        if ("two_pages", "warns", str(number)) in found(one):
            continue
        fitting += 1
        wrong = {"single": numbers[1:2], "multiple": sorted(numbers), "ordering": numbers[::-1]}[kind]
        assert pages(one, wrong) == pages(one, one.answer) == 1, one
    assert fitting > 50
