"""A station's rules on a bench: the real outbox on a real disk, everything else recorded in one order."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.camera.live_view import LiveView
from agent.camera.random_moments import RandomMoments
from agent.camera.snapshots import Snapshots
from agent.camera.spool_names import PictureRequest
from agent.clocking.desk import ClockingDesk
from agent.clocking.lamp import Lamp
from agent.clocking.lifecycle import Lifecycle
from agent.clocking.touch_history import TouchHistory
from agent.clocking.unread_cards import UnreadCards
from agent.commands.command_log import CommandLog
from agent.commands.log_sending import LogSending
from agent.commands.log_tail import LogTail
from agent.events import PackFetched
from agent.inbox import Inbox
from agent.inputs.contacts import Contacts
from agent.kiosk.home_publisher import HomePublisher
from agent.kiosk.learning import Learning
from agent.kiosk.packs import PackShelf
from agent.ports import Colour
from agent.station.commands import Commands
from agent.storage.errors import StorageFailed, StorageFull
from agent.storage.fact_writer import FactWriter
from agent.storage.outbox import Outbox
from agent.storage.recent import recent_facts
from agent.timekeeping.clock import StationClock
from agent.twin import EffectiveState, Twin, effective_state
from agent.uplink.traffic import TrafficLedger
from agent.vitals.alarms import StandingAlarms
from agent.vitals.health import StationHealth
from agent.vitals.last_boot import LastBoot, ended_in_order
from protocol.cards import card_token
from protocol.facts import Fact
from protocol.health import DeviceHealth
from protocol.kiosk import ToKiosk, TouchShown
from protocol.signing import key_id
from protocol.twin import Card, Desired, DutyWindow, PackRef, Person, Settings, judge_settings
from protocol.units import FactRef, Moment
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.devices import FakeIndicator

STATION = "test-0001"
CARD_KEY = bytes(range(32))
ZHANG, LI, LOST, STRANGER = "04a1b2c3d4e5f6", "04b1b2c3d4e5f6", "04c1b2c3d4e5f6", "04d1b2c3d4e5f6"
RUN_KEY = Ed25519PrivateKey.generate()
COUNTY_KEY = Ed25519PrivateKey.generate()
COUNTY_KEYS = {key_id(COUNTY_KEY.public_key().public_bytes_raw()): COUNTY_KEY.public_key().public_bytes_raw()}


def window(name: str, start: int, end: int, *people: str, weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)) -> DutyWindow:
    """Return a duty window; times in minutes after midnight."""
    return DutyWindow(id=name, name=name, weekdays=list(weekdays), start=start, end=end, people=list(people))


def desired(
    *, version: int = 1, settings: dict[str, object] | None = None, packs: list[PackRef] | None = None
) -> Desired:
    """Return a village of two people with a morning and an afternoon."""
    return Desired(
        station=STATION,
        version=version,
        station_name="示例村站点",
        village="示例村",
        settings=settings or {},
        people=[Person(id="p1", name="张示例"), Person(id="p2", name="李示例")],
        cards=[
            Card(token=card_token(CARD_KEY, ZHANG), person="p1"),
            Card(token=card_token(CARD_KEY, LI), person="p2"),
            Card(token=card_token(CARD_KEY, LOST), person="p2", lost=True),
        ],
        windows=[window("am", 510, 720, "p1", "p2"), window("pm", 870, 1050, "p1")],
        packs=packs or [],
    )


def village(*, settings: dict[str, object] | None = None, windows: list[DutyWindow] | None = None) -> EffectiveState:
    """Return the village of `desired` as it is in force, with other windows where these are given."""
    wanted = desired(settings=settings)
    judged = judge_settings(wanted.settings, last_good=Settings())
    return effective_state(
        wanted if windows is None else msgspec.structs.replace(wanted, windows=windows), judged.settings
    )


class Recorded:
    """What happened, in order: screens, pictures and lamp write into one list."""

    def __init__(self) -> None:
        self.order: list[tuple[str, object]] = []

    def show(self, message: ToKiosk) -> None:
        self.order.append(("kiosk", message))

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        self.order.append((f"kiosk {kiosk}", message))

    def touch_recorded(self, ref: FactRef) -> None:
        self.order.append(("picture", ref))

    def handled(self, kiosk: int) -> None:
        self.order.append(("handled", kiosk))

    @property
    def touches(self) -> list[TouchShown]:
        """What was shown about touches."""
        return [what for _, what in self.order if isinstance(what, TouchShown)]

    @property
    def answers(self) -> list[object]:
        """What single kiosks were answered."""
        return [what for who, what in self.order if who.startswith("kiosk ")]

    @property
    def pictures(self) -> list[object]:
        return [what for who, what in self.order if who == "picture"]


class RecordedLamp(FakeIndicator):
    """A lamp whose lights stand in the common order."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__()
        self._recorded = recorded

    def show(self, colour: Colour, *, fact: str) -> None:
        super().show(colour, fact=fact)
        self._recorded.order.append(("lamp", (colour, fact)))


