"""What a station does with its outbox, by seed, recorded call by call together with what the outside was told."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import agent.storage.store
from agent.storage.outbox import Outbox
from agent.storage.outbox import outbox as outbox_module
from agent.storage.recent import first_made
from protocol.facts import Touch
from protocol.receipts import Receipt
from protocol.units import FactRef, Moment
from tests.proofs.power_cut.recorder import Recording, RecordingDisk, RecordingVFS
from tests.proofs.power_cut.syscalls import Syscall

STATION = "shili-01"
RECORD_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FILE = "outbox.db"
DAY_MS = 86_400_000
PURPOSES = {
    "commit": "commit",
    "receipt": "receipt",
    "put": "state",
    "open_epoch": "epoch",
    "reissue_earlier": "epoch",
    "prune": "prune",
    "reopen": "open",
    "damage": "salvage",
}
"""The purpose that each step of the workload counts for."""
FRAMES_BETWEEN_CHECKPOINTS = 40
"""A small log, so that a short workload checkpoints often."""
EPOCH_PIECE = 12
"""So few facts at once, so that a short workload builds new streams in several pieces."""


def moment(wall_ms: int = 1_790_000_000_000) -> Moment:
    return Moment(wall=wall_ms, boot=bytes(16), mono=1, quality="synced")


def touch(number: int) -> Touch:
    """Return a touch whose number no other has."""
    return Touch(at=moment(), card=number.to_bytes(16, "big"), reader="simulated", answer="recorded", direction="in")


def touches_by_seq(outbox: Outbox) -> dict[int, int]:
    """Return, by seq, the number of each touch in the current stream, sent for the first time or again."""
    numbers: dict[int, int] = {}
    for seq in range(1, outbox.through + 1):
        envelope = outbox.envelope_after(seq - 1, max_facts=1)
        said = first_made(FactRef(epoch=outbox.epoch, seq=seq), envelope.facts[0].body) if envelope else None
        if said and isinstance(said[1], Touch):
            numbers[seq] = int.from_bytes(said[1].card, "big")
    return numbers


class Knowledge(Protocol):
    """What the outside knows after a number of calls."""

    calls: int


@dataclass
class Told:
    """What the outside knows of an outbox after a number of calls."""

    calls: int
    green: dict[int, FactRef] = field(default_factory=dict)
    """The identity that `commit` returned, by the touch's number."""
    presented: int = 0
    """Touches up to this number were presented."""
    county: frozenset[int] = frozenset()
    """Touches for which the county has sent a receipt."""
    state: tuple[bytes | None, bytes | None] = (None, None)
    """The value that `put` confirmed last, and the value that it was last asked to store."""
    damaged: bool = False
    """Whether something other than a power cut damaged the file, so that it has to be salvaged."""


@dataclass
class Run[T: Knowledge]:
    """A recorded workload."""

    calls: list[Syscall]
    purposes: list[str]
    """The purpose of each call."""
    told: list[T]
    """What was told, with the number of calls from which it holds. These numbers never fall."""


