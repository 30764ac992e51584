"""Have stills of the room taken, and state each by a fact: after a touch, on command, at a door, at random moments.

A picture is evidence, never a condition of anything: a failure costs only the picture, and the county is told once that
a camera fails or sees no room. The camera's thread brings a picture's bytes onto the disk before the core hears of it,
so that no card waits for this. The file in the spool is released only when the picture's fact is on disk, too. So at
any moment a picture is in the spool, in the record, or both, and a power cut loses none.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from agent.camera.random_moments import RandomMoments
from agent.camera.spool_names import PictureRequest
from agent.clocking.duty_dates import DutyDates
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
"""Commands whose picture is under way. The rest of the camera's queue is left for touches and doors."""
_SUSPECT_DETAILS: dict[Suspect, str] = {
    "black": "画面全黑，请到现场查看镜头和灯光",
    "covered": "画面没有内容，镜头可能被遮挡",
    "frozen": "画面一直不变，摄像头可能已卡死",
}


class PictureTaker(Protocol):
    """Takes pictures in the background and puts `PictureTaken` into the inbox."""

    def request(self, request: PictureRequest) -> bool:
        """Ask for a picture; return False if too many are waiting. Never blocks."""

    def commands_in_spool(self) -> set[bytes]:
        """Return the county's commands whose pictures lie in the spool."""

    def release(self, spooled: str) -> None:
        """Remove a spool file, because its picture's fact is on disk."""

    def requeue(self, spooled: str) -> None:
        """Hand a spool file over again later, because the disk did not take its picture's fact."""


class PictureBlobs(Protocol):
    """Where pictures wait until the county has them."""

    def keep(self, sha256: bytes) -> bool:
        """Count a written picture among those that wait; return whether it is new. Raises StorageFailed."""

    def unwrite(self, sha256: bytes) -> None:
        """Remove a picture that was written and not kept. Raises StorageFailed."""

    def drop(self, sha256: bytes) -> None:
        """Remove a kept picture. Raises StorageFailed."""

    def surplus(self, *, room_for: int = 0) -> list[bytes]:
        """Return the oldest pictures that must be dropped so that there is room. This alone drops none."""


