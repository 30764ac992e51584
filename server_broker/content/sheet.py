"""Our Excel template of a question bank: how its cells are read, and the bank that they make.

Reading goes as with every list that people bring (`server_broker.sheets`): in a process apart, with its bounds, and
every bad cell is named with its row. Sheet 题目 has a question in each row. Sheet 题库, of one row, says what the bank
is and who answers for it. Sheet 关 need not be there: it gives levels their ids, their order and how many questions a
run asks. The sheet 说明 is never read; it explains the others.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from protocol.packs import QuestionKind
from server_broker.content.bank import TRUE_FALSE, tidy
from server_broker.content.drafts import LETTERS, QuestionDraft, Refusal
from server_broker.content.gathering import Gathering, Outcome
from server_broker.sheets import cells, dates
from server_broker.sheets.cells import BadCell
from server_broker.sheets.declared import Book, SheetKind, SheetPlan
from server_broker.sheets.heads import Row
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.spreadsheetml import Cell

QUESTIONS, BANK, LEVELS = "题目", "题库", "关"
ID, LEVEL, KIND, STEM, ANSWER = "编号", "关", "题型", "题目", "答案"
EXPLANATION, SOURCE, PICTURE, SOUND = "解释", "出处", "图片", "声音"
OPTION = "选项"
OPTIONS = tuple(f"{OPTION}{letter}" for letter in LETTERS)
TITLE, OWNER, REVIEW, DRAW, SAMPLE = "名称", "负责人", "复审日期", "每关抽几题", "示例"
LEVEL_DRAW = "抽几题"
YES, NO = "是", "否"
KINDS: dict[QuestionKind, str] = {"single": "单选", "multiple": "多选", "true_false": "判断", "ordering": "排序"}
_KINDS: dict[str, QuestionKind] = {word: kind for kind, word in KINDS.items()} | {
    "单项选择": "single",
    "选择": "single",
    "多项选择": "multiple",
    "不定项选择": "multiple",
    "是非": "true_false",
    "对错": "true_false",
}
_TRUE, _FALSE = re.compile("对|正确|是|√|✓|T|TRUE"), re.compile("错|错误|不对|否|×|✗|X|F|FALSE")
_BETWEEN = re.compile(r"[,、;/\s→>-]+")
_QUOTED = re.compile(r"'+[=+\-@]")
_LONGEST = 2_000
"""Far more than any text may have: how long each may be is judged with the question, where the reason is named."""


@dataclass(slots=True)
class QuestionRow:
    """A row of the sheet 题目 as it was typed. ``problems`` say which of its cells can't be read."""

    row: int
    id: str = ""
    level: str = ""
    kind: str = ""
    stem: str = ""
    options: list[str] = field(default_factory=list)
    answer: str = ""
    explanation: str = ""
    source: str = ""
    picture: str = ""
    sound: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LevelRow:
    """A row of the sheet 关."""

    row: int
    id: str
    name: str
    draw: int | None


@dataclass(slots=True)
class BankRow:
    """The row of the sheet 题库."""

    row: int
    id: str
    title: str
    owner: str
    review_by: dt.date | None
    draw: int | None
    sample: bool


@dataclass(slots=True)
class BankPlan(SheetPlan):
    """The rows of a file."""

    questions: list[QuestionRow] = field(default_factory=list)
    levels: list[LevelRow] = field(default_factory=list)
    banks: list[BankRow] = field(default_factory=list)


def gather(plan: BankPlan, into: Gathering) -> Iterator[Outcome]:
    """Put the rows of a file into a bank, and yield what became of each question."""
    for bank in plan.banks:
        head = into.head
        head.id, head.title, head.owner, head.review_by = bank.id, bank.title, bank.owner, bank.review_by
        head.draw, head.sample = bank.draw, bank.sample
    for listed in plan.levels:
        into.list_level(into.level(listed.name, id=listed.id, draw=listed.draw))
    for row in plan.questions:
        draft = draft_of(row)
        name = tidy(row.level)
        if not name:
            draft.refusals.append(Refusal("no_level", "没有写是哪一关"))
        yield into.take(draft, into.level_named(name) or into.level(name))


def draft_of(row: QuestionRow) -> QuestionDraft:
    """Return a row as a question that can be judged, with what can't be read in it."""
    refusals = [Refusal("bad_cell", problem) for problem in row.problems]
    kind = _KINDS.get(unicodedata.normalize("NFKC", row.kind).removesuffix("题"))
    if kind is None and not any(KIND in problem for problem in row.problems):
        words = f"题型写的是“{row.kind[:12]}”，只能是 {'、'.join(KINDS.values())}" if row.kind else "没有写题型"
        refusals.append(Refusal("unknown_kind", words))
    options = _without_empty_end(row.options)
    if kind == "true_false" and not options:
        options = list(TRUE_FALSE)
    answer = _answer(row.answer, kind, options)
    if answer is None:
        words = f"答案写的是“{row.answer[:12]}”，要写选项的字母，例如 B；多选写 ACD，排序按先后写 CAB，判断写 对 或 错"
        refusals.append(Refusal("bad_answer", words))
    return QuestionDraft(
        row.row,
        kind,
        row.stem,
        options,
        answer or [],
        row.explanation,
        row.source,
        id=row.id,
        picture=row.picture,
        sound=row.sound,
        refusals=refusals,
    )


