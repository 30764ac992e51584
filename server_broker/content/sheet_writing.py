"""Write a question bank as an Excel file of our template, and the empty template."""

import re
from collections import Counter
from collections.abc import Sequence

from protocol.packs import MAX_DRAW, MAX_EXPLANATION, MAX_OPTION, MAX_SOURCE, MAX_STEM, MIN_DRAW, Question
from server_broker.content.bank import TRUE_FALSE, Bank
from server_broker.content.drafts import LETTERS
from server_broker.content.sheet import BANK, BOOK, KINDS, LEVELS, NO, OPTIONS, QUESTIONS, YES
from server_broker.sheets.writing import workbook_of

_QUOTED = re.compile(r"'+[=+\-@]")
NOTES = (
    "“题目”里一行是一道题。编号可以不填，导入时按题目和选项取一个；以后改这道题，编号不要动。",
    "题型写 单选、多选、判断 或 排序。判断题的选项可以不填，就是“对”和“错”。",
    "答案写选项的字母：单选写 B，多选写 ACD，排序按正确的先后写 CAB，判断写 对 或 错。",
    f"题目最多 {MAX_STEM} 个字，选项最多 {MAX_OPTION} 个字。",
    f"解释最多 {MAX_EXPLANATION} 个字，出处最多 {MAX_SOURCE} 个字。",
    "解释和出处一定要填：答完题，不管对错，屏幕上都会显示。",
    "图片、声音写文件名，例如 tu.jpg，文件放在学习包旁边。",
    f"“题库”里只有一行。复审日期写到哪天要有人重新看一遍。每关抽几题写 {MIN_DRAW} 到 {MAX_DRAW}。",
    "“关”可以不填。要让各关抽题数不一样，或者要改关的名称而编号不变，才用它。",
)


def workbook(bank: Bank) -> bytes:
    """Return the bank as a file that `server_broker.content.sheet` reads as the same bank."""
    shown = _shown_levels(bank)
    questions = [_question(question, shown[level.id]) for level in bank.levels for question in level.questions]
    draws = Counter(level.draw for level in bank.levels).most_common(1)
    head = (
        bank.title,
        bank.id,
        bank.owner,
        bank.review_by.isoformat() if bank.review_by else "",
        str(draws[0][0]) if draws else "",
        YES if bank.sample else NO,
    )
    levels = [(level.name, level.id, str(level.draw)) for level in bank.levels]
    rows: dict[str, list[tuple[str, ...]]] = {QUESTIONS: questions, BANK: [head], LEVELS: [*levels]}
    return workbook_of(BOOK, {title: [_quoted(row) for row in found] for title, found in rows.items()}, NOTES)


def template() -> bytes:
    """Return the empty template."""
    return workbook_of(BOOK, {}, NOTES)


def _shown_levels(bank: Bank) -> dict[str, str]:
    """Return what names each level in the rows of its questions: its name, or its id if the name says too little."""
    names, ids = Counter(level.name for level in bank.levels), {level.id for level in bank.levels}
    return {
        level.id: level.name if names[level.name] == 1 and level.name not in ids else level.id for level in bank.levels
    }


def typed_answer(kind: str, options: Sequence[str], answer: Sequence[int]) -> str:
    """Return an answer as somebody types it: 对 or 错, or the letters of options."""
    if kind == "true_false" and tuple(options) == TRUE_FALSE and answer:
        return TRUE_FALSE[answer[0]]
    return "".join(LETTERS[number] for number in answer)


def _question(question: Question, level: str) -> tuple[str, ...]:
    return (
        question.id,
        level,
        KINDS[question.kind],
        question.stem,
        *question.options,
        *[""] * (len(OPTIONS) - len(question.options)),
        typed_answer(question.kind, question.options, question.answer),
        question.explanation,
        question.source,
        question.picture or "",
        question.sound or "",
    )


def _quoted(row: tuple[str, ...]) -> tuple[str, ...]:
    """Return a row whose texts come back as they are: one quote before the sign of a formula is taken off."""
    return tuple(f"'{text}" if _QUOTED.match(text) else text for text in row)