class Snapshots:
    """Asks the camera for pictures and brings them into the record. There may be no camera. Used on the core thread."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        twin: Twin,
        duty_dates: DutyDates,
        blobs: PictureBlobs,
        command_log: CommandLog,
        alarms: StandingAlarms,
        moments: RandomMoments,
        taker: PictureTaker | None,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._twin = twin
        self._duty_dates = duty_dates
        self._blobs = blobs
        self._taker = taker
        self._command_log = command_log
        self._alarms = alarms
        self._moments = moments
        self._requested: set[bytes] = set()
        """Commands whose picture is under way."""
        self._announced: set[bytes] = set()
        """By their SHA-256, the pictures whose facts an earlier run committed."""
        self._tried = False
        """The camera gave a picture, or failed to, in this run."""

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts which pictures an earlier run announced, and how many random ones it took."""
        # A picture of an earlier run may be in the spool although its fact is on disk, and must not be announced twice.
        # A picture of this run can't: it leaves the spool after its fact, or is not handed over again in this run.
        earlier = [fact for _, fact in facts]
        self._announced = {fact.sha256 for fact in earlier if isinstance(fact, BlobAnnounced)}
        self._moments.recall(earlier, self._duty_dates)

    @property
    def camera_ready(self) -> bool:
        """Whether there is a camera and its last picture came."""
        return self._taker is not None and not self._alarms.stands(CAMERA_FAILED)

    @property
    def camera_untried(self) -> bool:
        """Whether there is a camera of which nothing is known, because no picture was taken yet in this run."""
        return self._taker is not None and not self._tried and not self._alarms.stands(CAMERA_FAILED)

    @property
    def trouble(self) -> str:
        """A code for what people at the station can put right about the camera; empty if nothing is wrong."""
        if self._alarms.stands(CAMERA_FAILED):
            return "camera_failed"
        suspect = self._alarms.kind_of(CAMERA_SUSPECT)
        return f"camera_{suspect}" if suspect in _SUSPECT_DETAILS else ""

    def touch_recorded(self, ref: FactRef) -> None:
        """Ask for a picture about a touch, if the village's settings want pictures."""
        if self._taker is not None and self._twin.desired.settings.snapshots:
            self._taker.request(PictureRequest("touch", about=ref))

    def door_opened(self, ref: FactRef | None) -> None:
        """Ask for a picture about a door's opening, if the village's settings want pictures."""
        if self._taker is not None and self._twin.desired.settings.snapshots:
            self._taker.request(PictureRequest("door", about=ref))

    def request(self, command: bytes) -> str:
        """Ask for a picture on the county's command, whose result follows as a fact.

        Returns:
            Why there will be no picture (`protocol.result_reasons`), or an empty string.
        """
        if self._taker is None:
            return result_reasons.NO_CAMERA
        if len(self._requested) >= MAX_REQUESTED or not self._taker.request(
            PictureRequest("requested", command=command)
        ):
            return result_reasons.CAMERA_BUSY
        self._requested.add(command)
        return ""

    def is_spooled(self, command: bytes) -> bool:
        """Return whether the picture for this command lies in the spool, so that the command's result follows."""
        return self._taker is not None and command in self._taker.commands_in_spool()

    def tick(self) -> None:
        """Ask for a picture if this is a random moment of a duty window."""
        if self._taker is None:
            # An earlier run may have had a camera and an open alarm. A camera that is not there has nothing wrong.
            for code in (CAMERA_FAILED, CAMERA_SUSPECT):
                self._alarms.clear_alarm(code)
            return
        if not self._twin.desired.settings.snapshots or not self._clock.dated:
            return
        if self._moments.due(self._duty_dates, self._clock.now()):
            self._taker.request(PictureRequest("random"))

    def on_picture_taken(self, event: PictureTaken) -> None:
        """Announce a picture and finish the command that asked for it, or state that there is no picture."""
        self._tried = True
        if event.sha256 is None:
            if event.command is not None and self._command_log.is_open(event.command):
                self._command_log.finish(event.command, "failed", f"{result_reasons.CAMERA_FAILED}: {event.problem}")
                self._requested.discard(event.command)
            self._alarms.raise_alarm(CAMERA_FAILED, "minor", f"最近一张没有拍成（{event.problem[:300]}）")
            return
        self._alarms.clear_alarm(CAMERA_FAILED)
        if event.suspect == "":
            self._alarms.clear_alarm(CAMERA_SUSPECT)
        elif event.suspect is not None:  # None: a picture of an earlier run, which nobody judged
            self._alarms.raise_alarm(CAMERA_SUSPECT, "minor", _SUSPECT_DETAILS[event.suspect], kind=event.suspect)
        # The file in the spool goes only now: before its fact is on disk, it is all that a restart would know of.
        recorded = self._record(event, event.sha256)
        if self._taker is not None:
            (self._taker.release if recorded else self._taker.requeue)(event.spooled)

    def _record(self, event: PictureTaken, sha256: bytes) -> bool:
        """Commit a picture's facts in one transaction; return False if the disk did not take them."""
        known = sha256 in self._announced
        surplus = [] if known else self._blobs.surplus(room_for=event.size)
        facts: list[Fact] = []
        if not known:
            facts.append(
                BlobAnnounced(
                    at=self._clock.now(),
                    sha256=sha256,
                    size=event.size,
                    media_type="image/jpeg",
                    purpose=event.purpose,
                    about=event.about,
                )
            )
        result: PreparedResult | None = None
        if event.command is not None and self._command_log.is_open(event.command):
            result = self._command_log.prepare_result(event.command, "done", figures={"bytes": event.size})
            facts.append(result.fact)
        fresh = False
        try:
            # Kept before its fact is committed: keeping may fail, and a fact can't be taken back.
            fresh = not known and self._blobs.keep(sha256)
            if facts:
                self._fact_writer.commit(*facts, *self._evicted(surplus), state=result.state if result else None)
        except StorageError as error:
            log.warning("a picture waits in the spool: %s", error)
            if fresh:
                self._remove(self._blobs.drop, sha256)
            # A full disk needs the room first, or no fact would ever fit again. Another failure is not mended by room.
            if isinstance(error, StorageFull):
                self._drop(surplus)
                self._fact_writer.owe(*self._evicted(surplus))
            return False
        self._drop(surplus)
        if known:
            # The camera's thread wrote it again. If the first was sent and dropped, nothing else removes this one.
            self._remove(self._blobs.unwrite, sha256)
        if result:
            self._command_log.result_stored(result.fact.command)
            self._requested.discard(result.fact.command)
        return True

    def make_room(self) -> None:
        """Drop the oldest pictures if the disk runs short, so that facts always find room."""
        surplus = self._blobs.surplus()
        if surplus:
            log.warning("%d pictures give way to facts on a disk that runs short", len(surplus))
            try:
                self._fact_writer.commit(*self._evicted(surplus))
            except StorageFull:  # not even these facts have room: first the room, then the facts
                self._drop(surplus)
                self._fact_writer.owe(*self._evicted(surplus))
            except StorageFailed as error:
                log.warning("pictures stay for now: %s", error)
            else:
                self._drop(surplus)

    def _evicted(self, surplus: list[bytes]) -> list[Fact]:
        now = self._clock.now()
        return [BlobEvicted(at=now, sha256=lost, reason="disk") for lost in surplus]

    def _drop(self, surplus: list[bytes]) -> None:
        # After their facts, if the disk takes them. A power cut in between leaves a picture that is sent although a
        # fact says that it is gone, which does no harm. The other way round, the county would wait for it in vain.
        for sha256 in surplus:
            self._remove(self._blobs.drop, sha256)

    def _remove(self, remove: Callable[[bytes], None], sha256: bytes) -> None:
        try:
            remove(sha256)
        except StorageFailed as error:
            log.warning("a picture that is not wanted stays behind: %s", error)