def _without_empty_end(options: list[str]) -> list[str]:
    last = max((number for number, option in enumerate(options, 1) if option), default=0)
    return options[:last]


def _answer(written: str, kind: QuestionKind | None, options: list[str]) -> list[int] | None:
    """Return the option numbers that an answer names; None if it can't be read."""
    plain = _BETWEEN.sub("", _usual(written))
    if kind == "true_false":
        for word in (_TRUE, _FALSE):
            # The options may say it in other words than 对 and 错, and in the other order.
            meant = [number for number, option in enumerate(options) if word.fullmatch(_usual(option))]
            if word.fullmatch(plain) and len(meant) == 1:
                return meant
    numbers = [LETTERS.find(letter) for letter in plain]
    return None if -1 in numbers else numbers


def _usual(written: str) -> str:
    return unicodedata.normalize("NFKC", written).upper()


def _read_questions(plan: BankPlan, rows: list[Row], choice: str) -> None:
    for row in rows:
        before = len(plan.errors)
        read = QuestionRow(
            row.number,
            id=_read(row, ID),
            level=_read(row, LEVEL),
            kind=_read(row, KIND),
            stem=_read(row, STEM),
            options=[_read(row, option) for option in OPTIONS],
            answer=row.read(ANSWER, _answer_text) or "",
            explanation=_read(row, EXPLANATION),
            source=_read(row, SOURCE),
            picture=_read(row, PICTURE),
            sound=_read(row, SOUND),
        )
        # They belong to this question, and each question of a file is accounted for, however many errors there are.
        read.problems = [error.message for error in plan.errors[before:]]
        del plan.errors[before:]
        plan.questions.append(read)


def _read(row: Row, column: str) -> str:
    return row.read(column, _text) or ""


def _text(cell: Cell) -> str:
    """Return what somebody typed. A quote that we wrote before a text that looks like a formula is taken off again."""
    written = cells.optional_text(cell, longest=_LONGEST, as_typed=True)
    return written[1:] if _QUOTED.match(written) else written


def _answer_text(cell: Cell) -> str:
    # Excel makes a truth value of TRUE.
    if isinstance(cell.value, bool) and not cell.is_formula:
        return TRUE_FALSE[0 if cell.value else 1]
    return _text(cell)


def _read_levels(plan: BankPlan, rows: list[Row], choice: str) -> None:
    for row in rows:
        name, draw = _read(row, TITLE), row.read(LEVEL_DRAW, _count)
        if name:
            plan.levels.append(LevelRow(row.number, _read(row, ID), name, draw))
        else:
            plan.errors.append(RowError(LEVELS, row.number, "没有写关的名称"))


def _read_bank(plan: BankPlan, rows: list[Row], choice: str) -> None:
    if len(rows) > 1:
        plan.errors.append(RowError(BANK, rows[1].number, f"“{BANK}”只能有一行，一个文件是一个题库"))
    for row in rows[:1]:
        plan.banks.append(
            BankRow(
                row.number,
                _read(row, ID),
                _read(row, TITLE),
                _read(row, OWNER),
                row.read(REVIEW, _optional_date),
                row.read(DRAW, _count),
                row.read(SAMPLE, _yes) or False,
            )
        )


def _count(cell: Cell) -> int | None:
    written = cells.optional_text(cell, longest=16)
    if written and not (written.isascii() and written.isdigit() and len(written) < 4):
        raise BadCell(f"要写数字，这里是“{written}”")
    return int(written) if written else None


def _optional_date(cell: Cell) -> dt.date | None:
    return None if cell.value is None or cell.value == "" else dates.date(cell)


def _yes(cell: Cell) -> bool:
    written = cells.optional_text(cell, longest=16)
    if written not in (YES, NO, ""):
        raise BadCell(f"只能写“{YES}”或“{NO}”，这里是“{written}”")
    return written == YES


BOOK = Book(
    "server_broker.content.sheet:BOOK",
    BankPlan,
    (
        SheetKind(
            QUESTIONS,
            (LEVEL, KIND, STEM, *OPTIONS[:2], ANSWER, EXPLANATION, SOURCE),
            _read_questions,
            optional=(ID, *OPTIONS[2:], PICTURE, SOUND),
            written=(ID, LEVEL, KIND, STEM, *OPTIONS, ANSWER, EXPLANATION, SOURCE, PICTURE, SOUND),
            group=OPTION,
        ),
        SheetKind(BANK, (TITLE,), _read_bank, optional=(ID, OWNER, REVIEW, DRAW, SAMPLE)),
        SheetKind(LEVELS, (TITLE,), _read_levels, optional=(ID, LEVEL_DRAW)),
    ),
)
