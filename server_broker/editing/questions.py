"""The questions of a bank in the making: written, judged, moved and dropped, with their pictures and sounds."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from protocol.clip_sound import CLIP_MEDIA_TYPE
from protocol.packs import MAX_OPTIONS, Question, QuestionKind
from server_broker.bundles.clip_making import clip_of
from server_broker.bundles.documents import check_together, scaled
from server_broker.bundles.drafts import NotPublished
from server_broker.content.drafts import NotTaken, QuestionDraft, judge
from server_broker.content.sheet import KINDS
from server_broker.editing.changing import Editor, NotChanged, changing, place_at_end
from server_broker.editing.models import NO_LEVEL, BankDraft, DraftFile, DraftLevel, DraftQuestion

MOST_QUESTIONS = 2_000
MOST_FILES = 400
_TOO_MANY_FILES = f"一个题库最多 {MOST_FILES} 个图片和录音"
LONGEST_FIELD = 1_000
"""Characters that are kept of a text that is too long for a question, so that its writer can shorten it."""
JPEG, PNG = "image/jpeg", "image/png"
ANOTHER_SAVED = "别人刚改过这道题。请重新打开它，看过再改"
GONE = "这道题刚被别人删掉了"


class SavedByAnother(NotChanged):
    """Somebody else has saved the question since the editor opened it. Saved once more it takes the place of that."""

    def __init__(self) -> None:
        super().__init__(ANOTHER_SAVED)


class QuestionGone(NotChanged):
    """Somebody else has deleted the question."""

    def __init__(self) -> None:
        super().__init__(GONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A question as somebody has typed it."""

    kind: str
    stem: str
    options: Sequence[str]
    answer: Sequence[int]
    explanation: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a question in the making is: a question, or reasons in Chinese why it is none."""

    question: Question | None
    reasons: tuple[str, ...] = ()


def judged(row: DraftQuestion, *, files: set[str]) -> Judged:
    """Judge a question.

    Args:
        files: The names of the pictures and sounds that the bank has.
    """
    return judge_written(written_of(row), ident=row.ident, picture=row.picture, sound=row.sound, files=files)


def written_of(row: DraftQuestion) -> Written:
    """Return the texts of a question."""
    return Written(
        kind=row.kind,
        stem=row.stem,
        options=row.options,
        answer=row.answer,
        explanation=row.explanation,
        source=row.source,
    )


def judge_written(written: Written, *, ident: str, picture: str, sound: str, files: set[str]) -> Judged:
    """Judge a question that is not saved yet; the arguments are those of `judged`."""
    kind: QuestionKind | None = next((one for one in KINDS if one == written.kind), None)
    reasons = [] if kind is not None else ["请选题型"]
    reasons += [f"缺少文件“{name}”，请重新传一次" for name in (picture, sound) if name and name not in files]
    draft = QuestionDraft(
        0,
        kind,
        written.stem,
        list(written.options),
        list(written.answer),
        written.explanation,
        written.source,
        id=ident,
        picture=picture,
        sound=sound,
    )
    try:
        question = judge(draft)
    except NotTaken as reason:
        return Judged(None, (*reasons, *(refusal.says for refusal in reason.refusals)))
    return Judged(None if reasons else question, tuple(reasons))


def row_of(question: Question, level: DraftLevel, place: int) -> DraftQuestion:
    """Return a good question as a row that is not stored yet."""
    return DraftQuestion(
        level=level,
        place=place,
        ident=question.id,
        kind=question.kind,
        stem=question.stem,
        options=list(question.options),
        answer=list(question.answer),
        explanation=question.explanation,
        source=question.source,
        picture=question.picture or "",
        sound=question.sound or "",
    )


def add_question(level: DraftLevel, by: Editor) -> DraftQuestion:
    """Add an empty question at the end of a level.

    Raises:
        NotChanged: The bank is full, or waits for a second person.
    """
    with changing(level.draft, by) as draft:
        _check_level(level)
        check_room(draft, 1)
        return DraftQuestion.objects.create(
            level=level, place=place_at_end(level.questions), kind="single", options=["", ""]
        )


def _check_level(level: DraftLevel) -> None:
    if not DraftLevel.objects.filter(pk=level.pk).exists():
        raise NotChanged("这一关刚被别人删掉了，请重新打开题库")


def check_room(draft: BankDraft, more: int) -> None:
    """Refuse more questions than a bank can have.

    Raises:
        NotChanged: There is no room.
    """
    if DraftQuestion.objects.filter(level__draft=draft).count() + more > MOST_QUESTIONS:
        raise NotChanged(f"一个题库最多 {MOST_QUESTIONS:,} 题，请分成几个题库")


def save_question(
    row: DraftQuestion, written: Written, *, level: DraftLevel, revision: int, by: Editor
) -> DraftQuestion:
    """Save a question as it was typed, right or wrong.

    Args:
        revision: The one that the editor had before their eyes.

    Raises:
        SavedByAnother, QuestionGone: Somebody else was faster.
        NotChanged: The bank waits for a second person, or its level is gone.
    """
    with changing(row.level.draft, by) as draft:
        locked = _as_seen(row, revision)
        _check_level(level)
        if DraftQuestion.objects.filter(level__draft=draft, ident=locked.ident).exclude(pk=locked.pk).exists():
            # Two had one id, and what was typed now makes another question of this one.
            locked.ident = ""
        locked.kind = written.kind[:16]
        locked.stem, locked.explanation, locked.source = (
            text[:LONGEST_FIELD] for text in (written.stem, written.explanation, written.source)
        )
        locked.options = [option[:LONGEST_FIELD] for option in written.options[:MAX_OPTIONS]]
        locked.answer = list(written.answer)
        if locked.level_id != level.pk:
            locked.level, locked.place = level, place_at_end(level.questions)
        locked.said = []
        locked.revision += 1
        locked.save()
        DraftLevel.objects.filter(draft=draft, name=NO_LEVEL, questions=None).delete()
    return locked


def _locked(row: DraftQuestion) -> DraftQuestion:
    locked = DraftQuestion.objects.select_for_update().filter(pk=row.pk).first()
    if locked is None:
        raise QuestionGone
    return locked


def _as_seen(row: DraftQuestion, revision: int) -> DraftQuestion:
    """Lock a question that nobody has changed since the editor had it before their eyes."""
    locked = _locked(row)
    if locked.revision != revision:
        raise SavedByAnother
    return locked


def drop_question(row: DraftQuestion, by: Editor, *, revision: int) -> None:
    """Take a question out of the bank, as the editor has seen it.

    Raises:
        SavedByAnother, QuestionGone: Somebody else was faster.
        NotChanged: The bank waits for a second person.
    """
    with changing(row.level.draft, by) as draft:
        _as_seen(row, revision).delete()
        drop_unnamed_files(draft)


def put_picture(row: DraftQuestion, content: bytes, by: Editor) -> None:
    """Give a question a picture, made as small as kiosks need it.

    Raises:
        NotChanged: It is no picture, or there is no room.
    """
    with _on_disk({"图片": content}) as sources:
        picture = _picture_of("图片", sources["图片"])
    _put_file(row, "picture", picture, by)


def put_sound(row: DraftQuestion, recording: bytes, by: Editor) -> None:
    """Give a question a recorded voice.

    Raises:
        NotChanged: It is no recording, silent or too long, or there is no room.
    """
    _put_file(row, "sound", _sound_of(recording), by)


def drop_file(row: DraftQuestion, what: str, by: Editor, *, revision: int) -> None:
    """Take the ``picture`` or the ``sound`` of a question away, as the editor has seen it.

    Raises:
        SavedByAnother, QuestionGone: Somebody else was faster.
        NotChanged: The bank waits for a second person.
    """
    with changing(row.level.draft, by) as draft:
        _name(_as_seen(row, revision), what, "")
        drop_unnamed_files(draft)


_ENDINGS = {JPEG: "jpg", PNG: "png", CLIP_MEDIA_TYPE: "opus"}
_PNG_BEGINS = b"\x89PNG\r\n"
"""PNG specification (W3C), 5.2."""


def put_files(draft: BankDraft, files: Mapping[str, bytes], by: Editor) -> list[str]:
    """Give questions the pictures and sounds that they name, as after an import. What has such a name is replaced.

    Returns:
        In Chinese which of the files were not taken, and why.

    Raises:
        NotChanged: There is no room, or the pictures are too large together.
    """
    rows = DraftQuestion.objects.filter(level__draft=draft).values_list("picture", "sound")
    pictures, sounds = ({names[place] for names in rows} - {""} for place in (0, 1))
    taken, refused = dict[str, _File](), list[str]()
    with _on_disk({name: content for name, content in files.items() if name in pictures}) as sources:
        _check_together(sources.values())
        for name, content in files.items():
            try:
                if name in sources:
                    taken[name] = _picture_of(name, sources[name])
                elif name in sounds:
                    taken[name] = _sound_of(content)
                else:
                    refused.append(f"没有题用到“{name[:40]}”")
            except NotChanged as why:
                refused.append(f"“{name[:40]}”：{why}")
    with changing(draft, by) as locked:
        there = set(locked.files.values_list("name", flat=True))
        if len(there | set(taken)) > MOST_FILES:
            raise NotChanged(_TOO_MANY_FILES)
        for name, file in taken.items():
            _keep_file(locked, name, file)
    return refused


class _File(NamedTuple):
    content: bytes
    media_type: str


@contextmanager
def _on_disk(pictures: Mapping[str, bytes]) -> Iterator[dict[str, Path]]:
    """Hold pictures in files for the block: whatever opens one reads it from a path."""
    with tempfile.TemporaryDirectory(prefix="cunhui-picture-") as folder:
        sources = {name: Path(folder) / str(number) for number, name in enumerate(pictures)}
        for name, source in sources.items():
            source.write_bytes(pictures[name])
        yield sources


def _check_together(sources: Iterable[Path]) -> None:
    try:
        check_together(sources)
    except NotPublished as refused:
        raise NotChanged(str(refused)) from refused


def _picture_of(name: str, source: Path) -> _File:
    try:
        small = scaled({name: source})[name]
    except NotPublished as refused:
        raise NotChanged(str(refused)) from refused
    return _File(small, PNG if small.startswith(_PNG_BEGINS) else JPEG)


def _sound_of(recording: bytes) -> _File:
    try:
        return _File(clip_of(recording).sound, CLIP_MEDIA_TYPE)
    except NotPublished as refused:
        raise NotChanged(str(refused)) from refused


def _keep_file(draft: BankDraft, name: str, file: _File) -> None:
    DraftFile.objects.update_or_create(
        draft=draft, name=name, defaults={"media_type": file.media_type, "content": file.content}
    )


def _put_file(row: DraftQuestion, what: str, file: _File, by: Editor) -> None:
    with changing(row.level.draft, by) as draft:
        # A new name each time, so that a page never shows the picture before from the browser's memory.
        name = f"{what}-{row.pk}-{row.revision + 1}.{_ENDINGS[file.media_type]}"
        if draft.files.count() >= MOST_FILES:
            raise NotChanged(_TOO_MANY_FILES)
        _keep_file(draft, name, file)
        _name(_locked(row), what, name)
        drop_unnamed_files(draft)


def _name(locked: DraftQuestion, what: str, name: str) -> None:
    setattr(locked, what, name)
    locked.revision += 1
    locked.save(update_fields=[what, "revision"])


def drop_unnamed_files(draft: BankDraft) -> None:
    """Delete the files that no question of the bank names."""
    rows = DraftQuestion.objects.filter(level__draft=draft).values_list("picture", "sound")
    draft.files.exclude(name__in={name for names in rows for name in names if name}).delete()
