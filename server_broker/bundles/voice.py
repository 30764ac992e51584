"""The county's voice: which sentences of the kiosk and which questions somebody has recorded, and one more of them.

All recordings are one bundle of kind ``clips`` for the whole county. Each recording publishes its next version; the
sounds are items under their own hashes, so that a station fetches only the new one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from protocol.bundle_contents import Clip, Clips
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.clip_sound import CLIP_MEDIA_TYPE
from protocol.codec import decode, encode
from protocol.packs import Pack, read_pack
from protocol.spoken_lines import SPOKEN
from server_broker.bundles.clip_making import clip_of
from server_broker.bundles.drafts import Draft, DraftItem, NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, BundleItem, BundleQuerySet
from server_broker.bundles.publishing import publish
from server_broker.bundles.questions import EVERYWHERE
from server_broker.platform.sql import lock_until_commit

VOICE = "voice"
"""The bundle's id."""
TITLE = "大屏语音"
LASTS = timedelta(days=3 * 365)
"""Each recording gives all of them so long from then on: no bundle is without an end."""
_LOCK = 0x766F6963
"""Key of the PostgreSQL advisory lock ("voic") under which the next version is made of the last one."""


@dataclass(frozen=True)
class Spoken:
    """Something that can be recorded: a line of the kiosk, or the stem of a question."""

    words: str
    line: str = ""
    pack: str = ""
    question: str = ""

    @property
    def item(self) -> str:
        """The name of its sound in the bundle."""
        if self.line:
            return f"line-{self.line}.opus"
        return f"question-{hashlib.sha256(f'{self.pack}/{self.question}'.encode()).hexdigest()[:24]}.opus"

    def is_of(self, clip: Clip) -> bool:
        """Tell whether a clip is a recording of this, perhaps of earlier words."""
        return (clip.line, clip.pack, clip.question) == (self.line, self.pack, self.question)


@dataclass(frozen=True)
class Row:
    """Something that can be recorded, and its recording if there is one."""

    spoken: Spoken
    clip: Clip | None
    own: bool = False
    """The pack has a sound of its own for it."""

    @property
    def outdated(self) -> bool:
        """Whether the words were changed since it was recorded, so that no station plays it."""
        return self.clip is not None and self.clip.words != self.spoken.words

    @property
    def mute(self) -> bool:
        """Whether nobody hears it."""
        return (self.clip is None or self.outdated) and not self.own


class Voice:
    """What is recorded now."""

    def __init__(self, folder: BundleFolder, *, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self.bundle = Bundle.objects.filter(bundle=VOICE).newest().lasting(now).first()
        content = b"" if self.bundle is None else _content_of(self.bundle, folder)
        self.clips = decode(content, Clips, limit=len(content)).clips if content else []

    def lines(self) -> list[Row]:
        """Return the sentences of the kiosk, in the order in which they are declared."""
        return [self._row(Spoken(words, line=code)) for code, words in SPOKEN.items()]

    def questions(self, pack: Bundle) -> list[Row]:
        """Return the questions of a pack."""
        return [
            self._row(Spoken(question.stem, pack=pack.bundle, question=question.id), own=question.sound is not None)
            for level in self._pack(pack).levels
            for question in level.questions
        ]

    def find(self, *, packs: BundleQuerySet, line: str = "", pack: str = "", question: str = "") -> Row | None:
        """Return one of them, or None if the kiosk says no such thing."""
        if line:
            return self._row(Spoken(SPOKEN[line], line=line)) if line in SPOKEN else None
        bundle = packs.filter(bundle=pack).first()
        rows = self.questions(bundle) if bundle is not None else []
        return next((row for row in rows if row.spoken.question == question), None)

    def sound(self, row: Row) -> bytes | None:
        """Return the recording of something, or None if there is none."""
        if row.clip is None or self.bundle is None:
            return None
        item = self.bundle.items.filter(name=row.clip.item).first()
        if item is None or not self._folder.has(bytes(item.sha256)):
            return None
        return self._folder.path(bytes(item.sha256)).read_bytes()

    def _pack(self, row: Bundle) -> Pack:
        return read_pack(_content_of(row, self._folder))

    def _row(self, spoken: Spoken, *, own: bool = False) -> Row:
        return Row(spoken, next((clip for clip in reversed(self.clips) if spoken.is_of(clip)), None), own)


def _content_of(row: Bundle, folder: BundleFolder) -> bytes:
    payload = folder.path(bytes(row.sha256)).read_bytes()
    return decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES).content


def packs_with_questions(now: datetime) -> BundleQuerySet:
    """Return the packs whose questions can be recorded: the newest version of each, as long as it lasts."""
    return Bundle.objects.filter(kind="questions").newest().lasting(now).order_by("title", "bundle")


def record_clip(spoken: Spoken, recording: bytes, *, folder: BundleFolder, author: str, at: datetime) -> Bundle:
    """Publish the recording of something, in place of an earlier one.

    Raises:
        NotPublished: The recording can't be used. Nothing was published.
        OSError: The disk takes nothing. Nothing was published.
    """
    made = clip_of(recording)
    sha256 = folder.keep(made.sound)
    item = DraftItem(
        name=spoken.item,
        sha256=sha256,
        size=len(made.sound),
        media_type=CLIP_MEDIA_TYPE,
        source=folder.path(sha256),
    )
    clip = Clip(
        line=spoken.line,
        pack=spoken.pack,
        question=spoken.question,
        item=item.name,
        lasts_ms=made.lasts_ms,
        words=spoken.words,
    )
    return _publish_with(spoken, [(clip, item)], folder=folder, author=author, at=at)


def drop_clip(spoken: Spoken, *, folder: BundleFolder, author: str, at: datetime) -> Bundle:
    """Publish everything but the recording of one thing, which is mute from then on.

    Raises:
        NotPublished: There is no recording of it.
        OSError: The disk takes nothing. Nothing was published.
    """
    return _publish_with(spoken, [], folder=folder, author=author, at=at)


def _publish_with(
    spoken: Spoken, added: Sequence[tuple[Clip, DraftItem]], *, folder: BundleFolder, author: str, at: datetime
) -> Bundle:
    with transaction.atomic():
        # Of two people who record at the same time the second one's version must have the first one's sound.
        lock_until_commit(_LOCK)
        voice = Voice(folder, now=at)
        kept = [clip for clip in voice.clips if not spoken.is_of(clip)]
        if not added and len(kept) == len(voice.clips):
            raise NotPublished("这一句没有录音")
        names = {clip.item for clip in kept}
        items = [*_items_of(voice.bundle, names, folder), *(item for _, item in added)]
        row, _ = publish(
            Draft(
                id=VOICE,
                kind="clips",
                title=TITLE,
                regions=[EVERYWHERE],
                not_after=at + LASTS,
                content=encode(Clips(clips=[*kept, *(clip for clip, _ in added)])),
                items=items,
                night=True,
            ),
            folder=folder,
            author=author,
            at=at,
        )
    return row


def _items_of(row: Bundle | None, names: set[str], folder: BundleFolder) -> Iterator[DraftItem]:
    rows = BundleItem.objects.filter(bundle=row, name__in=names).order_by("pk") if row is not None else ()
    for item in rows:
        sha256 = bytes(item.sha256)
        yield DraftItem(
            name=item.name, sha256=sha256, size=item.size, media_type=item.media_type, source=folder.path(sha256)
        )
