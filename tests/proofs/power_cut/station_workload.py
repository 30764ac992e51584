"""What a station writes beside its outbox, seeded: identity, pictures from the camera to the county, packs, exports."""

import random
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.alarms import StandingAlarms
from agent.answers import Answers
from agent.blobs import BlobStore
from agent.camera_line import CameraLine
from agent.camera_worker import CameraWorker
from agent.clock import StationClock
from agent.config import OUTBOX_FILE
from agent.disk import Space
from agent.drivers import camera_process
from agent.durable import make_folder
from agent.events import PackFetched, PictureTaken
from agent.identity import Identity, load_identity, record_key, save_answer, tls_key
from agent.inbox import Inbox
from agent.journal import Journal
from agent.outbox import Outbox
from agent.outbox.disk import RealDisk
from agent.packs import PackShelf
from agent.ports import DeviceError, Frame
from agent.random_moments import RandomMoments
from agent.recent import recent_facts
from agent.rescue import board, export
from agent.snapshots import Snapshots
from agent.twin import Twin
from protocol.enrolment import Broker, Enrolled
from protocol.packs import Level, Pack, Question, seal_pack
from protocol.signing import key_id
from protocol.twin import PackRef
from protocol.units import FactRef, Moment
from tests.fakes.clockwork import FakeSystemClock
from tests.proofs.power_cut.recorder import Recording, RecordingVFS
from tests.proofs.power_cut.shim import watched
from tests.proofs.power_cut.syscalls import Mkdir, SyncFolder
from tests.proofs.power_cut.workload import FRAMES_BETWEEN_CHECKPOINTS, STATION, Run, settings, touch

COUNTY_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
COUNTY_PUBLIC = COUNTY_KEY.public_key().public_bytes_raw()
COUNTY_KEYS = {key_id(COUNTY_PUBLIC): COUNTY_PUBLIC}
PLENTY = Space(free_bytes=1 << 40, total_bytes=1 << 40)


@dataclass
class StationTold:
    """What the outside knows of a station after a number of calls."""

    calls: int
    record_key: bytes | None = None
    identity: tuple[int, int] = (0, 0)
    """Number of the county's answer that was kept, and of the one that was being kept; 0 for none."""
    green: dict[int, FactRef] = field(default_factory=dict)
    presented: int = 0
    exposed: frozenset[bytes] = frozenset()
    """Pictures that the camera has begun to write."""
    taken: frozenset[bytes] = frozenset()
    """Pictures that the camera's process has said to have."""
    let_go: frozenset[bytes] = frozenset()
    """Pictures that the county has: the station may drop them."""
    pack: PackRef | None = None
    """The pack that can be played."""
    exports: dict[str, int] = field(default_factory=dict)
    """By name of a file on the stick, how many facts it has at least."""


def enrolled(number: int) -> Enrolled:
    """Return the county's answer of that number; a number has one certificate."""
    return Enrolled(
        station=STATION,
        village="示例村",
        nonce=bytes(16),
        certificate=f"-----BEGIN CERTIFICATE-----\nTEST {number}\n-----END CERTIFICATE-----\n",
        broker=Broker(host="county.example", port=8883, shard=0),
        county_keys=[COUNTY_PUBLIC],
        card_key=bytes(32),
    )


def number_of(identity: Identity) -> int:
    """Return the number that `enrolled` was called with."""
    return int(identity.enrolled.certificate.split()[3])


def pack_file(version: int) -> tuple[PackRef, bytes]:
    """Return a pack and its file."""
    questions = [
        Question(
            id=f"q{number}",
            kind="single",
            stem="示例题目？",
            options=["甲", "乙"],
            answer=[0],
            explanation="示例解释",
            source="示例来源",
        )
        for number in range(5)
    ]
    level = Level(id="1", name="第一关", draw=5, questions=questions)
    file = seal_pack(COUNTY_KEY, Pack(id="sample", version=version, title="示例", sample=True, levels=[level]))
    return PackRef(pack="sample", version=version, sha256=sha256(file).digest(), size=len(file)), file


