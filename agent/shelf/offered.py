"""What of the shelf is offered to people now: bundles that are in force, whose time has come and is not over."""

import logging
from collections.abc import Callable

from agent.shelf.disk import ShelfDisk
from agent.shelf.gist import DocumentHead, NoticeLine, gist_of, head_in, heads_in, lines_in
from agent.shelf.question_set import QuestionSet
from agent.shelf.state import HeldBundle
from agent.timekeeping.clock import StationClock
from protocol.bundles import MAX_BUNDLE_BYTES, Bundle, BundleKind
from protocol.codec import decode
from protocol.refusal import Refused

log = logging.getLogger(__name__)

NOTICE_TURN_MS = 60_000
"""Each notice stands for so long on the home screen, if there are several."""


class Offered:
    """Reads the shelf for the rooms that show it. Used on the core thread."""

    def __init__(self, disk: ShelfDisk, *, clock: StationClock, broken: Callable[[], None]) -> None:
        """Begin.

        Args:
            broken: Called when a file is no longer what it was.
        """
        self._disk = disk
        self._clock = clock
        self._broken = broken
        self._sets: dict[bytes, QuestionSet | None] = {}
        self._lines: dict[bytes, list[NoticeLine]] = {}
        self._made: dict[bytes, bytes] = {}
        """Gists of documents that were taken by a release without a reader for them."""

    def bundles(self, kind: BundleKind) -> list[HeldBundle]:
        """Return what is offered of one kind."""
        now = self._clock.now().wall
        # A time that is not known is a lower bound of the true one: what has begun by it has begun, but nothing is
        # taken for over by it.
        return [
            one
            for one in self._disk.state.held
            if one.kind == kind and one.not_before <= now and (now < one.not_after or not self._clock.dated)
        ]

    def read(self, bundle: HeldBundle) -> Bundle:
        """Read a bundle with its content.

        Raises:
            Refused: The file is no longer what it was; it is fetched again.
            OSError: It can't be read.
        """
        try:
            payload, _ = self._disk.read_signed(bundle.sha256, limit=MAX_BUNDLE_BYTES)
            return decode(payload, Bundle, limit=MAX_BUNDLE_BYTES)
        except (Refused, OSError):
            self._broken()
            raise

    def read_item(self, bundle: HeldBundle, name: str) -> bytes:
        """Read a file of a bundle.

        Raises:
            KeyError: The bundle has no such file.
            Refused: The file is no longer what it was; it is fetched again.
            OSError: It can't be read.
        """
        for item in self.read(bundle).items:
            if item.name == name:
                try:
                    return self._disk.read_item(item.sha256, limit=item.size)
                except (Refused, OSError):
                    self._broken()
                    raise
        raise KeyError(name)

    def has(self, bundle: str) -> bool:
        """Tell whether a bundle is in force here, whether or not its time has come or is over."""
        return self._disk.state.find(bundle) is not None

    def heads(self, bundle: HeldBundle) -> list[DocumentHead]:
        """Return what documents stand on the shelf in a bundle; none if it can't be read."""
        try:
            return heads_in(bundle.gist or self._gist(bundle))
        except (Refused, OSError) as error:
            log.warning("the documents of %s %d can't be listed: %s", bundle.id, bundle.version, error)
            return []

    def _gist(self, bundle: HeldBundle) -> bytes:
        if bundle.sha256 not in self._made:
            held = {one.sha256 for one in self._disk.state.held}
            self._made = {sha256: gist for sha256, gist in self._made.items() if sha256 in held}
            self._made[bundle.sha256] = gist_of(self.read(bundle))
        return self._made[bundle.sha256]

    def packs(self) -> list[QuestionSet]:
        """Return the packs that can be played."""
        offered = self.bundles("questions")
        known = self._sets
        self._sets = {
            one.sha256: known[one.sha256] if one.sha256 in known else self._question_set(one) for one in offered
        }
        return [one for one in self._sets.values() if one is not None]

    def _question_set(self, held: HeldBundle) -> QuestionSet | None:
        try:
            return QuestionSet(head_in(held.gist), lambda: self.read(held).content)
        except Refused as refused:  # another release wrote it; the pack is not offered, and nothing else fails
            log.warning("the gist of %s %d can't be read: %s", held.id, held.version, refused)
            return None

    def notice(self) -> str:
        """Return the line of the county that the home screen shows now, or an empty string.

        Urgent lines go before all others; several take turns.
        """
        lines = [line for _, line in self.notices()]
        urgent = [line for line in lines if line.urgent]
        shown = urgent or lines
        return shown[self._clock.mono_ms() // NOTICE_TURN_MS % len(shown)].line if shown else ""

    def notices(self) -> list[tuple[HeldBundle, NoticeLine]]:
        """Return the notices that can be shown now, each with its bundle: the urgent first, then the newest."""
        now, dated = self._clock.now(), self._clock.dated
        offered = self.bundles("notices")
        known = self._lines
        self._lines = {one.sha256: known[one.sha256] if one.sha256 in known else _lines_of(one) for one in offered}
        shown = [
            (one, line)
            for one in offered
            for line in self._lines[one.sha256]
            if line.not_before <= now.wall and (now.wall < line.not_after or not dated)
        ]
        return sorted(shown, key=lambda found: (not found[1].urgent, -found[1].not_before))


def _lines_of(held: HeldBundle) -> list[NoticeLine]:
    try:
        return lines_in(held.gist)
    except Refused as refused:
        log.warning("the gist of %s %d can't be read: %s", held.id, held.version, refused)
        return []
