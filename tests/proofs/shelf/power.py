"""Cut the power after every call that a change of bundles makes to the disk, and open what is left."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import override

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.shelf.disk import ShelfDisk
from agent.shelf.rebuild import rebuild
from agent.shelf.source import Source, Unreachable
from agent.shelf.state import ShelfState
from agent.shelf.trip import Addressee, Allowance, Trip
from agent.storage.disk import Space
from protocol.bundles import MAX_BUNDLE_BYTES, Bundle
from protocol.codec import decode
from protocol.refusal import Refused
from protocol.signing import key_id
from protocol.twin import ShelfRef
from tests.fakes.shelf_source import ShelfCounty
from tests.proofs.power_cut.disk import WAYS, ForgetfulDisk
from tests.proofs.power_cut.judge import put_back
from tests.proofs.power_cut.recorder import Recording
from tests.proofs.power_cut.shim import watched

BAD = ("unplayable", "torn", "invented", "stuck", "crashes")
MEMORY = Path("/dev/shm")
STATION = "proof-0001"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = KEY.public_key().public_bytes_raw()
ADDRESSEE = Addressee(station=STATION, region="", public_keys={key_id(PUBLIC): PUBLIC})
PLENTY = Space(free_bytes=1 << 40, total_bytes=1 << 40)
STEPS = 12
"""Changes of the county in one history."""
_NAMES = ("notices", "policy", "prices", "film")
_MOST_TRIPS = 4

type InForce = dict[str, tuple[int, bytes]]
"""Version and hash by id."""


def in_force(state: ShelfState) -> InForce:
    """Return what a state puts in force."""
    return {one.id: (one.version, one.sha256) for one in state.held}


@dataclass
class Findings:
    """What the cuts came to."""

    cuts: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    """How often the old state was there after a cut in the middle of a change of it, and how often the new one."""
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        """Add what another process found."""
        self.cuts += other.cuts
        self.ways += other.ways
        self.counts += other.counts
        self.opened += other.opened
        self.examples += other.examples

    def note(self, bad: str, where: str) -> None:
        """Count something bad."""
        self.counts[bad] += 1
        if len(self.examples) < 10:
            self.examples.append(f"{bad}: {where}")


@dataclass(frozen=True)
class Told:
    """What the outside knows after a number of calls."""

    calls: int
    possible: tuple[InForce, ...]
    """What may be in force: one thing, or two while a state is written."""
    ref: ShelfRef
    """The newest index."""
    announced: InForce
    """What it names."""


class WatchedDisk(ShelfDisk):
    """A shelf's disk that tells before and after each change of what is in force."""

    def __init__(self, folder: Path, *, told: Callable[[tuple[InForce, ...]], None]) -> None:
        super().__init__(folder, room=lambda: PLENTY)
        self._told = told

    @override
    def keep(self, state: ShelfState) -> None:
        before, after = in_force(self.state), in_force(state)
        self._told((before, after))
        super().keep(state)
        self._told((after,))


