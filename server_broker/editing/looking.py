"""Judge a bank in the making: each question, and the bank as a whole."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from protocol.packs import Question
from server_broker.content.bank import Bank, BankLevel
from server_broker.content.lint import Finding, by_question, lint
from server_broker.editing.models import NO_LEVEL, BankDraft, DraftLevel, DraftQuestion
from server_broker.editing.questions import Judged, judged
from server_broker.guard.contents import Texts, find_in_texts
from server_broker.guard.county import county_for
from server_broker.guard.telling import told
from server_broker.regions.models import subtree_prefix


@dataclass
class Looked:
    """A bank as a whole: its questions, each judged, and what must or should be looked at."""

    levels: list[tuple[DraftLevel, list[DraftQuestion]]]
    bank: Bank
    judged: dict[int, Judged]
    """By the key of the question's row."""
    findings: list[Finding]
    kept_back: dict[str, str]
    """By a question's id, in Chinese, what of it must not be published."""

    @cached_property
    def to_mend(self) -> int:
        """How many questions are none yet, or must not go out as they are."""
        return sum(bool(self.why_not(one)) for one in self.judged.values())

    def why_not(self, judged: Judged) -> list[str]:
        """Return in Chinese why a question must be mended."""
        if judged.question is None:
            return list(judged.reasons)
        stops = [one.says for one in self.of(judged.question) if one.severity == "stops"]
        kept_back = self.kept_back.get(judged.question.id)
        return [*stops, kept_back] if kept_back is not None else stops

    @property
    def stops(self) -> list[str]:
        """What keeps the bank from being handed over, beside single questions.

        Whether a level has enough is said once all its questions are good, because only good ones are counted.
        """
        stops = [one for one in self.findings if one.severity == "stops" and not one.question]
        return [one.says for one in stops if not (self.to_mend and one.code == "no_pack")]

    def of(self, question: Question) -> list[Finding]:
        """Return what is to be looked at in a question."""
        return self._by_question.get(question.id, [])

    @cached_property
    def _by_question(self) -> dict[str, list[Finding]]:
        return by_question(self.findings)

    @property
    def may_go(self) -> bool:
        """Whether nothing keeps it from being handed over."""
        return not self.to_mend and all(finding.severity != "stops" for finding in self.findings)


def look(draft: BankDraft, *, today: dt.date) -> Looked:
    """Judge every question of a bank, and the bank as a whole."""
    files = set(draft.files.values_list("name", flat=True))
    found: dict[int, Judged] = {}
    levels, good_levels = [], []
    for level in draft.levels.prefetch_related("questions"):
        rows = list(level.questions.all())
        levels.append((level, rows))
        found |= {row.pk: _placed(judged(row, files=files), level) for row in rows}
        good = tuple(one for row in rows if (one := found[row.pk].question) is not None)
        good_levels.append(BankLevel(level.ident, level.name, level.draw, good))
    bank = Bank(draft.pack, draft.title, tuple(good_levels), draft.sample, draft.owner, draft.review_by)
    county = county_for([subtree_prefix(draft.region.code)])
    kept_back = {
        question.id: told(guarded)
        for question in bank.questions()
        if (guarded := find_in_texts(_texts(question), county))
    }
    return Looked(levels, bank, found, lint(bank, today=today), kept_back)


def _placed(judged: Judged, level: DraftLevel) -> Judged:
    """Return what a question is where it stands. Of a row that named no level its writer must say which."""
    if level.name != NO_LEVEL:
        return judged
    return Judged(None, (*judged.reasons, "没有写是哪一关，请选一关"))


def _texts(question: Question) -> list[Texts]:
    return [
        ("题目", question.stem),
        *(("选项", option) for option in question.options),
        ("解释", question.explanation),
        ("出处", question.source),
    ]
