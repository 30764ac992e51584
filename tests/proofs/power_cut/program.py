"""One run of a station's program on a folder: the parts that write, connected as in the product, in one thread."""

import logging
import queue
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, cast

from agent.camera import camera_process
from agent.camera.camera_line import CameraLine
from agent.camera.camera_worker import CameraWorker
from agent.camera.live_view import LiveView
from agent.camera.random_moments import RandomMoments
from agent.camera.snapshots import Snapshots
from agent.camera.spool_names import PictureRequest, spool_name
from agent.cli import LAST_LOG
from agent.clocking.duty_dates import DutyDates
from agent.clocking.lamp import Lamp
from agent.clocking.lifecycle import Lifecycle
from agent.commands.command_log import CommandLog
from agent.commands.log_sending import LogSending
from agent.commands.log_tail import LogTail
from agent.config.station_config import OUTBOX_FILE
from agent.errands import fetch_by_errand
from agent.events import PictureTaken
from agent.identity.station_identity import load_identity
from agent.inbox import Inbox
from agent.kiosk.learning import Learning
from agent.kiosk.library import Library
from agent.kiosk.packs import PackShelf
from agent.kiosk.progress import PersonalProgress
from agent.kiosk.visits import Visits
from agent.ports import CameraFrame, Colour, DeviceError
from agent.station.commands import Commands
from agent.storage.blobs import BlobStore
from agent.storage.disk import Space
from agent.storage.durable import make_folder
from agent.storage.fact_writer import FactWriter
from agent.storage.outbox import Outbox
from agent.storage.outbox.disk import RealDisk
from agent.storage.recent import RecentFacts
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from agent.uplink.reconnector import BrokerEndpoints
from agent.uplink.traffic import TrafficLedger
from agent.vitals.alarms import StandingAlarms
from agent.vitals.last_boot import LastBoot
from protocol.commands import Command, LogTerms
from protocol.kiosk import ToKiosk
from protocol.twin import PackRef
from tests.fakes.clockwork import FakeSystemClock
from tests.proofs.power_cut.county import COUNTY_KEYS
from tests.proofs.power_cut.workload import STATION

PLENTY = Space(free_bytes=1 << 40, total_bytes=1 << 40)
_LOG_BYTES = LogTerms().kib * 1024


class Ears(Protocol):
    """Hears from outside what a program does."""

    def asked(self, key: str, value: bytes) -> None:
        """A value of the state is about to be stored."""

    def kept(self, key: str, value: bytes) -> None:
        """It was confirmed."""

    def lit(self, command: bytes) -> None:
        """The lamp blinked for a command."""


class Deaf:
    """Hears nothing."""

    def asked(self, key: str, value: bytes) -> None: ...

    def kept(self, key: str, value: bytes) -> None: ...

    def lit(self, command: bytes) -> None: ...


class _WatchedState:
    """The outbox's state table, with a listener."""

    def __init__(self, outbox: Outbox, ears: Ears) -> None:
        self._outbox = outbox
        self._ears = ears

    def get(self, key: str) -> bytes | None:
        return self._outbox.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._ears.asked(key, value)
        self._outbox.put(key, value)
        self._ears.kept(key, value)


class Screen:
    """A kiosk that remembers its last answer."""

    answered: ToKiosk | None = None

    def show(self, message: ToKiosk) -> None: ...

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        self.answered = message