class History:
    """One county that changes its bundles, and one station that follows over a line that breaks."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.county = ShelfCounty(KEY, STATION)
        self._chance = random.Random(seed)
        self._recording = Recording(folder)
        self._folder = folder / "shelf"
        self._versions: Counter[str] = Counter()
        self._items: list[bytes] = []
        self.told: list[Told] = []

    def live(self) -> Recording:
        """Go through all changes; return the calls."""
        with watched(self._recording):
            self._ref = self._change()
            self._tell(({},))
            disk = self._open()
            for _ in range(STEPS):
                self._ref = self._change()
                self._tell((in_force(disk.state),))
                self.county.breaks_after = [self._chance.randrange(1, 30_000) for _ in range(self._chance.randrange(4))]
                for _ in range(_MOST_TRIPS):
                    self._recording.purpose = "trip"
                    trip(disk, self.county, self._ref, survey=self._chance.random() < 0.3)
                    if self._chance.random() < 0.2:
                        disk = self._open()
        return self._recording

    def _open(self) -> ShelfDisk:
        disk = WatchedDisk(self._folder, told=self._tell)
        disk.load()
        return disk

    def _tell(self, possible: tuple[InForce, ...]) -> None:
        announced = {name: (one.version, one.sha256) for name, one in self.county.entries.items()}
        self.told.append(Told(len(self._recording.calls), possible, self._ref, announced))

    def _change(self) -> ShelfRef:
        chance = self._chance
        for name in chance.sample(_NAMES, k=chance.randrange(1, 3)):
            if name in self.county.entries and chance.random() < 0.15:
                self.county.withdraw(name)
                continue
            self._versions[name] += 1
            items = []
            for place in range(chance.randrange(4)):
                if not self._items or chance.random() < 0.6:
                    self._items.append(chance.randbytes(chance.choice((40, 700, 5_000, 30_000))))
                items.append(self.county.item(f"{place}.jpg", chance.choice(self._items[-6:])))
            content = chance.randbytes(chance.choice((10, 900, 9_000)))
            self.county.publish(name, self._versions[name], content, items=items)
        return self.county.index()


def trip(disk: ShelfDisk, county: Source, ref: ShelfRef, *, survey: bool) -> str:
    """Make one trip; return what ended it early."""
    allowance = Allowance(mono_ms=lambda: 0)
    made = Trip(disk, addressee=ADDRESSEE, allowance=allowance, via="line", changed=lambda: None, refused={})
    with disk.alone():
        try:
            made.run(county, ref, survey=survey)
        except Unreachable as error:
            return str(error)
    return made.outcome.problem


def judge(folder: Path, told: Told, county: ShelfCounty, findings: Findings, *, where: str) -> None:
    """Open what the cut left, as a start does, and let the station go on."""
    disk = ShelfDisk(folder / "shelf", room=lambda: PLENTY)
    if not disk.load():
        rebuild(disk, ADDRESSEE)
    found = in_force(disk.state)
    if found not in told.possible:
        findings.note("invented", f"{where}: {found} is none of {told.possible}")
    if len(told.possible) > 1 and told.possible[0] != told.possible[-1]:
        findings.opened["old" if found == told.possible[0] else "new"] += 1
    judge_files(disk, county, findings, where=where)
    county.breaks_after = []
    for _ in range(_MOST_TRIPS):
        if not trip(disk, county, told.ref, survey=True) and in_force(disk.state) == told.announced:
            break
    if in_force(disk.state) != told.announced:
        findings.note("stuck", f"{where}: {in_force(disk.state)} instead of {told.announced}")
    judge_files(disk, county, findings, where=f"{where}, and a trip")


def judge_files(disk: ShelfDisk, county: ShelfCounty, findings: Findings, *, where: str) -> None:
    """Read each file in force past the product, and compare it with what the county published."""
    files = disk.folder / "files"
    for held in disk.state.held:
        try:
            payload, _ = disk.read_signed(held.sha256, limit=MAX_BUNDLE_BYTES)
            bundle = decode(payload, Bundle, limit=MAX_BUNDLE_BYTES)
        except (OSError, Refused) as error:
            findings.note("unplayable", f"{where}: {held.id} {held.version}: {error}")
            continue
        raw = (files / f"{held.sha256.hex()}.signed").read_bytes()
        if raw != county.files["bundles", held.sha256] or bundle.version != held.version:
            findings.note("torn", f"{where}: {held.id} {held.version}")
        for item in bundle.items:
            path = files / item.sha256.hex()
            if not path.is_file():
                findings.note("unplayable", f"{where}: {held.id} {held.version} lacks {item.name}")
            elif sha256(path.read_bytes()).digest() != item.sha256:
                findings.note("torn", f"{where}: {item.name} of {held.id} {held.version}")


def prove(*, cuts: int, seed: int) -> Findings:
    """Cut the histories of ``seed``, ``seed + 1``, … until there were that many cuts."""
    findings = Findings()
    with tempfile.TemporaryDirectory(prefix="shelf-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        survived = Path(name) / "survived"
        survived.mkdir()
        number = seed
        while findings.cuts < cuts:
            folder = Path(name) / str(number)
            folder.mkdir()
            history = History(folder, seed=number)
            recording = history.live()
            _cut(recording, history, survived, findings, cuts=cuts, seed=number)
            number += 1
    return findings


def _cut(recording: Recording, history: History, survived: Path, findings: Findings, *, cuts: int, seed: int) -> None:
    disk, position = ForgetfulDisk(), 0
    for number, call in enumerate(recording.calls, 1):
        disk.apply(call)
        while position + 1 < len(history.told) and history.told[position + 1].calls <= number:
            position += 1
        for way in WAYS:
            if findings.cuts >= cuts:
                return
            findings.cuts += 1
            findings.ways[way] += 1
            where = f"seed {seed}, call {number} of {len(recording.calls)}, {way}"
            put_back(disk.cut(random.Random(f"{seed} {number} {way}"), way), survived)
            try:
                judge(survived, history.told[position], history.county, findings, where=where)
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is a finding of the proof
                findings.note("crashes", f"{where}: {error!r}")
