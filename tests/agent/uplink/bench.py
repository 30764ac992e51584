"""An uplink with everything around it in memory: clock, link, outbox, blobs, delegate, broker and county."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.events import Delivered, LinkDown, LinkUp, MessageCame
from agent.identity.county_keys import CountyKeys
from agent.storage.errors import StorageFull
from agent.storage.outbox.earlier import EarlierStream
from agent.storage.state import StateStore
from agent.uplink import Uplink, UplinkParts
from agent.uplink.ports import BlobSource, Stream
from protocol import chain
from protocol.birth import HeadAtSeq
from protocol.commands import Command
from protocol.envelope import Envelope, SealedFact
from protocol.facts import EpochOpened, EpochReason, Fact, HelpAsked, Reissued, Severity, encode_fact
from protocol.heads import SignedHead, sign_head
from protocol.health import Health
from protocol.kiosk_status import LinkState
from protocol.receipts import Receipt
from protocol.topics import Down, Up, topic
from protocol.twin import Desired, Reported, Sheddable, ShelfRef
from protocol.units import Moment
from protocol.vitals import Vitals
from tests.fakes.county_peer import CountyBook
from tests.fakes.link import FakeLink

STATION = "demo-0001"
BOOT = bytes(range(16))
NOW = Moment(wall=1_760_000_000_000, boot=BOOT, mono=1000, quality="synced")


class ManualClock:
    """Monotonic milliseconds that move only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


def help_asked(screen: str) -> Fact:
    return HelpAsked(at=NOW, screen=screen)


def some_facts(count: int) -> list[Fact]:
    return [help_asked(str(number)) for number in range(count)]


class MemoryOutbox:
    """The outbox's contract without a disk."""

    def __init__(self, *, station: str = STATION, key: Ed25519PrivateKey | None = None) -> None:
        self.station = station
        self.key = key or Ed25519PrivateKey.generate()
        self.receipts: list[Receipt] = []
        self.opened: list[tuple[EpochReason, int]] = []
        self.generation = 0
        self.ended: list[tuple[EarlierStream, list[SealedFact]]] = []
        self.full = False
        self._begin()
        self.commit(EpochOpened(at=NOW, reason="first"))

    def _begin(self) -> None:
        self.epoch = os.urandom(16)
        self.facts: list[SealedFact] = []
        self.heads = [chain.first_head(station=self.station, epoch=self.epoch)]
        self.receipted = 0

    @property
    def through(self) -> int:
        return len(self.facts)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def commit(self, *facts: Fact) -> None:
        for fact in facts:
            sealed = SealedFact(salt=os.urandom(16), body=encode_fact(fact))
            self.facts.append(sealed)
            self.heads.append(chain.next_head(self.heads[-1], seq=self.through, digest=sealed.digest()))

    def roll_back(self, through: int) -> None:
        """Become an older copy of itself, as a restored SD card would."""
        del self.facts[through:]
        del self.heads[through + 1 :]
        self.receipted = min(self.receipted, through)

    def _signed(self, through: int) -> SignedHead:
        return sign_head(self.key, station=self.station, epoch=self.epoch, through=through, head=self.heads[through])

    def signed_head(self) -> SignedHead:
        return self._signed(self.through)

    def envelope_after(self, seq: int, *, max_facts: int = 200, max_bytes: int = 32_768) -> Envelope | None:
        facts = self.facts[seq : seq + max_facts]
        if not facts:
            return None
        return Envelope(station=self.station, first=seq + 1, facts=facts, head=self._signed(seq + len(facts)))

    def head_at(self, seq: int) -> bytes | None:
        return self.heads[seq] if seq <= self.through else None

    def take_receipt(self, receipt: Receipt) -> bool:
        self.receipts.append(receipt)
        if receipt.generation > self.generation or receipt.through > self.receipted:
            self.receipted = receipt.through
        self.generation = max(self.generation, receipt.generation)
        return True

    def spaced_heads(self) -> list[HeadAtSeq]:
        return [HeadAtSeq(seq=seq, head=self.heads[seq]) for seq in range(self.through, max(0, self.through - 64), -1)]

    opening = False

    def continue_epoch(self) -> None:
        raise AssertionError("a stream in memory is built at once")

    def begin_epoch(self, reason: EpochReason, *, matched: int) -> None:
        before, rest = self.epoch, self.facts[matched:]
        self.opened.append((reason, matched))
        marks = [HeadAtSeq(seq=seq, head=self.heads[seq]) for seq in range(matched, 0, -1)][:64]
        if matched:
            self.ended.insert(0, (EarlierStream(len(self.opened), before, matched, marks), self.facts))
        self._begin()
        self.commit(EpochOpened(at=NOW, reason=reason, previous=before, matched=matched))
        for seq, fact in enumerate(rest, matched + 1):
            self.commit(Reissued(at=NOW, epoch=before, seq=seq, salt=fact.salt, body=fact.body))

    def earlier_streams(self) -> list[EarlierStream]:
        return [earlier for earlier, _ in self.ended]

    def reissue_earlier(self, earlier: EarlierStream, *, after: int) -> None:
        if self.full:
            raise StorageFull("no room")
        facts = next(facts for ended, facts in self.ended if ended.number == earlier.number)
        for seq, fact in enumerate(facts[after : earlier.matched], after + 1):
            self.commit(Reissued(at=NOW, epoch=earlier.epoch, seq=seq, salt=fact.salt, body=fact.body))


