"""A handed-over learning pack as the page shows it to whoever publishes it: every question, and what is new in it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from protocol.packs import Level, Pack, Question
from server_broker.bundles.models import Bundle, WrittenPack
from server_broker.bundles.questions import files_of
from server_broker.bundles.spread import places_of
from server_broker.bundles.written_packs import pack_of
from server_broker.content.bank import bank_of
from server_broker.content.drafts import LETTERS
from server_broker.content.lint import by_question, lint
from server_broker.content.sheet import KINDS
from server_broker.content.sheet_writing import typed_answer
from server_broker.learning.marking import (
    FileHashes,
    changed_answers,
    content_of,
    questions_in,
    set_of,
    version_before,
    with_key_since,
)
from server_broker.regions.models import subtree_prefix


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question of the page."""

    place: int
    """Of all questions of the pack, from 0; it names the pictures of its screens."""
    question: Question
    kind: str
    options: Sequence[tuple[str, str, bool]]
    """Letter, text, and whether it is right."""
    answer: str
    news: str
    """In what it differs from the version before; empty if in nothing."""
    key_is_new: bool
    """Its answer is another one than in the version before."""
    advice: Sequence[str]
    """What an editor should have looked at."""
    remarks: bool
    """Its answer is another one, by which answers of earlier versions are marked anew. How many is not said: whoever
    tries one answer after the other would count what people answered."""


@dataclass(frozen=True, slots=True)
class ShownPack:
    """The page's part of a pack."""

    pack: Pack
    levels: list[tuple[Level, list[ShownQuestion]]]
    gone: list[str]
    """Stems of questions that the version before has and this one has not."""
    is_new: bool
    changed: int
    """How many questions are new or differ."""
    was_for: str
    """Whom the version before is for, where this one is not for all of them, so that it goes there; else empty."""


def pack_shown(row: WrittenPack) -> ShownPack:
    """Return what a page shows of a pack that waits.

    Raises:
        NotPublished: It is not what was handed over.
    """
    pack, contents = pack_of(row)
    files = {name: hashlib.sha256(file.content).digest() for name, file in contents.items()}
    before = version_before(pack.id, pack.version)
    files_before = files_of(before)
    known = questions_in(before) if before is not None else {}
    dated = with_key_since(pack, before, files=files, files_before=files_before)
    changed = {one.now.id for one in changed_answers(dated, before)}
    bank = bank_of(pack, owner=row.owner, review_by=row.review_by)
    findings = by_question(lint(bank, today=timezone.localdate()))
    levels, place = [], 0
    for level in pack.levels:
        shown = []
        for question in level.questions:
            then = known.get(question.id)
            news = _news(question, then, files, files_before) if before is not None else ""
            key_is_new = then is not None and set_of(then) != set_of(question)
            advice = [one.says for one in findings.get(question.id, ())]
            shown.append(_shown(place, question, news, advice, key_is_new=key_is_new, remarks=question.id in changed))
            place += 1
        levels.append((level, shown))
    own = questions_in(pack)
    return ShownPack(
        pack,
        levels,
        [question.stem for name, question in known.items() if name not in own],
        before is None,
        sum(bool(one.news) for _, shown in levels for one in shown),
        _was_for(row, pack.id),
    )


def _was_for(row: WrittenPack, pack: str) -> str:
    bundle = Bundle.objects.filter(kind="questions", bundle=pack, withdrawn_at=None).order_by("-version").first()
    prefix = subtree_prefix(row.region.code)
    if bundle is None or all(place.startswith(prefix) for place in bundle.regions):
        return ""
    return places_of([bundle])[bundle.pk]


def _shown(
    place: int, question: Question, news: str, advice: Sequence[str], *, key_is_new: bool, remarks: bool
) -> ShownQuestion:
    options = [
        # Of an ordering each option is in the answer, and which comes when stands below.
        (letter, option, question.kind != "ordering" and number in question.answer)
        for number, (letter, option) in enumerate(zip(LETTERS, question.options, strict=False))
    ]
    answer = typed_answer(question.kind, question.options, question.answer)
    return ShownQuestion(place, question, KINDS[question.kind], options, answer, news, key_is_new, advice, remarks)


def _news(question: Question, before: Question | None, files: FileHashes, files_before: FileHashes) -> str:
    if before is None:
        return "新的"
    was = typed_answer(before.kind, before.options, before.answer)
    changed = [
        word
        for word, now, then in (
            ("题型", question.kind, before.kind),
            ("题目", question.stem, before.stem),
            ("选项", question.options, before.options),
            (f"答案（原来是 {was}）", set_of(question), set_of(before)),
            ("解释", question.explanation, before.explanation),
            ("出处", question.source, before.source),
            ("图片", content_of(question.picture, files), content_of(before.picture, files_before)),
            ("声音", content_of(question.sound, files), content_of(before.sound, files_before)),
        )
        if now != then
    ]
    return f"改了{'、'.join(changed)}" if changed else ""
