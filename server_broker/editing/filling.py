"""Fill a bank in the making from a file: right questions and wrong ones."""

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from protocol.packs import MAX_DRAW, MAX_OPTIONS, MIN_DRAW
from protocol.units import MAX_SHORT_TEXT, is_file_name
from server_broker.content.bank import level_id, question_id, tidy
from server_broker.content.files import SHEETS, open_bank
from server_broker.content.gathering import GatheredLevel, Head, Outcome
from server_broker.content.text_files import FileRefused
from server_broker.editing.changing import Editor, NotChanged, changing, place_at_end
from server_broker.editing.levels import level_at_end
from server_broker.editing.models import NO_LEVEL, BankDraft, DraftLevel, DraftQuestion
from server_broker.editing.questions import LONGEST_FIELD, MOST_QUESTIONS, check_room, row_of
from server_broker.sheets.reading import MAX_FILE_BYTES

MAX_GIFT_BYTES = 2**20
"""Some 1,500 questions. A workbook is read in a process of its own, and GIFT in this one, the worst MB in some 2 s."""


@dataclass(slots=True)
class Taken:
    """What a file brought into a bank."""

    good: int = 0
    to_mend: int = 0
    """Questions that came in and must be mended."""
    renewed: int = 0
    """Those of both that the bank had before, by their ids or by what they ask: the file's take their place."""
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
    most = MAX_FILE_BYTES if Path(name).suffix.lower() in (*SHEETS, ".json") else MAX_GIFT_BYTES
    if len(content) > most:
        raise NotChanged(f"文件超过 {most // 2**20} MB，请分成几个文件")
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
    taken = Taken(lost=[*map(str, file.problems), *file.notes])
    with changing(draft, by) as row:
        check_room(row, sum(1 for one in outcomes if _has_text(one)))
        _take_head(row, file.head, taken, begins=begins)
        _take(row, outcomes, file.head.draw, taken)
    return taken


def _take_head(draft: BankDraft, head: Head, taken: Taken, *, begins: bool) -> None:
    """Take what a file says of the bank as a whole where the bank says nothing, and tell what is not taken."""
    owner, identity = tidy(head.owner), tidy(head.id)
    if len(owner) <= MAX_SHORT_TEXT and (begins or not draft.owner):
        draft.owner = owner or draft.owner
    if begins or draft.review_by is None:
        draft.review_by = head.review_by or draft.review_by
    draft.sample = draft.sample or head.sample
    if identity and identity != draft.pack:
        # What people have learnt goes by the id, so a second bank of the same questions begins without stars.
        named = f"题库编号“{identity[:MAX_SHORT_TEXT]}”没有用，编号由这里来定"
        taken.lost.append(f"{named}；要接着改原来的题库，请打开原来那个再导入，大家得的星才认得")
    said = (
        ("题库名称", tidy(head.title), draft.title),
        ("负责人", owner, draft.owner),
        ("复审日期", head.review_by, draft.review_by),
    )
    left = [word for word, of_file, own in said if of_file and of_file != own]
    if left:
        taken.lost.append(f"文件里的{'、'.join(left)}没有用，要改请在“这个题库”里改")


def _has_text(outcome: Outcome) -> bool:
    draft = outcome.draft
    return outcome.question is not None or (draft is not None and bool(draft.stem or any(draft.options)))


def _take(draft: BankDraft, outcomes: Sequence[Outcome], draw: int | None, taken: Taken) -> None:
    asked = list[tuple[Outcome, GatheredLevel]]()
    for outcome in outcomes:
        if _has_text(outcome) and outcome.level is not None:
            asked.append((outcome, outcome.level))
        else:
            reasons = "；".join(refusal.says for refusal in outcome.refusals)
            taken.lost.append(f"第 {outcome.line} 行：{reasons}")
    had = defaultdict[str, list[DraftQuestion]](list)
    for before in DraftQuestion.objects.filter(level__draft=draft).order_by("level__place", "place", "pk"):
        had[_identity(before)].append(before)
    levels = _levels(draft, {level.id: level for _, level in asked}, draw, taken)
    places = {level.pk: place_at_end(level.questions) for level in levels.values()}
    rows: list[DraftQuestion] = []
    for outcome, of_file in asked:
        level = levels[of_file.id]
        row = _row_of_outcome(outcome, level, places[level.pk])
        if same := had[_identity(row)]:
            _take_place_of(same.pop(0), row)
            taken.renewed += 1
        else:
            rows.append(row)
        places[level.pk] = max(places[level.pk], row.place + 1)
        taken.good += outcome.question is not None
        taken.to_mend += outcome.question is None
    DraftQuestion.objects.bulk_create(rows)