class Program:
    """The parts that write. A second program on the same folder is the next start."""

    def __init__(
        self, folder: Path, *, vfs: str = "", system: FakeSystemClock | None = None, ears: Ears | None = None
    ) -> None:
        """Start, and raise whatever a start raises. Without ``system`` this is a boot of its own."""
        self._folder = folder
        identity = load_identity(folder)
        assert identity is not None
        self.identity = identity
        self.system = system or FakeSystemClock(boot=b"boot-after-a-cut", mono_ms=5_000)
        self._ears = ears or Deaf()
        self._given = b""
        self.tail = LogTail()
        self.tail.recall(folder / LAST_LOG)
        self.clock = StationClock(system=self.system, build_ms=1_700_000_000_000)
        self.now = self.clock.now
        self.outbox = Outbox.open(
            folder / OUTBOX_FILE,
            station=identity.station,
            record_key=identity.record_key,
            now=self.clock.now,
            disk=RealDisk(vfs=vfs),
        )
        try:
            self._begin()
        except BaseException:
            self.outbox.close()
            raise

    def _begin(self) -> None:
        self.state = _WatchedState(self.outbox, self._ears)
        self.clock.restore(self.state)
        self.journal = FactWriter(self.outbox)
        self.blobs = BlobStore(self._folder / "blobs", room=lambda: PLENTY)
        self.inbox = Inbox()
        self.spool = self._folder / "camera-spool"
        make_folder(self.spool)
        self._worker = CameraWorker(connect=_no_camera, spool=self.spool, write=self.blobs.write, inbox=self.inbox)
        self.twin = Twin(station=STATION, village="示例村", state=self.state)
        self.duty_dates = DutyDates(desired=lambda: self.twin.desired, latest=lambda: None, mono_ms=self.clock.mono_ms)
        recent = list(RecentFacts(self.outbox))
        self.command_log = CommandLog(clock=self.clock, fact_writer=self.journal, state=self.state)
        self.command_log.recall(recent)
        self.alarms = StandingAlarms(clock=self.clock, fact_writer=self.journal, state=self.state)
        self.snapshots = Snapshots(
            clock=self.clock,
            fact_writer=self.journal,
            twin=self.twin,
            duty_dates=self.duty_dates,
            blobs=self.blobs,
            command_log=self.command_log,
            alarms=self.alarms,
            moments=RandomMoments(random=lambda: 1.0),
            taker=self._worker,
        )
        self.snapshots.recall(recent)
        self.shelf = PackShelf(
            folder=self._folder / "packs",
            county_keys=COUNTY_KEYS,
            fetch=lambda ref: b"",
            inbox=self.inbox,
            mono_ms=self.clock.mono_ms,
        )
        self._begin_commands()
        self._begin_notes()

    def _begin_commands(self) -> None:
        logs = LogSending(
            clock=self.clock, fact_writer=self.journal, blobs=self.blobs, command_log=self.command_log, tail=self.tail
        )
        self.commands = Commands(
            clock=self.clock,
            command_log=self.command_log,
            inbox=self.inbox,
            lamp=Lamp(_Blinker(lambda: self._ears.lit(self._given))),
            snapshots=self.snapshots,
            logs=logs,
            live=cast(LiveView, _NoLiveView()),
        )

    def _begin_notes(self) -> None:
        self.moved_bytes = 0
        self.screen = Screen()
        self.last_boot = LastBoot(clock=self.clock, state=self.state, ended_well=False)
        self.lifecycle = Lifecycle(
            clock=self.clock, fact_writer=self.journal, duty_dates=self.duty_dates, state=self.state, software="proof"
        )
        self.endpoints = BrokerEndpoints(count=2, state=self.state, mono_ms=self.clock.mono_ms)
        self.traffic = TrafficLedger(
            clock=self.clock,
            fact_writer=self.journal,
            state=self.state,
            settings=lambda: self.twin.desired.settings,
            meters=[lambda: self.moved_bytes],
        )
        self.learning = Learning(
            clock=self.clock,
            fact_writer=self.journal,
            state=self.state,
            twin=self.twin,
            library=Library(self.shelf),
            screens=self.screen,
            visits=Visits(
                clock=self.clock,
                fact_writer=self.journal,
                twin=self.twin,
                screens=self.screen,
                can=lambda visit: [],
                number_of=lambda person: "",
                next_meeting=lambda person: None,
            ),
            progress=PersonalProgress(
                clock=self.clock,
                state=self.state,
                twin=self.twin,
                county=lambda person: None,
                keys=lambda pack, question, version: None,
            ),
            random=random.Random(1),
        )

    def date(self) -> None:
        """Have the county tell the time."""
        now = self.system.mono_ms()
        facts = self.clock.take_county_time(self.system.wall_ms(), asked_mono_ms=now, answered_mono_ms=now)
        if facts:
            self.journal.owe(*facts)

    def log(self, text: str) -> bytes:
        """Log a line; return the hash of the log's end as a command would send it."""
        self.tail.emit(logging.makeLogRecord({"msg": text}))
        return sha256(self.tail.last(_LOG_BYTES)).digest()

    def save_log(self) -> None:
        """Leave the log's end for the next run."""
        self.tail.save(self._folder / LAST_LOG)

    def recall_log(self) -> None:
        """Read what an earlier run left."""
        self.tail.recall(self._folder / LAST_LOG)

    def carry_out(self, command: Command, jpeg: bytes) -> None:
        """Carry out a command. If it asks for a picture, take the picture and record it."""
        if not self.clock.dated:
            self.date()
        self._given = command.id
        self.commands.execute(command)
        while (wanted := self._next_wanted()) is not None:
            answer = self.photograph(jpeg, sha256(jpeg).hexdigest()[:16], wanted)
            if answer != "ok":
                self._worker._report_failure(wanted, answer)
        for event in self.hand_over():
            self.snapshots.on_picture_taken(event)

    def _next_wanted(self) -> PictureRequest | None:
        try:
            wanted = self._worker._asked.get_nowait()
        except queue.Empty:
            return None
        assert isinstance(wanted, PictureRequest)
        return wanted

    def photograph(self, jpeg: bytes, unique: str, wanted: PictureRequest = PictureRequest("touch")) -> str:  # noqa: B008 - immutable
        """Have the camera's process take a picture into the spool and return its answer."""
        name = spool_name(wanted, unique)
        reply, _ = camera_process.answer_request(_Film(), lambda _: (jpeg, ""), self.spool, name)
        return str(reply)

    def hand_over(self) -> list[PictureTaken]:
        """Move the spool's files into the blob store, and return the events for the core."""
        self._worker._hand_over()
        events = []
        while (event := self.inbox.get(timeout_s=0)) is not None:
            assert isinstance(event, PictureTaken)
            events.append(event)
        return events

    def fetch(self, ref: PackRef) -> bytes:
        """Fetch a pack's file from the county that `county.serving` stands for, as the product does it."""
        folder = self._folder / "downloads"
        url, authority = "https://county.example", Path("/dev/null")
        return fetch_by_errand(url, authority, ref.sha256, ref.size, folder=folder, billed=lambda _: None)

    @property
    def fetching(self) -> bool:
        """Whether a part of a file lies in the folder for downloads."""
        folder = self._folder / "downloads"
        return folder.is_dir() and any(folder.iterdir())

    def close(self) -> None:
        self.outbox.close()


class _Blinker:
    """A lamp that reports its blinks."""

    simulated = True
    ready = True

    def __init__(self, blinked: Callable[[], None]) -> None:
        self._blinked = blinked

    def show(self, colour: Colour, *, fact: str) -> None:
        self._blinked()

    def close(self) -> None:
        """There is nothing to close."""


class _NoLiveView:
    """Nobody looks into this room."""

    def start(self, command: Any) -> None: ...

    def end(self, why: Any) -> None: ...


class _Film:
    """A camera whose pictures are made elsewhere."""

    simulated = True

    def capture(self) -> CameraFrame:
        raise DeviceError("these pictures are developed elsewhere")

    def close(self) -> None:
        """There is nothing to close."""


def _no_camera() -> CameraLine:
    raise OSError("the pictures of this workload lie in the spool already")
