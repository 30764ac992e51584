"""The clips that the county has sent: which sentences have a voice, and its sound.

In memory are the codes of the lines alone. Clips of questions are looked up when somebody is asked one.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from agent.shelf.state import HeldBundle
from protocol.bundle_contents import Clip, Clips, read_content
from protocol.bundles import Bundle, BundleKind
from protocol.clip_sound import MAX_CLIP_BYTES
from protocol.packs import Question
from protocol.refusal import Refused
from protocol.spoken_lines import SPOKEN

log = logging.getLogger(__name__)


class OfferedClips(Protocol):
    """The shelf, as clips need it."""

    def bundles(self, kind: BundleKind) -> Sequence[HeldBundle]:
        """Return what is offered of one kind."""

    def read(self, bundle: HeldBundle) -> Bundle:
        """Read one of them. Raises Refused or OSError."""

    def read_item(self, bundle: HeldBundle, name: str) -> bytes:
        """Read a file of one of them. Raises KeyError, Refused or OSError."""


class ClipBook:
    """Finds the clip of a sentence. Used on the core thread only."""

    def __init__(self, offered: OfferedClips) -> None:
        self._offered = offered
        self._known: tuple[bytes, ...] | None = None
        self._lines: frozenset[str] = frozenset()

    def lines(self) -> frozenset[str]:
        """Return the codes of the lines that have a clip whose words are today's."""
        known = tuple(one.sha256 for one in self._offered.bundles("clips"))
        if known != self._known:
            self._known = known
            self._lines = frozenset(
                clip.line for _, clip in self._clips() if clip.line and SPOKEN.get(clip.line) == clip.words
            )
        return self._lines

    def line(self, code: str) -> bytes | None:
        """Return the sound of a line, or None."""
        if code not in self.lines():
            return None
        return self._sound(lambda clip: clip.line == code and clip.words == SPOKEN.get(code))

    def question(self, pack: str, version: int, question: Question) -> bytes | None:
        """Return the sound of a question's stem, or None: a clip that was recorded for it, or the pack's own.

        Args:
            version: Of the pack that has the question. Another one may have another sound by the same name.
        """
        found = self._sound(
            lambda clip: (clip.pack, clip.question) == (pack, question.id) and clip.words == question.stem
        )
        if found is not None or question.sound is None:
            return found
        held = self._pack(pack, version)
        return self._read_item(held, question.sound) if held is not None else None

    def has_question(self, pack: str, version: int, question: Question) -> bool:
        """Tell whether a question's stem can be heard; reads no sound."""
        recorded = any(
            (clip.pack, clip.question) == (pack, question.id) and clip.words == question.stem
            for _, clip in self._clips()
        )
        return recorded or (question.sound is not None and self._pack(pack, version) is not None)

    def _pack(self, pack: str, version: int) -> HeldBundle | None:
        offered = self._offered.bundles("questions")
        return next((one for one in offered if (one.id, one.version) == (pack, version)), None)

    def _sound(self, fits: Callable[[Clip], bool]) -> bytes | None:
        # Of two clips for the same sentence the later one counts, and so does the later bundle.
        for held, clip in reversed(list(self._clips())):
            if fits(clip) and (sound := self._read_item(held, clip.item)) is not None:
                return sound
        return None

    def _read_item(self, held: HeldBundle, name: str) -> bytes | None:
        try:
            sound = self._offered.read_item(held, name)
        except (KeyError, Refused, OSError) as error:
            log.warning("a sound of %s %d can't be read: %s", held.id, held.version, error)
            return None
        if len(sound) > MAX_CLIP_BYTES:
            log.warning("a sound of %s %d has %d bytes", held.id, held.version, len(sound))
            return None
        return sound

    def _clips(self) -> Iterator[tuple[HeldBundle, Clip]]:
        for held in sorted(self._offered.bundles("clips"), key=lambda one: one.version):
            try:
                content = read_content(self._offered.read(held))
            except (Refused, OSError) as error:
                log.warning("the clips of %s %d can't be read: %s", held.id, held.version, error)
                continue
            if isinstance(content, Clips):
                yield from ((held, clip) for clip in content.clips)
