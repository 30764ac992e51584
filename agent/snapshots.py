"""Take stills of the room after the green light and bring them into the record.

A picture is evidence, never a condition: the queue is bounded, a failure costs the picture alone, and a camera
that fails is reported once. The picture's bytes are on disk before the core hears of it, so that no card waits for
them; its file in the spool goes only after its fact is on disk too.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from agent.answers import Answer, Answers
from agent.clock import StationClock
from agent.events import PictureTaken
from agent.journal import Journal
from agent.outbox.errors import OutboxBroken, OutboxFull
from agent.twin import Twin
from protocol.facts import AlarmRaised, BlobAnnounced, BlobEvicted, BlobPurpose, Fact
from protocol.units import FactRef

log = logging.getLogger(__name__)

MAX_REQUESTED = 8


class PictureTaker(Protocol):
    """Takes pictures in the background and puts `PictureTaken` into the inbox."""

    def request(self, purpose: BlobPurpose, about: FactRef | None) -> bool:
        """Ask for a picture; False when too many are waiting. Never blocks."""

    def taken_over(self, spooled: str) -> None:
        """The picture of that spool file is in the record: the file can go."""

    def put_back(self, spooled: str) -> None:
        """The disk did not take the picture of that spool file: hand it over again later."""


class Blobs(Protocol):
    """Where a picture's bytes wait for the county."""

    def keep(self, sha256: bytes) -> bool:
        """Count a written blob among those that wait; return whether it is new. Raises OutboxBroken."""

    def unwrite(self, sha256: bytes) -> None:
        """Remove a blob that was written and not kept. Raises OutboxBroken."""

    def drop(self, sha256: bytes) -> None:
        """Let a kept blob go. Raises OutboxBroken."""

    def surplus(self, *, room_for: int = 0) -> list[bytes]:
        """Return the oldest that must go until there is room; nothing is dropped by that."""


