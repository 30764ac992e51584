"""Which answer marks an attempt, and since which version of its pack (docs/learning.md, 2).

The county says since when a question has asked the same, because only it has all versions. So an author who corrects an
answer has the attempts of earlier versions marked anew, and one who changes the options or the picture has not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import msgspec
from django.db.models import Count

from protocol.codec import decode
from protocol.packs import Pack, Question, is_right
from protocol.signing import Signed
from server_broker.learning.models import Attempt, LearningPack, RemarkedQuestion
from server_broker.learning.packs import PackRefused

type FileHashes = Mapping[str, bytes]
"""SHA-256 of the pictures and sounds of a version, by the names by which its questions call them."""


class Changed(NamedTuple):
    """A question whose answer is another than in the version before, while it asks the same."""

    before: Question
    now: Question
    since: int


def read_stored(row: LearningPack) -> Pack:
    """Return the pack of a row.

    The county judged and signed it when it was published, by the rules of its release then. It is not judged again,
    because attempts are marked by it whatever became of the rules.
    """
    return decode(decode(bytes(row.file), Signed, limit=len(row.file)).payload, Pack, limit=len(row.file))


def questions_in(pack: Pack) -> dict[str, Question]:
    """Return the questions of all levels by id."""
    return {question.id: question for level in pack.levels for question in level.questions}


def version_before(pack: str, version: int) -> Pack | None:
    """Return the newest published version of a pack that is older than ``version``; None if there is none."""
    row = LearningPack.objects.filter(pack=pack, version__lt=version).order_by("-version").first()
    return None if row is None else read_stored(row)


def with_key_since(pack: Pack, before: Pack | None, *, files: FileHashes, files_before: FileHashes) -> Pack:
    """Return the pack with the version since which each question has asked the same.

    Args:
        files: The pictures and sounds of the pack.
        files_before: Those of the version before, as far as anybody still knows them.

    Raises:
        PackRefused: The pack says so itself.
    """
    own = [question.id for question in questions_in(pack).values() if question.key_since is not None]
    if own:
        raise PackRefused(f"题目 {'、'.join(own[:5])} 自己写了 key_since；它由县里来定，请删去")
    if before is None:
        return pack
    known = questions_in(before)

    def since(question: Question) -> Question:
        then = known.get(question.id)
        if then is None or _asked(question, files) != _asked(then, files_before):
            return question
        return msgspec.structs.replace(question, key_since=then.key_since or before.version)

    levels = [
        msgspec.structs.replace(level, questions=[since(question) for question in level.questions])
        for level in pack.levels
    ]
    return msgspec.structs.replace(pack, levels=levels)


def _asked(question: Question, files: FileHashes) -> tuple[object, ...]:
    """Return all that somebody who answers has before them."""
    shown, heard = content_of(question.picture, files), content_of(question.sound, files)
    return question.kind, question.stem, question.options, shown, heard


def content_of(name: str | None, files: FileHashes) -> bytes | None:
    """Return what tells a picture or a sound from others: its hash, because another one may come under the same name.

    None if there is none; empty if nobody knows its content any more.
    """
    return None if name is None else files.get(name, b"")


def changed_answers(pack: Pack, before: Pack | None) -> list[Changed]:
    """Return the questions of a pack whose answer marks attempts of earlier versions anew."""
    known = questions_in(before) if before is not None else {}
    return [
        Changed(known[question.id], question, question.key_since)
        for question in questions_in(pack).values()
        if question.key_since is not None and set_of(question) != set_of(known[question.id])
    ]


def set_of(question: Question) -> Sequence[int]:
    """Return the right answer in the form in which two answers are the same."""
    return question.answer if question.kind == "ordering" else sorted(question.answer)


def count_remarked(pack: str, version: int, changed: Collection[Changed]) -> dict[str, int]:
    """Return by question how many attempts are marked otherwise from now on. One query."""
    since = {one.now.id: one for one in changed}
    rows = Attempt.objects.filter(pack=pack, question__in=list(since), pack_version__lt=version).order_by()
    found: dict[str, int] = dict.fromkeys(since, 0)
    for question, played, chosen, count in rows.values_list("question", "pack_version", "chosen").annotate(
        count=Count("pk")
    ):
        one = since[question]
        if played >= one.since and is_right(one.before, chosen) != is_right(one.now, chosen):
            found[question] += count
    return found


def keep_remarked(row: LearningPack, counts: Mapping[str, int]) -> list[RemarkedQuestion]:
    """Store which questions a version marks anew, and how many attempts; return these rows."""
    return [
        RemarkedQuestion.objects.create(pack=row, question=question, attempts=count)
        for question, count in sorted(counts.items())
    ]


class PackKeys:
    """The right answers of all published versions, read once for each version.

    Of a question that asks the same in several versions only the newest counts.
    """

    def __init__(self) -> None:
        self._read: set[tuple[str, int]] = set()
        self._keys: dict[tuple[str, str], list[_Key]] = defaultdict(list)
        self._published: dict[tuple[str, int], datetime] = {}

    def renew(self) -> None:
        """Read the versions that have come since. One query, and one for each of those."""
        self._published = {
            (pack, version): at
            for pack, version, at in LearningPack.objects.values_list("pack", "version", "published_at")
        }
        new = sorted(set(self._published) - self._read)
        for name in new:
            self._take(read_stored(LearningPack.objects.get(pack=name[0], version=name[1])))
            self._read.add(name)

    def _take(self, pack: Pack) -> None:
        for question in questions_in(pack).values():
            keys = self._keys[pack.id, question.id]
            keys.append(_Key(pack.version, question.key_since or pack.version, question))
            keys.sort(key=lambda key: -key.version)

    def __call__(self, pack: str, question: str, version: int) -> Question | None:
        """Return the question by whose answer an attempt with this version of its pack is marked (2.2)."""
        keys = self._keys.get((pack, question), ())
        return next((key.question for key in keys if key.since <= version), None)

    def corrected(self, pack: str, question: str, version: int) -> "tuple[_Key, _Key] | None":
        """Return the key by which the answer to an attempt became what it is now, and the one before it.

        None: no version of the pack has changed it.
        """
        holding = (key for key in self._keys.get((pack, question), ()) if key.since <= version)
        for key, before in pairwise(holding):
            if set_of(key.question) != set_of(before.question):
                return key, before
        return None

    def published(self, pack: str, version: int) -> datetime:
        """Return when a version came."""
        return self._published[pack, version]


class _Key(NamedTuple):
    version: int
    since: int
    question: Question


def newest_levels(packs: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids of the levels of each pack's newest version, in their order."""
    rows = LearningPack.objects.newest().filter(pack__in=set(packs))
    return {row.pack: [level.id for level in read_stored(row).levels] for row in rows}