class MemoryBlobSource:
    """The blob store's contract without a disk."""

    def __init__(self) -> None:
        self.content: dict[bytes, bytes] = {}

    def pending(self) -> list[tuple[bytes, int]]:
        return [(name, len(content)) for name, content in self.content.items()]

    def read(self, sha256: bytes, offset: int, length: int) -> bytes:
        return self.content[sha256][offset : offset + length]

    def intact(self, sha256: bytes) -> bool:
        return sha256 in self.content and hashlib.sha256(self.content[sha256]).digest() == sha256

    def drop(self, sha256: bytes) -> None:
        self.content.pop(sha256, None)


@dataclass
class RecordingDelegate:
    """An `UplinkDelegate` that writes down what it is told."""

    outbox: MemoryOutbox
    times: list[tuple[int, int, int]] = field(default_factory=list)
    desired: list[Desired] = field(default_factory=list)
    shelves: list[ShelfRef] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    refused: list[tuple[Command, str]] = field(default_factory=list)
    alarms: list[tuple[str, Severity]] = field(default_factory=list)
    states: list[LinkState] = field(default_factory=list)
    refused_states: list[bool] = field(default_factory=list)
    shared_states: list[bool] = field(default_factory=list)
    damaged: list[bytes] = field(default_factory=list)
    duty: bool = False
    saving: tuple[Sheddable, ...] = ()
    camera_ready: bool = True
    health: Health | None = None
    keys_unknown: int = 0
    time_wanted: bool = False
    untold: int = 0

    def on_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> None:
        self.times.append((wall_ms, asked_mono_ms, answered_mono_ms))
        self.time_wanted = False

    def on_no_county_time(self) -> None:
        self.untold += 1

    def wants_time(self) -> bool:
        return self.time_wanted

    def on_desired(self, desired: Desired) -> Reported:
        self.desired.append(desired)
        return Reported(station=desired.station, version=desired.version, at=NOW.wall)

    def on_shelf_named(self, shelf: ShelfRef) -> None:
        self.shelves.append(shelf)

    def on_command(self, command: Command) -> None:
        self.commands.append(command)

    def refuse_command(self, command: Command, reason: str) -> None:
        self.refused.append((command, reason))

    def on_unknown_key(self) -> None:
        self.keys_unknown += 1

    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        assert len(code) <= 64
        assert len(detail) <= 400
        self.alarms.append((code, severity))

    def on_blob_damaged(self, sha256: bytes) -> None:
        self.damaged.append(sha256)

    def link_changed(self, state: LinkState, *, refused: bool, identity_shared: bool) -> None:
        self.states.append(state)
        self.refused_states.append(refused)
        self.shared_states.append(identity_shared)

    def vitals(self) -> Vitals:
        return Vitals(
            station=self.outbox.station,
            at=NOW,
            head=self.outbox.signed_head(),
            waiting=self.outbox.through - self.outbox.receipted,
            blobs_waiting=0,
            software="cunhui 0.1.0",
            reader_ready=True,
            camera_ready=self.camera_ready,
            disk_free_kib=1,
            resident_kib=1,
            twin_version=0,
            saving=list(self.saving),
            health=self.health,
        )

    def puts_off(self, what: Sheddable) -> bool:
        return what in self.saving

    def in_duty(self) -> bool:
        return self.duty

    def boot_id(self) -> bytes:
        return BOOT

    def software(self) -> str:
        return "cunhui 0.1.0"

    def twin_version(self) -> int:
        return 0


