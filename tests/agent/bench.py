"""A station on a bench: the real outbox on a real disk, and everything else is recorded in one list."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.camera.spool_names import PictureRequest
from agent.clocking.duty_dates import DutyDates
from agent.commands.log_tail import LogTail
from agent.drivers.simulated_machine import SimulatedMachine
from agent.events import KioskSaid, PackFetched, PinWorked, RenewalEnded, ShelfMoved
from agent.identity.county_keys import CountyKeys
from agent.inbox import Inbox
from agent.ports import Colour, NtpState
from agent.station.notify import Notifier
from agent.storage.errors import Damaged, StorageFailed, StorageFull
from agent.storage.outbox import Outbox
from agent.storage.recent import RecentFacts
from agent.timekeeping.clock import StationClock
from agent.twin import EffectiveState, effective_state
from agent.vitals.last_update import Reverted
from agent.wiring.duty_turns import latest_turns
from agent.wiring.parts import Station
from agent.wiring.ports import StationCamera, StationPorts, StationSpeaker
from protocol.cards import card_token
from protocol.duty_days import DutyDays
from protocol.facts import Fact
from protocol.kiosk import ToAgent, ToKiosk, TouchShown
from protocol.kiosk_visits import EnterNumber
from protocol.receipts import Receipt
from protocol.signing import key_id
from protocol.twin import Card, Desired, DutyWindow, PackRef, Person, Settings, judge_settings
from protocol.units import FactRef, Moment
from tests.fakes.bundles import FakeBundles
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.devices import FakeContact, FakeIndicator, FakeReader, FakeSpeaker
from tests.fakes.link import FakeLink
from tests.fakes.shelf_source import ShelfCounty

STATION = "test-0001"
CARD_KEY = bytes(range(32))
ZHANG, LI, LOST, STRANGER = "04a1b2c3d4e5f6", "04b1b2c3d4e5f6", "04c1b2c3d4e5f6", "04d1b2c3d4e5f6"
CROWD = [f"04{number:012x}" for number in range(1000)]
"""As many cards as a village can have: unknown ones are not recorded at a machine's pace."""
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