class _Station:
    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._folder = folder
        self._chance = chance
        self._recording = Recording(folder)
        self._recording.purpose = "open"
        self._vfs = RecordingVFS(self._recording)
        self._disk = RecordingDisk(self._recording, vfs=self._vfs.vfs_name)
        self._told = [Told(0)]
        self._by_seq: dict[int, int] = {}
        self._wall_ms = moment().wall
        self._outbox = self._open()

    def _open(self) -> Outbox:
        return Outbox.open(
            self._folder / FILE,
            station=STATION,
            record_key=RECORD_KEY,
            now=lambda: moment(self._wall_ms),
            disk=self._disk,
        )

    def tell(self, **news: Any) -> None:
        last = self._told[-1]
        self._told.append(replace(last, calls=len(self._recording.calls), **news))

    def commit(self) -> None:
        first = self._told[-1].presented + 1
        numbers = range(first, first + self._chance.choice((1, 1, 1, 1, 2, 3, 30)))
        self.tell(presented=numbers[-1])
        refs = self._outbox.commit(*(touch(number) for number in numbers))
        self._by_seq |= {ref.seq: number for number, ref in zip(numbers, refs, strict=True)}
        self.tell(green=self._told[-1].green | dict(zip(numbers, refs, strict=True)))

    def receipt(self) -> None:
        through = self._chance.randint(self._outbox.receipted, self._outbox.through)
        self._county_has(through)
        head = self._outbox.head_at(through)
        assert head is not None
        receipt = Receipt(station=STATION, epoch=self._outbox.epoch, through=through, head=head, generation=1)
        assert self._outbox.take_receipt(receipt)
        self.commit()

    def _county_has(self, through: int) -> None:
        had = {number for seq, number in self._by_seq.items() if seq <= through}
        self.tell(county=self._told[-1].county | had)

    def put(self) -> None:
        value = self._chance.randbytes(self._chance.choice((8, 200, 9_000)))
        confirmed = self._told[-1].state[0]
        self.tell(state=(confirmed, value))
        self._outbox.put("desired", value)
        self.tell(state=(value, value))

    def open_epoch(self) -> None:
        """Begin a new stream, with touches between its pieces; sometimes leave it unfinished."""
        if not self._outbox.opening:
            matched = self._chance.randint(0, self._outbox.through)
            self._county_has(matched)
            self._outbox.begin_epoch(self._chance.choice(("ahead", "differs")), matched=matched)
        while self._outbox.opening and self._chance.random() < 0.9:
            self._outbox.continue_epoch()
            if self._chance.random() < 0.2:
                self.commit()
        self._by_seq = touches_by_seq(self._outbox)

    def reissue_earlier(self) -> None:
        """Offer a county of a new generation the facts that it had of an earlier stream."""
        for earlier in self._outbox.earlier_streams()[:1]:
            self._outbox.reissue_earlier(earlier, after=self._chance.randint(0, earlier.matched))
            self._by_seq = touches_by_seq(self._outbox)

    def prune(self) -> None:
        self._wall_ms += 60 * DAY_MS
        self._outbox.prune(before_wall_ms=self._wall_ms)

    def reopen(self) -> None:
        self._outbox.close()
        self._outbox = self._open()

    def damage(self) -> None:
        """Spoil the header. Every row can be salvaged from such a file, and cuts also fall into the salvage."""
        self._outbox.close()
        noise = self._chance.randbytes(100)
        with (self._folder / FILE).open("r+b") as file:
            file.write(noise)
        self.tell(damaged=True)
        self._recording.spoiled(FILE, noise)
        self._outbox = self._open()
        self._by_seq = touches_by_seq(self._outbox)

    def run(self, steps: int) -> Run[Told]:
        weights = {
            self.commit: 50,
            self.receipt: 20,
            self.put: 8,
            self.open_epoch: 4,
            self.reissue_earlier: 3,
            self.prune: 6,
            self.reopen: 5,
            self.damage: 2,
        }
        for step in self._chance.choices(list(weights), list(weights.values()), k=steps):
            self._recording.purpose = PURPOSES[step.__name__]
            step()
        self._recording.purpose = "open"
        self._outbox.close()
        return Run(self._recording.calls, self._recording.purposes, self._told)


@contextmanager
def settings(**values: tuple[str, str | int]) -> Iterator[None]:
    """Let stores that are opened inside set other values: ``name=(value set, value read back)``."""
    before = agent.storage.store.PRAGMAS
    agent.storage.store.PRAGMAS = tuple((name, *values.get(name, (value, read))) for name, value, read in before)
    try:
        yield
    finally:
        agent.storage.store.PRAGMAS = before


def record(folder: Path, *, seed: int, steps: int = 60, synchronous: tuple[str, int] | None = None) -> Run[Told]:
    """Run the workload of a seed in an empty folder.

    Args:
        synchronous: Another setting than the product's own.
    """
    frames = (str(FRAMES_BETWEEN_CHECKPOINTS), FRAMES_BETWEEN_CHECKPOINTS)
    others = {"synchronous": synchronous} if synchronous else {}
    with settings(wal_autocheckpoint=frames, **others), patch.object(outbox_module, "FACTS_AT_ONCE", EPOCH_PIECE):
        return _Station(folder, random.Random(seed)).run(steps)
