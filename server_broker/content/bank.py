"""A question bank as a plain value, and a learning pack made of it.

A bank is what an editor looks after: it says who answers for it and when it must be looked at again. A pack is what
stations get. Both hold the same questions under the same ids.

A bank is in its *usual form*: each text is clean, on one line and without blanks around it, and the right options of
a question with several right ones stand in their order. `usual` brings a question into it. Whatever is read or written
by this room is in this form, so that a bank that goes out and comes in again is equal.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from protocol.packs import (
    MAX_DRAW,
    MAX_LEVELS,
    MAX_QUESTIONS,
    MIN_DRAW,
    MIN_QUESTIONS,
    Level,
    Pack,
    Question,
)
from protocol.plain_text import one_line
from protocol.units import MAX_SHORT_TEXT

TRUE_FALSE = ("对", "错")
"""The options of a true-or-false question, as long as nobody writes others."""
_BLANKS = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class BankLevel:
    """A level of a bank. ``draw`` is how many of its questions a run asks."""

    id: str
    name: str
    draw: int
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Bank:
    """The questions of one subject, and who looks after them.

    Attributes:
        sample: The material is fictional, and the kiosk says 示例.
        owner: Who answers for it; empty: nobody yet.
        review_by: The day by which somebody must have looked at it again; None: no day is set.
    """

    id: str
    title: str
    levels: tuple[BankLevel, ...]
    sample: bool = False
    owner: str = ""
    review_by: dt.date | None = None

    def questions(self) -> Iterator[Question]:
        """Yield the questions of all levels."""
        for level in self.levels:
            yield from level.questions


class NoPack(Exception):
    """The bank can't be a pack yet. ``problems`` says why, in Chinese."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = tuple(problems)


def pack_of(bank: Bank, *, version: int) -> Pack:
    """Return the bank as a pack of a version.

    Raises:
        NoPack: A level has too few questions, or the bank has no id or title.
    """
    if problems := pack_problems(bank):
        raise NoPack(problems)
    levels = [
        Level(id=level.id, name=level.name, draw=level.draw, questions=list(level.questions)) for level in bank.levels
    ]
    return Pack(id=bank.id, version=version, title=bank.title, sample=bank.sample, levels=levels)


def pack_problems(bank: Bank) -> list[str]:
    """Return what keeps the bank from being a pack, in Chinese."""
    found = []
    if not 1 <= len(bank.id) <= MAX_SHORT_TEXT or not 1 <= len(bank.title) <= MAX_SHORT_TEXT:
        found.append(f"题库要有编号和名称，各不超过 {MAX_SHORT_TEXT} 个字")
    if not 1 <= len(bank.levels) <= MAX_LEVELS:
        found.append(f"题库要有 1 到 {MAX_LEVELS} 关，现在有 {len(bank.levels)} 关")
    for level in bank.levels:
        count = len(level.questions)
        if not MIN_QUESTIONS <= count <= MAX_QUESTIONS:
            found.append(f"“{level.name}”有 {count} 题，一关要有 {MIN_QUESTIONS} 到 {MAX_QUESTIONS} 题")
        elif not MIN_DRAW <= level.draw <= min(MAX_DRAW, count):
            most = min(MAX_DRAW, count)
            found.append(f"“{level.name}”每次抽 {level.draw} 题，要在 {MIN_DRAW} 到 {most} 题之间")
    return found


def bank_of(pack: Pack, *, owner: str = "", review_by: dt.date | None = None) -> Bank:
    """Return a pack as a bank in its usual form."""
    levels = tuple(
        BankLevel(tidy(level.id), tidy(level.name), level.draw, tuple(map(usual, level.questions)))
        for level in pack.levels
    )
    return Bank(tidy(pack.id), tidy(pack.title), levels, pack.sample, owner, review_by)


def usual(question: Question) -> Question:
    """Return a question in its usual form."""
    return msgspec.structs.replace(
        question,
        id=tidy(question.id),
        stem=tidy(question.stem),
        options=[tidy(option) for option in question.options],
        answer=sorted(question.answer) if question.kind == "multiple" else question.answer,
        explanation=tidy(question.explanation),
        source=tidy(question.source),
    )


def tidy(text: str) -> str:
    """Return a text clean, on one line, without blanks around it. A break or a tab becomes one blank."""
    return one_line(unbroken(text)).strip()


def unbroken(text: str) -> str:
    """Return the same of a text that is clean already (`protocol.plain_text.is_clean`), in a fraction of the time."""
    return _BLANKS.sub(lambda blanks: " " if blanks[0].strip(" ") else blanks[0], text).strip()


def question_id(stem: str, options: Sequence[str]) -> str:
    """Return the id of a question that nobody gave one: by what it asks, not by the answer or the explanation.

    So an editor can mend a wrong answer, bring the file in again, and it is still the same question.
    """
    return f"q-{_digest(stem, *options)}"


def level_id(name: str) -> str:
    """Return the id of a level that nobody gave one: by its name."""
    return f"l-{_digest(name)}"


def bank_id(title: str) -> str:
    """Return the id of a bank that nobody gave one: by its title."""
    return f"b-{_digest(title)}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:12]
