"""Live view: send frames of the room to the county for a leased time, while the kiosk tells the village so.

The order protects the people in the room: first a fact that the view begins, then the announcement on the kiosk, and
only then a frame. The lease ends when its time or its data is used up, or when the link, the camera or the kiosk is
lost, so that nobody is watched without being told. Frames are stored nowhere, neither here nor in the county.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.commands.command_log import CommandLog
from agent.events import FrameTaken
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from protocol import result_reasons
from protocol.commands import Command, LiveTerms
from protocol.facts import LiveEnd, LiveViewBegan, LiveViewEnded
from protocol.frames import MAX_FRAME_BYTES
from protocol.kiosk import LiveShown

log = logging.getLogger(__name__)

FIRST_FRAME_MS = 1_500
"""From the announcement to the first frame, so that people see the announcement first."""
RESTING_MS = 60_000
MAX_FAILURES = 3
"""How many failed frames in a row end the lease."""


class FrameTaker(Protocol):
    """Takes a frame in the background and puts `FrameTaken` into the inbox."""

    def request_frame(self, command: bytes) -> bool:
        """Ask for a frame that is not stored; return False if too many pictures are waiting. Never blocks."""


class FrameWay(Protocol):
    """Sends frames to the county: the uplink."""

    @property
    def connected(self) -> bool:
        """Whether the station is connected to the county."""

    @property
    def frames_stuck(self) -> bool:
        """Whether the connection has let no frame through for too long."""

    @property
    def frame_free(self) -> bool:
        """Whether a frame can be sent now."""

    def expect_frames(self, expected: bool) -> None:
        """Say whether frames will come, so that the connection is not replaced without need."""

    def offer_frame(self, command: bytes, number: int, jpeg: bytes) -> bool:
        """Send a frame; return False if it can't be sent now."""

    def end_frames(self) -> None:
        """Send no more of the frame that is being sent."""


class _Lease(Struct):
    """One live view that runs. Times are of the boot's monotonic clock."""

    command: bytes
    terms: LiveTerms
    began_ms: int
    next_ms: int
    asked: bool = False
    """A frame is asked for and has not come."""
    frames: int = 0
    size: int = 0
    failures: int = 0

    @property
    def until_ms(self) -> int:
        return self.began_ms + self.terms.seconds * 1000


class LiveView:
    """Runs at most one lease at a time. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        command_log: CommandLog,
        screens: KioskScreens,
        watched: Callable[[], bool],
        saving: Callable[[], bool],
        camera: FrameTaker | None,
    ) -> None:
        """Make it, with no lease.

        Args:
            watched: Whether a kiosk is connected that shows the announcement.
            saving: Whether pictures are put off because the month's data run short.
        """
        self._clock = clock
        self._fact_writer = fact_writer
        self._command_log = command_log
        self._screens = screens
        self._watched = watched
        self._saving = saving
        self._camera = camera
        self._lease: _Lease | None = None
        self._frame = b""
        """A frame that was taken and not sent yet."""

    def start(self, command: Command) -> None:
        """Begin a lease, or state in the command's result why not."""
        objection = self._objection()
        if not objection:
            began = LiveViewBegan(
                at=self._clock.now(),
                command=command.id,
                issuer=command.issuer,
                viewer=command.live.viewer,
                reason=command.reason,
                seconds=command.live.seconds,
            )
            try:
                self._fact_writer.commit(began)
            except StorageError as error:
                objection = f"{result_reasons.NOT_RECORDED}: {error}"
        if objection:
            self._command_log.finish(command.id, "failed", objection)
            return
        now = self._clock.mono_ms()
        self._lease = _Lease(command.id, command.live, began_ms=now, next_ms=now + FIRST_FRAME_MS)
        self._screens.show(self._shown())

    def _objection(self) -> str:
        if self._camera is None:
            return result_reasons.NO_CAMERA
        if self._lease is not None:
            return result_reasons.ALREADY_VIEWED
        if not self._watched():
            return result_reasons.NO_KIOSK
        return result_reasons.DATA_SHORT if self._saving() else ""

    def joined(self, kiosk: int) -> None:
        """Show the announcement on a kiosk that has just connected, if a view runs."""
        if self._lease is not None:
            self._screens.answer(kiosk, self._shown())

    def _shown(self) -> LiveShown:
        lease = self._lease
        if lease is None:
            return LiveShown()
        left_ms = max(0, lease.until_ms - self._clock.mono_ms())
        return LiveShown(viewer=lease.terms.viewer, left_s=-(-left_ms // 1000))

    def on_frame_taken(self, event: FrameTaken) -> None:
        """Keep a frame until the next `tick` sends it, or count a failure."""
        lease = self._lease
        if lease is None or event.command != lease.command:
            return  # it was asked for by a lease that is over
        lease.asked = False
        if event.problem or not 0 < len(event.jpeg) <= MAX_FRAME_BYTES:
            lease.failures += 1
            log.info("no frame: %s", event.problem or f"{len(event.jpeg)} bytes")
        else:
            lease.failures = 0
            self._frame = event.jpeg

    def tick(self, way: FrameWay) -> int:
        """End the lease, send a frame or ask for one, if due; return in how many milliseconds to call again."""
        lease = self._lease
        if lease is not None and (why := self._over(lease, way)):
            self.end(why)
            way.end_frames()
            lease = None
        way.expect_frames(lease is not None)
        if lease is None:
            return RESTING_MS
        if self._frame and way.offer_frame(lease.command, lease.frames + 1, self._frame):
            lease.frames += 1
            lease.size += len(self._frame)
            self._frame = b""
        # A frame is asked for only when it could be sent at once: a slow line gets fewer frames, and no old ones.
        now = self._clock.mono_ms()
        if self._camera and not lease.asked and not self._frame and way.frame_free and now >= lease.next_ms:
            lease.next_ms = now + 60_000 // lease.terms.frames_a_minute
            lease.asked = self._camera.request_frame(lease.command)
            # A camera that takes no request fails as one that takes no frame: too often in a row, and the lease ends.
            lease.failures += not lease.asked
        due = lease.until_ms if lease.asked or now >= lease.next_ms else min(lease.next_ms, lease.until_ms)
        return max(0, min(due - now, 1_000))

    def _over(self, lease: _Lease, way: FrameWay) -> LiveEnd | None:
        if not way.connected or way.frames_stuck:
            return "link"
        if self._clock.mono_ms() >= lease.until_ms:
            return "time"
        if self._saving() or lease.size + len(self._frame) > lease.terms.kib * 1024:
            return "data"
        if not self._watched():
            return "kiosk"
        return "camera" if lease.failures >= MAX_FAILURES else None

    def end(self, why: LiveEnd) -> None:
        """End the lease, if there is one: commit the fact and the command's result together, then tell the screens."""
        lease = self._lease
        if lease is None:
            return
        self._lease, self._frame = None, b""
        seconds = (self._clock.mono_ms() - lease.began_ms) // 1000
        figures = {"frames": lease.frames, "bytes": lease.size, "seconds": seconds}
        result = self._command_log.prepare_result(
            lease.command, "done" if lease.frames else "failed", why, figures=figures
        )
        # Even if the disk takes them only later, fact, result and note go into one transaction and can't be separated.
        self._command_log.result_stored(lease.command)
        ended = LiveViewEnded(
            at=self._clock.now(),
            command=lease.command,
            why=why,
            frames=lease.frames,
            sent_bytes=lease.size,
            seconds=seconds,
        )
        self._fact_writer.owe(ended, result.fact, state=result.state)
        self._screens.show(LiveShown())