class WatchedOutbox:
    """The real outbox; it notes each commit in the common order and can say that the disk is full."""

    def __init__(self, outbox: Outbox, recorded: Recorded) -> None:
        self.real = outbox
        self.error: Exception | None = None
        self.commits = 0
        self._recorded = recorded

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        if self.error is not None:
            raise self.error
        refs = self.real.commit(*facts, state=state)
        self.commits += 1
        self._recorded.order.append(("commit", list(facts)))
        return refs

    def get(self, key: str) -> bytes | None:
        return self.real.get(key)

    def put(self, key: str, value: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.real.put(key, value)

    def fill_disk(self) -> None:
        self.error = StorageFull("no room")


class FakeTaker:
    """A camera that is asked and answers when the test says."""

    def __init__(self) -> None:
        self.asked: list[PictureRequest] = []
        self.in_spool: set[bytes] = set()
        self.over: list[str] = []
        self.back: list[str] = []
        self.full = False
        self.frames: list[bytes] = []

    def request(self, wanted: PictureRequest) -> bool:
        if not self.full:
            self.asked.append(wanted)
        return not self.full

    def commands_in_spool(self) -> set[bytes]:
        return self.in_spool

    def request_frame(self, command: bytes) -> bool:
        if not self.full:
            self.frames.append(command)
        return not self.full

    def release(self, spooled: str) -> None:
        self.over.append(spooled)

    def requeue(self, spooled: str) -> None:
        self.back.append(spooled)


class MemoryBlobs:
    """Blobs in memory, with as little room as the test wants."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.written: dict[bytes, bytes] = {}
        self.too_many: list[bytes] = []

    def write(self, content: bytes) -> bytes:
        sha256 = hashlib.sha256(content).digest()
        if sha256 not in self.kept:
            self.written[sha256] = content
        return sha256

    def keep(self, sha256: bytes) -> bool:
        if sha256 in self.kept:
            return False
        if sha256 not in self.written:
            raise StorageFailed("gone")
        self.kept[sha256] = self.written.pop(sha256)
        return True

    def unwrite(self, sha256: bytes) -> None:
        self.written.pop(sha256, None)

    def drop(self, sha256: bytes) -> None:
        self.kept.pop(sha256, None)
        self.too_many = [other for other in self.too_many if other != sha256]

    def surplus(self, *, room_for: int = 0) -> list[bytes]:
        return list(self.too_many)


class Bench:
    """The parts of one station."""

    def __init__(self, folder: Path, system: FakeSystemClock, *, trusted: bool = True) -> None:
        self.folder = folder
        self.system = system
        self.clock = StationClock(system=system, build_ms=1_780_000_000_000)
        self.recorded = Recorded()
        real = Outbox.open(folder / "outbox.db", station=STATION, record_key=RUN_KEY, now=self.clock.now)
        self.recent = list(recent_facts(real))
        self.outbox = WatchedOutbox(real, self.recorded)
        self.clock.restore(self.outbox, last_fact=self.recent[-1][1].at if len(self.recent) > 1 else None)
        if trusted:
            self.clock.take_county_time(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        self.journal = FactWriter(self.outbox)
        self.twin = Twin(station=STATION, village="示例村", state=self.outbox)
        self.today = TouchHistory(clock=self.clock, twin=self.twin)
        self.today.recall(self.recent)
        self.indicator = RecordedLamp(self.recorded)
        self.lamp = Lamp(self.indicator)
        self.taker = FakeTaker()
        self.blobs = MemoryBlobs()
        self.inbox = Inbox()
        self.chance = 1.0
        """What random moments draw, from [0, 1]: 1 is never."""
        self.command_log = CommandLog(clock=self.clock, fact_writer=self.journal, state=self.outbox)
        self.command_log.recall(self.recent)
        self.alarms = StandingAlarms(clock=self.clock, fact_writer=self.journal, state=self.outbox)
        self.snapshots = Snapshots(
            clock=self.clock,
            fact_writer=self.journal,
            twin=self.twin,
            blobs=self.blobs,
            command_log=self.command_log,
            alarms=self.alarms,
            moments=RandomMoments(random=lambda: self.chance),
            taker=self.taker,
        )
        self.snapshots.recall(self.recent)
        self.contacts = Contacts(
            clock=self.clock,
            fact_writer=self.journal,
            twin=self.twin,
            pictures=self.snapshots,
            alarms=self.alarms,
            sensors={"大门": "door", "大厅": "motion"},
        )
        self.contacts.recall(self.recent)
        self.desk = ClockingDesk(
            clock=self.clock,
            fact_writer=self.journal,
            twin=self.twin,
            history=self.today,
            lamp=self.lamp,
            screens=self.recorded,
            pictures=self.recorded,
            unread=UnreadCards(self.alarms),
            card_key=CARD_KEY,
        )
        self.lifecycle = Lifecycle(
            clock=self.clock, fact_writer=self.journal, twin=self.twin, state=self.outbox, software="cunhui-agent test"
        )
        self.last_boot = LastBoot(
            clock=self.clock, state=self.outbox, ended_well=ended_in_order(fact for _, fact in self.recent)
        )
        self.free_kib = 4_000_000
        self.health = StationHealth(
            clock=self.clock,
            alarms=self.alarms,
            last_boot=self.last_boot,
            last_alive=lambda: self.lifecycle.last_alive,
            free_kib=lambda: self.free_kib,
            written_kib=lambda: 2_048,
            devices=lambda: [DeviceHealth(name=name, kind="reader", ready=ready) for name, ready in self.readers()],
        )
        self.shelf = PackShelf(
            folder=folder / "packs",
            county_keys=COUNTY_KEYS,
            fetch=self.fetch,
            inbox=self.inbox,
            mono_ms=system.mono_ms,
        )
        self.files: dict[bytes, bytes] = {}
        self.learning = Learning(
            clock=self.clock,
            fact_writer=self.journal,
            state=self.outbox,
            shelf=self.shelf,
            screens=self.recorded,
            random=Random(1),
        )
        self.log_tail = LogTail()
        self.watched, self.saving = True, False
        self.live = LiveView(
            clock=self.clock,
            fact_writer=self.journal,
            command_log=self.command_log,
            screens=self.recorded,
            watched=lambda: self.watched,
            saving=lambda: self.saving,
            camera=self.taker,
        )
        self.commands = Commands(
            clock=self.clock,
            command_log=self.command_log,
            inbox=self.inbox,
            lamp=self.lamp,
            snapshots=self.snapshots,
            logs=LogSending(
                clock=self.clock,
                fact_writer=self.journal,
                blobs=self.blobs,
                command_log=self.command_log,
                tail=self.log_tail,
            ),
            live=self.live,
        )

        self.moved = 0
        self.traffic = TrafficLedger(
            clock=self.clock,
            fact_writer=self.journal,
            state=self.outbox,
            settings=lambda: self.twin.desired.settings,
            meters=[lambda: self.moved],
        )

    def readers(self) -> list[tuple[str, bool]]:
        """The readers that were heard of."""
        return list(self.lifecycle.readers.items())

    def fetch(self, ref: PackRef) -> bytes:
        """The county's download: only what the test put into ``files``."""
        if ref.sha256 not in self.files:
            raise OSError("not there")
        return self.files[ref.sha256]

    def fetched(self) -> PackFetched:
        """Wait for the fetch that runs."""
        event = self.inbox.get(timeout_s=5)
        assert isinstance(event, PackFetched)
        return event

    def accept(self, wanted: Desired) -> None:
        assert self.twin.accept(wanted, at=self.clock.now()).refused == 0

    def touch(self, uid: str) -> TouchShown:
        """Touch a card and return what the person saw."""
        before = len(self.recorded.touches)
        self.desk.card_touched(uid, "fake")
        (shown,) = self.recorded.touches[before:]
        return shown

    def facts(self) -> list[Fact]:
        """Return every fact on disk, read back."""
        return [fact for _, fact in recent_facts(self.outbox.real)]

    def of[F](self, kind: type[F]) -> list[F]:
        """Return the facts of one kind on disk."""
        return [fact for fact in self.facts() if isinstance(fact, kind)]

    def county_told(self, wall_ms: int) -> list[Fact]:
        """The county says how late it is, and a time service that is well agrees: no earlier word of it counts more."""
        machine, self.system.wall, self.system.synced = self.system.wall, wall_ms, True
        self.clock.take_ntp_state(well=True, mono_ms=self.system.mono)
        facts = self.clock.take_county_time(wall_ms, asked_mono_ms=self.system.mono, answered_mono_ms=self.system.mono)
        self.clock.take_ntp_state(well=False, mono_ms=self.system.mono)
        self.system.wall, self.system.synced = machine, False
        return facts

    def now(self) -> Moment:
        return self.clock.now()

    def home(self) -> HomePublisher:
        """Make what keeps this station's home screen."""
        return HomePublisher(
            station=STATION,
            clock=self.clock,
            twin=self.twin,
            history=self.today,
            learning=self.learning,
            lifecycle=self.lifecycle,
            screens=self.recorded,
            waiting=lambda: self.outbox.real.waiting,
            simulated=["reader"],
            notice=lambda: self.snapshots.notice,
        )


@contextmanager
def bench(folder: Path, system: FakeSystemClock, *, trusted: bool = True) -> Iterator[Bench]:
    """Open a station in ``folder``; opened again it is the same station after a restart."""
    made = Bench(folder, system, trusted=trusted)
    try:
        yield made
    finally:
        made.outbox.real.close()