class Snapshots:
    """The desk's and the county's way to the camera. Without a camera it refuses politely."""

    def __init__(
        self,
        *,
        clock: StationClock,
        journal: Journal,
        twin: Twin,
        blobs: Blobs,
        answers: Answers,
        taker: PictureTaker | None,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._twin = twin
        self._blobs = blobs
        self._answers = answers
        self._taker = taker
        self._requested: deque[bytes] = deque()
        self._announced: set[bytes] = set()
        self._failing = False

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Know what an earlier run announced: a picture still in the spool may be one of these.

        What this run announces need not be known: it leaves the spool at once, or is not handed over again.
        """
        self._announced = {fact.sha256 for _, fact in facts if isinstance(fact, BlobAnnounced)}

    @property
    def camera_ready(self) -> bool:
        """Whether there is a camera and its last picture came."""
        return self._taker is not None and not self._failing

    def touch_recorded(self, ref: FactRef) -> None:
        """Ask for a picture about a touch, where the village takes them."""
        if self._taker is not None and self._twin.desired.settings.snapshots:
            self._taker.request("touch", ref)

    def door_opened(self, ref: FactRef | None) -> None:
        """Ask for a picture about a door's opening, where the village takes them."""
        if self._taker is not None and self._twin.desired.settings.snapshots:
            self._taker.request("door", ref)

    def command(self, command: bytes) -> str:
        """Ask for a picture on the county's order; its result follows as a fact. Returns why not, or nothing."""
        if self._taker is None:
            return "no_camera"
        if len(self._requested) >= MAX_REQUESTED or not self._taker.request("requested", None):
            return "camera_busy"
        self._requested.append(command)
        return ""

    def taken(self, event: PictureTaken) -> None:
        """Take a picture into the record, or note that it failed."""
        if event.sha256 is None:
            self._failed(event)
            return
        self._failing = False
        recorded = self._into_the_record(event, event.sha256)
        if self._taker is not None:
            (self._taker.taken_over if recorded else self._taker.put_back)(event.spooled)

    def _into_the_record(self, event: PictureTaken, sha256: bytes) -> bool:
        if sha256 in self._announced:
            self._let_go(self._blobs.unwrite, sha256)
            return True
        surplus = self._blobs.surplus(room_for=event.size)
        answer = self._answer(event)
        facts = [self._announced_fact(event, sha256), *([answer.fact] if answer else []), *self._evicted(surplus)]
        fresh = False
        try:
            fresh = self._blobs.keep(sha256)
            self._journal.commit(*facts, state=answer.state if answer else None)
        except (OutboxFull, OutboxBroken) as error:
            log.warning("a picture waits in the spool: %s", error)
            if fresh:
                self._let_go(self._blobs.drop, sha256)
            if isinstance(error, OutboxFull):
                self._drop(surplus)
                self._journal.owe(*self._evicted(surplus))
            return False
        self._drop(surplus)
        if answer:
            self._answers.given(self._requested.popleft())
        return True

    def _answer(self, event: PictureTaken) -> Answer | None:
        """Return the answer to the order that a picture was taken for, to be on disk together with it."""
        if event.purpose != "requested" or not self._requested:
            return None
        return self._answers.prepare(self._requested[0], "done", figures={"bytes": event.size})

    def make_room(self) -> None:
        """Let the oldest pictures go where the disk runs short, so that facts always find room."""
        surplus = self._blobs.surplus()
        if surplus:
            log.warning("%d pictures give way to facts on a disk that runs short", len(surplus))
            self._journal.owe(*self._evicted(surplus))
            self._drop(surplus)

    def _evicted(self, surplus: list[bytes]) -> list[Fact]:
        now = self._clock.now()
        return [BlobEvicted(at=now, sha256=lost, reason="disk") for lost in surplus]

    def _drop(self, surplus: list[bytes]) -> None:
        """Drop what a fact says is gone: after a power cut between the two it is sent after all, and that is well."""
        for sha256 in surplus:
            self._let_go(self._blobs.drop, sha256)

    def _let_go(self, remove: Callable[[bytes], None], sha256: bytes) -> None:
        try:
            remove(sha256)
        except OutboxBroken as error:
            log.warning("a picture that is not wanted stays behind: %s", error)

    def _announced_fact(self, event: PictureTaken, sha256: bytes) -> BlobAnnounced:
        return BlobAnnounced(
            at=self._clock.now(),
            sha256=sha256,
            size=event.size,
            media_type="image/jpeg",
            purpose=event.purpose,
            about=event.about,
        )

    def _failed(self, event: PictureTaken) -> None:
        now = self._clock.now()
        if event.purpose == "requested" and self._requested:
            self._answers.give(self._requested.popleft(), "failed", f"camera: {event.problem}")
        if not self._failing:
            log.error("the camera fails: %s", event.problem)
            self._journal.owe(AlarmRaised(at=now, code="camera_failed", severity="minor", detail=event.problem[:400]))
        self._failing = True


def spool_name(purpose: BlobPurpose, about: FactRef | None, unique: str) -> str:
    """Return the spool file's name, which says what the picture is of."""
    of = f"{about.epoch.hex()}-{about.seq}" if about else "none-0"
    return f"{purpose}-{of}-{unique}.jpg"


def parse_spool_name(path: Path) -> tuple[BlobPurpose, FactRef | None] | None:
    """Read what `spool_name` wrote, or None for any other file."""
    parts = path.name.removesuffix(".jpg").split("-")
    if len(parts) != 4 or path.suffix != ".jpg":
        return None
    try:
        purpose: BlobPurpose = msgspec.convert(parts[0], BlobPurpose)
        if parts[1] == "none":
            return purpose, None
        about = {"epoch": bytes.fromhex(parts[1]), "seq": int(parts[2])}
        return purpose, msgspec.convert(about, FactRef)
    except (ValueError, msgspec.ValidationError):
        return None