class Program:
    """One run of the station's program on a folder: the parts that write, driven from one thread."""

    def __init__(self, folder: Path, *, vfs: str = "") -> None:
        """Start; raises what a start raises."""
        self._folder = folder
        identity = load_identity(folder)
        assert identity is not None
        self.identity = identity
        clock = StationClock(system=FakeSystemClock(), build_ms=1_700_000_000_000)
        self.now = clock.now
        self.outbox = Outbox.open(
            folder / OUTBOX_FILE,
            station=identity.station,
            record_key=identity.record_key,
            now=clock.now,
            disk=RealDisk(vfs=vfs),
        )
        try:
            self._begin(clock)
        except BaseException:
            self.outbox.close()
            raise

    def _begin(self, clock: StationClock) -> None:
        self.blobs = BlobStore(self._folder / "blobs", room=lambda: PLENTY)
        self.inbox = Inbox()
        self.spool = self._folder / "camera-spool"
        make_folder(self.spool)
        self._worker = CameraWorker(connect=_no_camera, spool=self.spool, write=self.blobs.write, inbox=self.inbox)
        twin = Twin(station=STATION, village="示例村", state=self.outbox)
        journal = Journal(self.outbox)
        answers = Answers(clock=clock, journal=journal, state=self.outbox)
        self.snapshots = Snapshots(
            clock=clock,
            journal=journal,
            twin=twin,
            blobs=self.blobs,
            answers=answers,
            alarms=StandingAlarms(clock=clock, journal=journal, state=self.outbox),
            moments=RandomMoments(random=lambda: 1.0),
            taker=self._worker,
        )
        self.snapshots.recall(list(recent_facts(self.outbox)))
        self.shelf = PackShelf(
            folder=self._folder / "packs",
            county_keys=COUNTY_KEYS,
            fetch=lambda ref: b"",
            inbox=self.inbox,
            mono_ms=clock.mono_ms,
        )

    def photograph(self, jpeg: bytes, unique: str) -> str:
        """Have the camera's process take a picture into the spool and return its answer."""
        answer = camera_process._serve(_Film(), lambda _: (jpeg, ""), self.spool, f"touch-none-0-{unique}.jpg")
        return answer.decode().strip()

    def hand_over(self) -> list[PictureTaken]:
        """Bring what lies in the spool into the blob store, and return what the core is told."""
        self._worker._hand_over()
        events = []
        while (event := self.inbox.get(timeout_s=0)) is not None:
            assert isinstance(event, PictureTaken)
            events.append(event)
        return events

    def close(self) -> None:
        self.outbox.close()


class _Film:
    """A camera whose pictures are developed elsewhere."""

    simulated = True

    def capture(self) -> Frame:
        raise DeviceError("these pictures are developed elsewhere")

    def close(self) -> None:
        """Nothing to let go."""


def _no_camera() -> CameraLine:
    raise OSError("the pictures of this workload lie in the spool already")