class UplinkBench:
    """An uplink with a broker and a county that a test can silence or let answer wrongly."""

    def __init__(
        self, *, jitter: Callable[[], float] = lambda: 0.5, endpoints: int = 1, state: StateStore | None = None
    ) -> None:
        self.clock = ManualClock()
        self.outbox = MemoryOutbox()
        self.blobs = MemoryBlobSource()
        self.host = RecordingDelegate(self.outbox)
        self.link = FakeLink()
        self.book = CountyBook({STATION: self.outbox.public_key}, wall_ms=lambda: 1_760_000_000_000)
        self.county_keys = CountyKeys(self.book.public_keys.values())
        self.reason_code = 0
        self.silent_broker = False
        self.heard = 0
        self._jitter, self._endpoints, self._state = jitter, endpoints, state
        self.uplink = self.new_uplink(self.outbox, self.blobs)

    def new_uplink(self, outbox: Stream, blobs: BlobSource) -> Uplink:
        """Return an uplink as at the start of another run of the agent."""
        return Uplink(
            UplinkParts(
                station=STATION,
                shard=0,
                county_keys=self.county_keys,
                outbox=outbox,
                blobs=blobs,
                link=self.link,
                mono_ms=self.clock,
                delegate=self.host,
                jitter=self._jitter,
                endpoints=self._endpoints,
                state=self._state,
            )
        )

    @property
    def attempt(self) -> int:
        return self.link.attempts[-1][0]

    def connect(self) -> None:
        """Let the attempt come up that is under way or due, and play broker and county."""
        self.uplink.tick()
        self.uplink.handle(LinkUp(attempt=self.attempt))
        self.play()

    def play(self) -> None:
        """Be broker and county until nothing is under way."""
        while self.heard < len(self.link.sent) and not self.silent_broker:
            self.step()

    def step(self) -> None:
        """Be broker and county for one publish."""
        sent = self.link.sent[self.heard]
        self.heard += 1
        heard = self.reason_code == 0
        answers = self.book.hear(topic(shard=0, station=STATION, leaf=sent.leaf), sent.payload) if heard else []
        if sent.qos == 1:
            self.uplink.handle(Delivered(self.attempt, sent.ticket, self.reason_code))
        for leaf, payload in answers:
            self.say(leaf, payload)

    def say(self, leaf: Down, payload: bytes, *, retained: bool = False) -> None:
        self.uplink.handle(MessageCame(self.attempt, leaf, payload, retained, self.clock()))

    def drop(self, reason: str = "connection lost") -> None:
        self.link.is_open = False
        self.uplink.handle(LinkDown(self.attempt, reason))

    def commit(self, *screens: str) -> None:
        self.outbox.commit(*(help_asked(screen) for screen in screens))
        self.uplink.facts_committed()

    def wait(self, ms: int, *, play: bool = True) -> None:
        """Let time pass as the core would: from deadline to deadline."""
        end = self.clock.now + ms
        while True:
            due = self.uplink.tick()
            if play:
                self.play()
                due = min(due, self.uplink.tick())
            assert due > self.clock.now, "a deadline that has passed would make the core spin"
            if due > end:
                break
            self.clock.now = due
        self.clock.now = end
        self.uplink.tick()

    def leaves(self) -> list[Up]:
        return [sent.leaf for sent in self.link.sent]
