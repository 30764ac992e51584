"""Take stills of the room and bring them into the record: after the green light, on order, at random moments.

A picture is evidence, never a condition: the queue is bounded, a failure costs the picture alone, and a camera
that fails, or sees nothing, is reported once. The picture's bytes are on disk before the core hears of it, so that no
card waits for them; its file in the spool goes only after its fact is on disk too.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from agent.camera.random_moments import RandomMoments
from agent.camera.spool_names import PictureRequest
from agent.commands.command_log import CommandLog, PreparedResult
from agent.events import PictureTaken
from agent.ports import Suspect
from agent.storage.errors import StorageError, StorageFailed, StorageFull
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from agent.vitals.alarms import StandingAlarms
from protocol import result_reasons
from protocol.alarm_codes import CAMERA_FAILED, CAMERA_SUSPECT
from protocol.facts import BlobAnnounced, BlobEvicted, Fact
from protocol.units import FactRef

log = logging.getLogger(__name__)

MAX_REQUESTED = 8
_UNPLUGGED = "摄像头拍不出，请看看插好没有"
_AT_THE_KIOSK = {
    "black": "摄像头画面全黑，请看看镜头盖和灯",
    "covered": "摄像头被挡住了，请拿开镜头前的东西",
    "frozen": "摄像头画面不动了，请把摄像头重新插一下",
}
_SEEN: dict[Suspect, str] = {
    "black": "画面全黑，请到现场查看镜头和灯光",
    "covered": "画面没有内容，镜头可能被遮挡",
    "frozen": "画面一直不变，摄像头可能已卡死",
}


class PictureTaker(Protocol):
    """Takes pictures in the background and puts `PictureTaken` into the inbox."""

    def request(self, wanted: PictureRequest) -> bool:
        """Ask for a picture; False when too many are waiting. Never blocks."""

    def commands_in_spool(self) -> set[bytes]:
        """Return the county's orders whose pictures lie in the spool."""

    def release(self, spooled: str) -> None:
        """The picture of that spool file is in the record: the file can go."""

    def requeue(self, spooled: str) -> None:
        """The disk did not take the picture of that spool file: hand it over again later."""


class Blobs(Protocol):
    """Where a picture's bytes wait for the county."""

    def keep(self, sha256: bytes) -> bool:
        """Count a written blob among those that wait; return whether it is new. Raises StorageFailed."""

    def unwrite(self, sha256: bytes) -> None:
        """Remove a blob that was written and not kept. Raises StorageFailed."""

    def drop(self, sha256: bytes) -> None:
        """Let a kept blob go. Raises StorageFailed."""

    def surplus(self, *, room_for: int = 0) -> list[bytes]:
        """Return the oldest that must go until there is room; nothing is dropped by that."""