def _identity(row: DraftQuestion) -> str:
    """Return by what a question is found again: its id, or what it asks."""
    return row.ident or question_id(tidy(row.stem), [tidy(option) for option in row.options])


def _take_place_of(before: DraftQuestion, row: DraftQuestion) -> None:
    """Store a question of a file in the place of the same one. A file need not name what was put on the page."""
    row.pk, row.revision = before.pk, before.revision + 1
    row.place = before.place if before.level_id == row.level_id else row.place
    row.picture, row.sound = row.picture or before.picture, row.sound or before.sound
    row.save(force_update=True)


def _levels(
    draft: BankDraft, of_file: Mapping[str, GatheredLevel], draw: int | None, taken: Taken
) -> dict[str, DraftLevel]:
    """Return the bank's level for each level of a file, by the file's id: what people have reached goes by it.

    Args:
        draw: How many questions a run asks where a level of the file says nothing.
    """
    there = list(draft.levels.all())
    by_id = {level.ident: level for level in there}
    by_name = {level.name: level for level in reversed(there) if level.ident not in of_file}
    found = dict[str, DraftLevel]()
    for ident, listed in of_file.items():
        level = by_id.get(ident)
        if level is None or (level.name != listed.name and ident == level_id(listed.name)):
            # An id by the name says no more than the name.
            level = by_name.pop(_name_of(listed), level)
        if level is not None:
            found[ident] = level
            _renew_level(level, listed, draw, by_name, taken)
    if len(there) == 1 and of_file and not found and not there[0].questions.exists():
        # The level with which each bank begins gives way to those of the file.
        there[0].delete()
    for ident, listed in of_file.items():
        if ident not in found:
            asks = _draw_of(listed, draw)
            own = ident if len(ident) <= MAX_SHORT_TEXT else ""
            found[ident] = level_at_end(draft, _name_of(listed), MIN_DRAW if asks is None else asks, ident=own)
    return found


def _name_of(listed: GatheredLevel) -> str:
    return (listed.name or NO_LEVEL)[:MAX_SHORT_TEXT]


def _draw_of(listed: GatheredLevel, draw: int | None) -> int | None:
    asks = draw if listed.draw is None else listed.draw
    return None if asks is None else min(asks, MAX_DRAW)


def _renew_level(
    level: DraftLevel, listed: GatheredLevel, draw: int | None, others: Mapping[str, DraftLevel], taken: Taken
) -> None:
    """Give a level of the bank the name and the number that a file says of it."""
    name = _name_of(listed) if listed.name else level.name
    if name != level.name and name in others:
        taken.lost.append(f"已有一关叫“{name}”，“{level.name}”的名称没有改")
    else:
        level.name = name
    if (asks := _draw_of(listed, draw)) is not None:
        level.draw = asks
    level.save(update_fields=["name", "draw"])


def _row_of_outcome(outcome: Outcome, level: DraftLevel, place: int) -> DraftQuestion:
    if outcome.question is not None:
        row = row_of(outcome.question, level, place)
        row.said = list(outcome.notes)
        return row
    draft = outcome.draft
    assert draft is not None
    cut = [option[:LONGEST_FIELD] for option in draft.options[:MAX_OPTIONS]]
    # Part of an answer would be another answer, which looks right.
    answer = draft.answer if all(0 <= number < len(cut) for number in draft.answer) else []
    return DraftQuestion(
        level=level,
        place=place,
        ident=draft.id if is_file_name(draft.id) else "",
        kind=draft.kind or "",
        stem=draft.stem[:LONGEST_FIELD],
        options=cut,
        answer=answer,
        explanation=draft.explanation[:LONGEST_FIELD],
        source=draft.source[:LONGEST_FIELD],
        picture=draft.picture if is_file_name(draft.picture) else "",
        sound=draft.sound if is_file_name(draft.sound) else "",
        said=[f"文件第 {outcome.line} 行：{refusal.says}" for refusal in outcome.refusals] + list(outcome.notes),
    )