def crowd(cards: int, *, station: str = STATION, version: int = 1) -> Desired:
    """Return a village with the first cards of `CROWD`, two of each person."""
    known = [Card(token=card_token(CARD_KEY, uid), person=f"c{n // 2}") for n, uid in enumerate(CROWD[:cards])]
    people = [Person(id=f"c{n}", name=f"示例{n}") for n in range(len(known) // 2)]
    return msgspec.structs.replace(desired(version=version), station=station, people=people, cards=known)


def village(*, settings: dict[str, object] | None = None, windows: list[DutyWindow] | None = None) -> EffectiveState:
    """Return the village of `desired` as it is in force, with other windows where these are given."""
    wanted = desired(settings=settings)
    judged = judge_settings(wanted.settings, last_good=Settings())
    return effective_state(
        wanted if windows is None else msgspec.structs.replace(wanted, windows=windows), judged.settings
    )


def dates_of(state: EffectiveState, turns: DutyDays | None = None) -> DutyDates:
    """Return who has duty by this state alone, or by these dated turns."""
    bundles = FakeBundles()
    if turns is not None:
        bundles.put("duty", turns)
    return DutyDates(desired=lambda: state, latest=lambda: latest_turns(bundles), mono_ms=lambda: 0)


class Recorded:
    """What happened, in order: kiosks, camera, lamp and outbox write into one list.

    It also stands in for the kiosks.
    """

    watched = True

    def __init__(self) -> None:
        self.order: list[tuple[str, object]] = []

    def start(self) -> None:
        """Nobody connects."""

    def stop(self) -> None:
        """Nobody was connected."""

    def show(self, message: ToKiosk) -> None:
        self.order.append(("kiosk", message))

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        self.order.append((f"kiosk {kiosk}", message))

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
        """The touches about which the camera was asked for a picture."""
        return [what for who, what in self.order if who == "picture"]


class RecordedLamp(FakeIndicator):
    """A lamp that writes its lights into the common list."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__()
        self._recorded = recorded

    def show(self, colour: Colour, *, fact: str) -> None:
        super().show(colour, fact=fact)
        self._recorded.order.append(("lamp", (colour, fact)))


class WatchedOutbox(Outbox):
    """The real outbox. It writes each commit into the common list, and can say that the disk is full."""

    recorded: Recorded
    error: Exception | None = None
    commits = 0
    prunes = 0

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        if self.error is not None:
            raise self.error
        refs = super().commit(*facts, state=state)
        self.commits += 1
        self.recorded.order.append(("commit", list(facts)))
        return refs

    def put(self, key: str, value: bytes) -> None:
        if self.error is not None:
            raise self.error
        super().put(key, value)

    def prune_some(self, *, before_wall_ms: int) -> int:
        self.prunes += 1
        return super().prune_some(before_wall_ms=before_wall_ms)

    @property
    def damage(self) -> Damaged | None:
        """Damage that a test wants counts as found by a write, as in the real outbox."""
        return self.error if isinstance(self.error, Damaged) else super().damage

    def fill_disk(self) -> None:
        self.error = StorageFull("no room")


class FakeTaker:
    """A camera that answers when the test says. It writes requests about touches into the common list."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self.asked: list[PictureRequest] = []
        self.in_spool: set[bytes] = set()
        self.over: list[str] = []
        self.back: list[str] = []
        self.full = False
        self.frames: list[bytes] = []

    def start(self) -> None:
        """It has no thread."""

    def stop(self) -> None:
        """It has no thread."""

    def request(self, wanted: PictureRequest) -> bool:
        if wanted.purpose == "touch":
            self._recorded.order.append(("picture", wanted.about))
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

    @property
    def waiting(self) -> int:
        return len(self.kept)

    def pending(self) -> list[tuple[bytes, int]]:
        return [(sha256, len(content)) for sha256, content in self.kept.items()]

    def read(self, sha256: bytes, offset: int, length: int) -> bytes:
        return self.kept[sha256][offset : offset + length]

    def intact(self, sha256: bytes) -> bool:
        return sha256 in self.kept


class WellTimeService:
    """Implements `agent.ports.TimeService`."""

    def read(self) -> NtpState:
        return NtpState("chrony", "")


class Bench(Station):
    """A station as the product wires it, on fakes. Its threads rest unless a test runs its core."""

    def __init__(self, folder: Path, system: FakeSystemClock, *, trusted: bool = True, camera: bool = True) -> None:
        self.folder = folder
        self.system = system
        self.recorded = Recorded()
        self.indicator = RecordedLamp(self.recorded)
        self.taker = FakeTaker(self.recorded)
        self.reader = FakeReader()
        self.speaker = FakeSpeaker(reads=True)
        self.blobs = MemoryBlobs()
        self.link = FakeLink()
        self.log_tail = LogTail()
        self.county = ShelfCounty(COUNTY_KEY, STATION)
        self.files: dict[bytes, bytes] = {}
        """The packs that `fetch` finds, by their SHA-256."""
        self.bundles = FakeBundles()
        """What the county's bundles offer."""
        self.chance = 1.0
        self.reverted: Reverted | None = None
        """What random moments draw, from [0, 1]: 1 is never."""
        self.free_kib = 4_000_000
        self.moved = 0
        """Bytes that the line was billed for."""
        self.clock = StationClock(system=system, build_ms=1_780_000_000_000)
        self.outbox = WatchedOutbox.open(folder / "outbox.db", station=STATION, record_key=RUN_KEY, now=self.clock.now)
        self.outbox.recorded = self.recorded
        self.recent = list(RecentFacts(self.outbox))
        super().__init__(self._fakes(camera=camera))
        if trusted:
            self.clock.take_county_time(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)

    def _fakes(self, *, camera: bool) -> StationPorts:
        return StationPorts(
            station=STATION,
            village="示例村",
            shard=0,
            software="cunhui-agent test",
            reverted=lambda: self.reverted,
            card_key=CARD_KEY,
            clock=self.clock,
            chance=lambda: self.chance,
            random=Random(1),
            inbox=Inbox(),
            notifier=Notifier(environ={}, mono_ms=self.clock.mono_ms),
            log_tail=self.log_tail,
            folder=self.folder,
            outbox=self.outbox,
            blobs=self.blobs,
            free_kib=lambda: self.free_kib,
            written_kib=lambda: 2_048,
            readers={"fake": self.reader},
            contacts={"大门": FakeContact(), "大厅": FakeContact()},
            sensors={"大门": "door", "大厅": "motion"},
            indicator=self.indicator,
            indicator_name="lamp",
            camera=StationCamera("camera", True, self.taker) if camera else None,
            keyboards=[],
            kiosks=self.recorded,
            machine=SimulatedMachine(folder=self.folder, file=self.folder / "machine.json"),
            time_service=WellTimeService(),
            time_hints=[],
            county_keys=CountyKeys(COUNTY_KEYS.values()),
            link=self.link,
            endpoints=1,
            fetch=self.fetch,
            open_shelf_source=self.county.opened,
            renew=lambda wall_ms, anyway: RenewalEnded(due_ms=2**62),
            meters=[lambda: self.moved],
            speaker=StationSpeaker("speaker", self.speaker),
            offered=self.bundles,
        )

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

    def make_trip(self) -> None:
        """Have the shelf make the trip that is due, if one is, and let the core act on it."""
        self.shelf.tick(facts_wait=False)
        if self.shelf.busy:
            self.end_trip()

    def end_trip(self) -> None:
        """Wait for the trip that is under way, and let the core act on it."""
        ended = False
        while not ended:
            event = self.inbox.get(timeout_s=10)
            assert isinstance(event, ShelfMoved)
            self.shelf.moved(event)
            ended = event.ended

    def accept(self, wanted: Desired) -> None:
        assert self.twin.accept(wanted, at=self.clock.now()).refused == 0

    def touch(self, uid: str) -> TouchShown:
        """Touch a card and return what the person saw."""
        before = len(self.recorded.touches)
        self.desk.card_touched(uid, "fake")
        (shown,) = self.recorded.touches[before:]
        return shown

    def ask(self, message: ToAgent, *, kiosk: int = 1) -> list[object]:
        """Have a kiosk ask for something, wait for the work at a PIN, and return what this kiosk was answered."""
        before = len(self.recorded.order)
        self.kiosk_table.said(KioskSaid(kiosk, message))
        while self.kiosk.pin_work.busy:
            event = self.inbox.get(timeout_s=5)
            assert isinstance(event, PinWorked)
            self.kiosk.pin_work.worked(event)
        return [what for who, what in self.recorded.order[before:] if who == f"kiosk {kiosk}"]

    def number_sign_in_asked(self, message: EnterNumber) -> None:
        """Have a number entered at kiosk 1, and do not wait until its PIN is judged."""
        self.kiosk_table.said(KioskSaid(1, message))

    def recent_now(self) -> list[tuple[FactRef, Fact]]:
        """Return every fact on disk with its identity, read back."""
        return list(RecentFacts(self.outbox))

    def facts(self) -> list[Fact]:
        """Return every fact on disk, read back."""
        return [fact for _, fact in RecentFacts(self.outbox)]

    def of[F](self, kind: type[F]) -> list[F]:
        """Return the facts of one kind on disk."""
        return [fact for fact in self.facts() if isinstance(fact, kind)]

    def county_told(self, wall_ms: int) -> list[Fact]:
        """Have the county tell the time, and a good time service agree, so that it counts more than any time before."""
        machine, self.system.wall, self.system.synced = self.system.wall, wall_ms, True
        self.clock.take_ntp_state(well=True, mono_ms=self.system.mono)
        facts = self.clock.take_county_time(wall_ms, asked_mono_ms=self.system.mono, answered_mono_ms=self.system.mono)
        self.clock.take_ntp_state(well=False, mono_ms=self.system.mono)
        self.system.wall, self.system.synced = machine, False
        return facts

    def receipted(self) -> None:
        """Have the county receive every fact."""
        outbox = self.outbox
        head = outbox.head_at(outbox.through)
        assert head
        receipt = Receipt(station=STATION, epoch=outbox.epoch, through=outbox.through, head=head, generation=1)
        assert outbox.take_receipt(receipt)

    def now(self) -> Moment:
        return self.clock.now()


@contextmanager
def bench(folder: Path, system: FakeSystemClock, *, trusted: bool = True, camera: bool = True) -> Iterator[Bench]:
    """Open a station in ``folder``; opened again it is the same station after a restart."""
    made = Bench(folder, system, trusted=trusted, camera=camera)
    try:
        yield made
    finally:
        made.outbox.close()
