"""What a station writes besides its outbox, by seed: identity, pictures from the camera to the county, packs,
exports."""

import random
from copy import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.config.station_config import OUTBOX_FILE
from agent.events import PackFetched
from agent.identity.station_identity import TLS_KEY, record_key, save_enrolment, tls_key
from agent.rescue import export, outbox_source
from agent.storage.durable import make_folder
from protocol.units import Moment
from tests.fakes.clockwork import FakeSystemClock
from tests.proofs.power_cut.chores import Chores
from tests.proofs.power_cut.county import enrolled, pack_file
from tests.proofs.power_cut.program import Program
from tests.proofs.power_cut.recorder import Recording, RecordingVFS
from tests.proofs.power_cut.shim import watched
from tests.proofs.power_cut.syscalls import Mkdir, SyncFolder
from tests.proofs.power_cut.told import StationTold
from tests.proofs.power_cut.workload import FRAMES_BETWEEN_CHECKPOINTS, Run, settings, touch


class _Workload:
    def __init__(self, root: Path, chance: random.Random) -> None:
        self._folder, self._stick = root / "station", root / "stick"
        self._chance = chance
        self._recording = Recording(root)
        self._vfs = RecordingVFS(self._recording)
        self._stick.mkdir()
        self._recording.add(Mkdir("stick"), SyncFolder())
        self._history = [StationTold(0)]
        self._system = FakeSystemClock()
        self._chores = Chores(self, chance)
        self._packs = 0

    @property
    def told(self) -> StationTold:
        return self._history[-1]

    def tell(self, **news: Any) -> None:
        self._history.append(replace(self.told, calls=len(self._recording.calls), **news))

    def enrol(self) -> None:
        make_folder(self._folder, mode=0o750)
        self.tell(record_key=record_key(self._folder).private_bytes_raw())
        tls_key(self._folder)
        self.tell(tls_key=(self._folder / TLS_KEY).read_bytes())
        self.renew()

    def renew(self) -> None:
        kept, _ = self.told.identity
        self.tell(identity=(kept, kept + 1))
        save_enrolment(self._folder, enrolled(kept + 1))
        self.tell(identity=(kept + 1, kept + 1))

    def open(self) -> None:
        self._program = Program(self._folder, vfs=self._vfs.vfs_name, system=self._system, ears=self._chores)
        self._program.shelf.want([self.told.pack] if self.told.pack else [])

    def reopen(self) -> None:
        self._program.close()
        self.open()

    def commit(self) -> None:
        number = self.told.presented + 1
        self.tell(presented=number)
        (ref,) = self._program.outbox.commit(touch(number))
        self.tell(green=self.told.green | {number: ref})

    def photograph(self) -> None:
        jpeg = self._chance.randbytes(self._chance.choice((200, 3_000, 9_000)))
        name = sha256(jpeg).digest()
        self.tell(exposed=self.told.exposed | {name})
        assert self._program.photograph(jpeg, name.hex()[:16]) == "ok"
        self.tell(taken=self.told.taken | {name})

    def blob_write(self) -> None:
        self._events = self._program.hand_over()

    def announce(self) -> None:
        for event in self._events:
            self._program.snapshots.on_picture_taken(event)

    def blob_drop(self) -> None:
        for name, _ in list(self._program.blobs.pending())[:2]:
            self.tell(let_go=self.told.let_go | {name})
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

    def command(self) -> None:
        self._chores.command(self._program)

    def note(self) -> None:
        self._chores.note(self._program)

    def twin(self) -> None:
        self._chores.twin(self._program)

    def log(self) -> None:
        self._chores.log(self._program)

    def download(self) -> None:
        self._chores.download(self._program)

    def export(self) -> None:
        self._program.close()
        done = export(outbox_source(self._folder / OUTBOX_FILE), self._stick, now=_noon)
        assert done.path is not None
        self.tell(exports=self.told.exports | {done.path.name: done.facts})
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
        return Run(self._recording.calls, self._recording.purposes, self._history)


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
    (("command", "command"),): 8,
    (("note", "note"),): 10,
    (("twin", "note"),): 5,
    (("log", "log"),): 12,
    (("download", "download"),): 8,
    (("reopen", "open"),): 3,
}
"""What is done, as ``(method, the purpose that it counts for)``, with its weight."""


def _noon() -> Moment:
    return Moment(wall=1_790_000_000_000, boot=bytes(16), mono=1, quality="synced")


def record_station(folder: Path, *, seed: int, steps: int = 60) -> Run[StationTold]:
    """Run the workload of a seed in an empty folder."""
    with settings(wal_autocheckpoint=(str(FRAMES_BETWEEN_CHECKPOINTS), FRAMES_BETWEEN_CHECKPOINTS)):
        return _Workload(folder, random.Random(seed)).run(steps)
