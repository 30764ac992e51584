"""Put judged questions into the levels of one bank, and say of each what became of it."""

import datetime as dt
from dataclasses import dataclass, field

from protocol.packs import MAX_LEVELS, MAX_QUESTIONS, MIN_DRAW, Question
from protocol.units import MAX_SHORT_TEXT
from server_broker.content.bank import Bank, BankLevel, bank_id, level_id, tidy
from server_broker.content.drafts import NotTaken, QuestionDraft, Refusal, judge, refused


@dataclass(slots=True)
class GatheredLevel:
    """A level and what was taken into it."""

    id: str
    name: str
    draw: int | None
    """None: the file says nothing of how many questions of it a run asks."""
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question of a file: it was taken, or there are refusals.

    Attributes:
        line: The line or the row of the file where it begins.
        id: As in the bank if it was taken; otherwise as in the file, or empty.
        level: Where it stands, taken or not; None: nobody knows.
        notes: What of the file was left off, in Chinese.
        draft: As it was written; None if it could not be told what was meant.
    """

    line: int
    id: str
    level: GatheredLevel | None
    question: Question | None = None
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    draft: QuestionDraft | None = None


@dataclass(slots=True)
class Head:
    """What a file says of the bank as a whole, as far as it does."""

    id: str = ""
    title: str = ""
    category: str = ""
    """What the levels of a GIFT file stand under: its title if nothing else names one."""
    sample: bool = False
    owner: str = ""
    review_by: dt.date | None = None
    draw: int | None = None
    """How many questions a run asks where a level says nothing."""


class Gathering:
    """A bank that is being read. It holds what was taken, which is bounded; refused questions it only hands back."""

    def __init__(self) -> None:
        self.head = Head()
        self._levels: dict[str, GatheredLevel] = {}
        """By id: those that were listed or have a question. A file may name any number of others."""
        self._by_name: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        """Where each question was read, by its id."""

    def level(self, name: str, *, id: str = "", draw: int | None = None) -> GatheredLevel:
        """Return the level that has this id, or this name where no id is given, or a new one."""
        name = tidy(name)
        identity = tidy(id) or self._by_name.get(name) or level_id(name)
        level = self._levels.get(identity) or GatheredLevel(identity, name, draw)
        if draw is not None:
            level.draw = draw
        return level

    def list_level(self, level: GatheredLevel) -> GatheredLevel:
        """Let a level stand before those that come later, and return what there is under its id."""
        self._by_name.setdefault(level.name, level.id)
        return self._levels.setdefault(level.id, level)

    def level_named(self, written: str) -> GatheredLevel | None:
        """Return a level that is there already, by its id or its name."""
        return self._levels.get(written) or self._levels.get(self._by_name.get(written, ""))

    def take(self, draft: QuestionDraft, level: GatheredLevel) -> Outcome:
        """Judge a question and keep it in its level if it is good."""
        into = self._levels.get(level.id, level)
        notes = tuple(draft.notes)
        try:
            question = judge(draft)
            self._check(question, into, given=tidy(draft.id))
        except NotTaken as reason:
            return Outcome(draft.line, tidy(draft.id)[:MAX_SHORT_TEXT], into, None, reason.refusals, notes, draft)
        self.list_level(into).questions.append(question)
        self._lines[question.id] = draft.line
        return Outcome(draft.line, question.id, into, question, (), notes, draft)

    def _check(self, question: Question, level: GatheredLevel, *, given: str) -> None:
        if (before := self._lines.get(question.id)) is not None:
            same = f"编号“{question.id}”和第 {before} 行的题相同" if given else f"和第 {before} 行是同一道题"
            raise refused("id_twice", same)
        if len(level.questions) == MAX_QUESTIONS:
            raise refused("level_full", f"“{level.name}”已有 {MAX_QUESTIONS} 题，放不下了，请分成几关")
        if not level.name or len(level.name) > MAX_SHORT_TEXT or len(level.id) > MAX_SHORT_TEXT:
            raise refused("level_name", f"关的名称和编号不能空，最多 {MAX_SHORT_TEXT} 个字")
        if not level.questions and sum(1 for one in self._levels.values() if one.questions) == MAX_LEVELS:
            raise refused("levels_full", f"已有 {MAX_LEVELS} 关，放不下了，请分成几个题库")

    def bank(self, *, title: str) -> Bank:
        """Return the bank of what was taken. Levels without a question are left out.

        Args:
            title: Of a file that names none.
        """
        head = self.head
        shown = tidy(head.title) or tidy(head.category) or tidy(title)
        draw = head.draw if head.draw is not None else MIN_DRAW
        levels = tuple(
            BankLevel(level.id, level.name, draw if level.draw is None else level.draw, tuple(level.questions))
            for level in self._levels.values()
            if level.questions
        )
        return Bank(tidy(head.id) or bank_id(shown), shown, levels, head.sample, tidy(head.owner), head.review_by)
