"""Fill a bank in the making from a file: right questions and wrong ones."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from protocol.packs import MAX_DRAW, MAX_OPTIONS, MIN_DRAW
from protocol.units import MAX_SHORT_TEXT, is_file_name
from server_broker.content.bank import BankLevel, question_id, tidy
from server_broker.content.files import open_bank
from server_broker.content.gathering import Outcome
from server_broker.content.text_files import FileRefused
from server_broker.editing.changing import Editor, NotChanged, changing, place_at_end
from server_broker.editing.levels import level_at_end
from server_broker.editing.models import BankDraft, DraftLevel, DraftQuestion
from server_broker.editing.questions import LONGEST_FIELD, MOST_QUESTIONS, check_room, row_of
from server_broker.sheets.reading import MAX_FILE_BYTES

NO_LEVEL = "没有写是哪一关的题"


@dataclass(slots=True)
class Taken:
    """What a file brought into a bank."""

    good: int = 0
    to_mend: int = 0
    """Questions that came in and must be mended."""
    renewed: int = 0
    """Those of both that the bank had before, by their ids: the file's take their place."""
    lost: list[str] = field(default_factory=list)
    """In Chinese what did not come in, with its line."""


def take_file(draft: BankDraft, name: str, content: bytes, by: Editor, *, begins: bool = False) -> Taken:
    """Take the questions of a file into a bank, right ones and wrong ones. The caller holds a seat for reading.

    Args:
        name: The file's name. Its ending says what it is.
        begins: The bank begins with it, so that its word on keeper and review goes before a form's first guess.

    Raises:
        NotChanged: Nothing of it can be read, or there is no room for all of it.
    """
    if len(content) > MAX_FILE_BYTES:
        raise NotChanged(f"文件超过 {MAX_FILE_BYTES // 2**20} MB，请分成几个文件")
    with tempfile.TemporaryDirectory(prefix="cunhui-bank-") as folder:
        path = Path(folder) / f"bank{Path(name).suffix.lower()[:8]}"
        path.write_bytes(content)
        try:
            file = open_bank(path)
            outcomes = list(islice(file.outcomes, MOST_QUESTIONS + 1))
        except FileRefused as refused:
            raise NotChanged(str(refused)) from refused
    if len(outcomes) > MOST_QUESTIONS:
        raise NotChanged(f"文件里的题太多，一次最多 {MOST_QUESTIONS:,} 题，请分成几个文件")
    bank = file.bank()
    taken = Taken(lost=[*map(str, file.problems), *file.notes])
    with changing(draft, by) as row:
        check_room(row, sum(1 for one in outcomes if _has_text(one)))
        if begins or not row.owner:
            row.owner = bank.owner or row.owner
        if begins or row.review_by is None:
            row.review_by = bank.review_by or row.review_by
        row.sample = row.sample or bank.sample
        _take(row, outcomes, bank.levels, taken)
    return taken


def _has_text(outcome: Outcome) -> bool:
    draft = outcome.draft
    return outcome.question is not None or (draft is not None and bool(draft.stem or any(draft.options)))


def _take(draft: BankDraft, outcomes: Sequence[Outcome], levels: Iterable[BankLevel], taken: Taken) -> None:
    known = {level.name: level for level in draft.levels.all()}
    listed = {level.name: level for level in levels}
    only = next(iter(known.values())) if len(known) == 1 else None
    if only is not None and outcomes and not only.questions.exists():
        # The level with which each bank begins gives way to those of the file.
        only.delete()
        known = {}
    had = {
        row.ident or question_id(tidy(row.stem), [tidy(option) for option in row.options]): row
        for row in DraftQuestion.objects.filter(level__draft=draft)
    }
    rows: list[DraftQuestion] = []
    places: dict[int, int] = {}
    for outcome in outcomes:
        if not _has_text(outcome):
            reasons = "；".join(refusal.says for refusal in outcome.refusals)
            taken.lost.append(f"第 {outcome.line} 行：{reasons}")
            continue
        name = (tidy(outcome.level) or NO_LEVEL)[:MAX_SHORT_TEXT]
        if name not in known:
            of_file = listed.get(name)
            draw, ident = (of_file.draw, of_file.id) if of_file is not None else (MIN_DRAW, "")
            known[name] = level_at_end(draft, name, min(draw, MAX_DRAW), ident=ident)
        level = known[name]
        if level.pk not in places:
            places[level.pk] = place_at_end(level.questions)
        row = _row_of_outcome(outcome, level, places[level.pk])
        before = had.pop(outcome.id, None) if outcome.id else None
        if before is not None:
            row.pk, row.revision = before.pk, before.revision + 1
            row.place = before.place if before.level_id == level.pk else row.place
            row.save(force_update=True)
            taken.renewed += 1
        else:
            rows.append(row)
        places[level.pk] = max(places[level.pk], row.place + 1)
        taken.good += outcome.question is not None
        taken.to_mend += outcome.question is None
    DraftQuestion.objects.bulk_create(rows)


def _row_of_outcome(outcome: Outcome, level: DraftLevel, place: int) -> DraftQuestion:
    if outcome.question is not None:
        row = row_of(outcome.question, level, place)
        row.said = list(outcome.notes)
        return row
    draft = outcome.draft
    assert draft is not None
    cut = [option[:LONGEST_FIELD] for option in draft.options[:MAX_OPTIONS]]
    return DraftQuestion(
        level=level,
        place=place,
        ident=draft.id if is_file_name(draft.id) else "",
        kind=draft.kind or "",
        stem=draft.stem[:LONGEST_FIELD],
        options=cut,
        answer=[number for number in draft.answer if 0 <= number < len(cut)],
        explanation=draft.explanation[:LONGEST_FIELD],
        source=draft.source[:LONGEST_FIELD],
        picture=draft.picture if is_file_name(draft.picture) else "",
        sound=draft.sound if is_file_name(draft.sound) else "",
        said=[f"文件第 {outcome.line} 行：{refusal.says}" for refusal in outcome.refusals] + list(outcome.notes),
    )