class Snapshots:
    """The desk's and the county's way to the camera. Without a camera it refuses politely."""

    def __init__(
        self,
        *,
        clock: StationClock,
        journal: FactWriter,
        twin: Twin,
        blobs: Blobs,
        command_log: CommandLog,
        alarms: StandingAlarms,
        moments: RandomMoments,
        taker: PictureTaker | None,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._twin = twin
        self._blobs = blobs
        self._taker = taker
        self._command_log = command_log
        self._alarms = alarms
        self._moments = moments
        self._requested: set[bytes] = set()
        self._announced: set[bytes] = set()
        self._tried = False

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Know what an earlier run announced: a picture still in the spool may be one of these.

        What this run announces need not be known: it leaves the spool at once, or is not handed over again.
        """
        earlier = [fact for _, fact in facts]
        self._announced = {fact.sha256 for fact in earlier if isinstance(fact, BlobAnnounced)}
        self._moments.recall(earlier, self._twin.desired)

    @property
    def camera_ready(self) -> bool:
        """Whether there is a camera and its last picture came."""
        return self._taker is not None and not self._alarms.stands(CAMERA_FAILED)

    @property
    def camera_untried(self) -> bool:
        """Whether there is a camera of which nothing is known: it is open for a picture alone, and none was asked."""
        return self._taker is not None and not self._tried and not self._alarms.stands(CAMERA_FAILED)

    @property
    def notice(self) -> str:
        """What people at the station can do about the camera; empty where nothing is wrong."""
        if self._alarms.stands(CAMERA_FAILED):
            return _UNPLUGGED
        return _AT_THE_KIOSK.get(self._alarms.kind_of(CAMERA_SUSPECT), "")

    def touch_recorded(self, ref: FactRef) -> None:
        """Ask for a picture about a touch, where the village takes them."""
        if self._taker is not None and self._twin.desired.settings.snapshots:
            self._taker.request(PictureRequest("touch", about=ref))

    def door_opened(self, ref: FactRef | None) -> None:
        """Ask for a picture about a door's opening, where the village takes them."""
        if self._taker is not None and self._twin.desired.settings.snapshots:
            self._taker.request(PictureRequest("door", about=ref))

    def request(self, command: bytes) -> str:
        """Ask for a picture on the county's order; its result follows as a fact. Returns why not, or nothing."""
        if self._taker is None:
            return result_reasons.NO_CAMERA
        if len(self._requested) >= MAX_REQUESTED or not self._taker.request(
            PictureRequest("requested", command=command)
        ):
            return result_reasons.CAMERA_BUSY
        self._requested.add(command)
        return ""

    def is_spooled(self, command: bytes) -> bool:
        """Return whether the picture of an earlier run's order was taken, and only waits to be taken over."""
        return self._taker is not None and command in self._taker.commands_in_spool()

    def tick(self) -> None:
        """Take a picture where this is a random moment of a duty window; without a camera nothing is wrong with it."""
        if self._taker is None:
            for code in (CAMERA_FAILED, CAMERA_SUSPECT):
                self._alarms.clear_alarm(code)
            return
        if not self._twin.desired.settings.snapshots or not self._clock.dated:
            return
        if self._moments.due(self._twin.desired, self._clock.now()):
            self._taker.request(PictureRequest("random"))

    def on_picture_taken(self, event: PictureTaken) -> None:
        """Take a picture into the record, or note that it failed."""
        self._tried = True
        if event.sha256 is None:
            self._failed(event)
            return
        self._alarms.clear_alarm(CAMERA_FAILED)
        self._judge(event.suspect)
        recorded = self._into_the_record(event, event.sha256)
        if self._taker is not None:
            (self._taker.release if recorded else self._taker.requeue)(event.spooled)

    def _judge(self, suspect: Suspect | None) -> None:
        if suspect == "":
            self._alarms.clear_alarm(CAMERA_SUSPECT)
        elif suspect is not None:
            self._alarms.raise_alarm(CAMERA_SUSPECT, "minor", _SEEN[suspect], kind=suspect)

    def _into_the_record(self, event: PictureTaken, sha256: bytes) -> bool:
        """Make durable at once what a picture says and that it answers an order."""
        known = sha256 in self._announced
        surplus = [] if known else self._blobs.surplus(room_for=event.size)
        answer = self._answer(event)
        facts = [] if known else [self._announcement(event, sha256)]
        facts += [answer.fact] if answer else []
        fresh = False
        try:
            fresh = not known and self._blobs.keep(sha256)
            if facts:
                self._journal.commit(*facts, *self._evicted(surplus), state=answer.state if answer else None)
        except StorageError as error:
            log.warning("a picture waits in the spool: %s", error)
            if fresh:
                self._let_go(self._blobs.drop, sha256)
            if isinstance(error, StorageFull):
                self._drop(surplus)
                self._journal.owe(*self._evicted(surplus))
            return False
        self._drop(surplus)
        if known:
            self._let_go(self._blobs.unwrite, sha256)
        if answer:
            self._command_log.result_stored(answer.fact.command)
            self._requested.discard(answer.fact.command)
        return True

    def _answer(self, event: PictureTaken) -> PreparedResult | None:
        """Return the answer to the order that a picture was taken for, to be on disk together with it."""
        if event.command is None or not self._command_log.is_open(event.command):
            return None
        return self._command_log.prepare_result(event.command, "done", figures={"bytes": event.size})

    def make_room(self) -> None:
        """Let the oldest pictures go where the disk runs short, so that facts always find room."""
        surplus = self._blobs.surplus()
        if surplus:
            log.warning("%d pictures give way to facts on a disk that runs short", len(surplus))
            try:
                self._journal.commit(*self._evicted(surplus))
            except StorageFull:
                self._drop(surplus)
                self._journal.owe(*self._evicted(surplus))
            except StorageFailed as error:
                log.warning("pictures stay for now: %s", error)
            else:
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
        except StorageFailed as error:
            log.warning("a picture that is not wanted stays behind: %s", error)

    def _announcement(self, event: PictureTaken, sha256: bytes) -> Fact:
        return BlobAnnounced(
            at=self._clock.now(),
            sha256=sha256,
            size=event.size,
            media_type="image/jpeg",
            purpose=event.purpose,
            about=event.about,
        )

    def _failed(self, event: PictureTaken) -> None:
        if event.command is not None and self._command_log.is_open(event.command):
            self._command_log.finish(event.command, "failed", f"{result_reasons.CAMERA_FAILED}: {event.problem}")
            self._requested.discard(event.command)
        self._alarms.raise_alarm(CAMERA_FAILED, "minor", f"最近一张没有拍成（{event.problem[:300]}）")