class _Workload:
    def __init__(self, root: Path, chance: random.Random) -> None:
        self._folder, self._stick = root / "station", root / "stick"
        self._chance = chance
        self._recording = Recording(root)
        self._vfs = RecordingVFS(self._recording)
        self._stick.mkdir()
        self._recording.add(Mkdir("stick"), SyncFolder())
        self._told = [StationTold(0)]
        self._packs = 0

    def tell(self, **news: Any) -> None:
        self._told.append(replace(self._told[-1], calls=len(self._recording.calls), **news))

    @property
    def _now(self) -> StationTold:
        return self._told[-1]

    def enrol(self) -> None:
        make_folder(self._folder, mode=0o750)
        self.tell(record_key=record_key(self._folder).private_bytes_raw())
        tls_key(self._folder)
        self.renew()

    def renew(self) -> None:
        kept, _ = self._now.identity
        self.tell(identity=(kept, kept + 1))
        save_answer(self._folder, enrolled(kept + 1))
        self.tell(identity=(kept + 1, kept + 1))

    def open(self) -> None:
        self._program = Program(self._folder, vfs=self._vfs.vfs_name)
        self._program.shelf.want([self._now.pack] if self._now.pack else [])

    def reopen(self) -> None:
        self._program.close()
        self.open()

    def commit(self) -> None:
        number = self._now.presented + 1
        self.tell(presented=number)
        (ref,) = self._program.outbox.commit(touch(number))
        self.tell(green=self._now.green | {number: ref})

    def photograph(self) -> None:
        jpeg = self._chance.randbytes(self._chance.choice((200, 3_000, 9_000)))
        name = sha256(jpeg).digest()
        self.tell(exposed=self._now.exposed | {name})
        assert self._program.photograph(jpeg, name.hex()[:16]) == "ok"
        self.tell(taken=self._now.taken | {name})

    def blob_write(self) -> None:
        self._events = self._program.hand_over()

    def announce(self) -> None:
        for event in self._events:
            self._program.snapshots.taken(event)

    def blob_drop(self) -> None:
        for name, _ in self._program.blobs.pending()[:2]:
            self.tell(let_go=self._now.let_go | {name})
            self._program.blobs.drop(name)

    def evict(self) -> None:
        blobs = self._program.blobs
        quota, blobs.quota_bytes = blobs.quota_bytes, max(0, blobs.total_bytes - 1)
        self._program.snapshots.make_room()
        blobs.quota_bytes = quota

    def pack(self) -> None:
        self._packs += 1
        ref, file = pack_file(self._packs)
        self.tell(pack=None)
        self._program.shelf.want([ref])
        assert self._program.shelf.fetched(PackFetched(sha256=ref.sha256, file=file))
        self.tell(pack=ref)

    def export(self) -> None:
        self._program.close()
        done = export(board(self._folder / OUTBOX_FILE), self._stick, now=_noon)
        assert done.path is not None
        self.tell(exports=self._now.exports | {done.path.name: done.facts})
        self._recording.purpose = "open"
        self.open()

    def run(self, steps: int) -> Run[StationTold]:
        with watched(self._recording):
            for purpose, step in (("identity", self.enrol), ("open", self.open)):
                self._recording.purpose = purpose
                step()
            for plan in self._chance.choices(list(_PLANS), list(_PLANS.values()), k=steps):
                for step_name, purpose in plan:
                    self._recording.purpose = purpose
                    getattr(self, step_name)()
            self._recording.purpose = "open"
            self._program.close()
        return Run(self._recording.calls, self._recording.purposes, self._told)


_PICTURE = (("photograph", "spool"), ("blob_write", "blob_write"), ("announce", "announce"))
_PLANS: dict[tuple[tuple[str, str], ...], int] = {
    (("commit", "commit"),): 10,
    _PICTURE: 30,
    (("photograph", "spool"), *_PICTURE): 5,
    (("blob_drop", "blob_drop"),): 20,
    (("evict", "blob_evict"),): 10,
    (("pack", "pack"),): 10,
    (("renew", "identity"),): 8,
    (("export", "export"),): 8,
    (("reopen", "open"),): 3,
}
"""What is done together, as ``(method, what it is counted as)``, with its weight."""


def _noon() -> Moment:
    return Moment(wall=1_790_000_000_000, boot=bytes(16), mono=1, quality="synced")


def record_station(folder: Path, *, seed: int, steps: int = 60) -> Run[StationTold]:
    """Run the workload of a seed in an empty folder."""
    with settings(wal_autocheckpoint=(str(FRAMES_BETWEEN_CHECKPOINTS), FRAMES_BETWEEN_CHECKPOINTS)):
        return _Workload(folder, random.Random(seed)).run(steps)
