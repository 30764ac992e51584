"""A station's life in a few steps, which goes on although the disk fails, as its people and systemd would go on."""

import io
from copy import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import apsw

from agent.config.station_config import OUTBOX_FILE
from agent.events import PackFetched
from agent.identity.station_identity import TLS_KEY, IdentityBroken, record_key, save_enrolment, tls_key
from agent.rescue import ExportFailed, export, outbox_source
from agent.storage.durable import make_folder
from agent.storage.errors import StorageFailed, StorageFull
from protocol.receipts import Receipt
from tests.fakes.clockwork import FakeSystemClock
from tests.proofs.io_fault.faults import Faults, FaultyVFS, python_files
from tests.proofs.power_cut.chores import Chores
from tests.proofs.power_cut.county import COMMANDS, enrolled, pack_file
from tests.proofs.power_cut.judge import Verdict
from tests.proofs.power_cut.program import Program
from tests.proofs.power_cut.told import StationTold
from tests.proofs.power_cut.workload import FRAMES_BETWEEN_CHECKPOINTS, STATION, moment, settings, touch

MOST_STARTS = 120
"""A service manager starts the program again and again; a fault that lasts is over by then."""

LIVES: tuple[tuple[str, ...], ...] = (
    (
        *("enrol", "commit", "commit", "commit", "pictures", "receipt", "put", "evict", "pack", "commit", "drop"),
        *("pictures", "renew", "epoch", "commit", "export", "reopen", "commit", "damage", "commit", "many", "drop"),
    ),
    ("command",) * len(COMMANDS) + ("reopen",),
    ("twin", "twin", "twin", "reopen", "pack", "notes", "reopen"),
    ("log", "download", "download", "log", "reopen", "commit"),
)
"""The steps of each life. A life does not repeat what an earlier life has tried, nor the steps that make a station of a
folder."""

_REFUSED = (StorageFull, StorageFailed)
"""The outbox's errors when the disk fails. At a start and a close `apsw.Error` may come too, but only here: if the VFS
is written in Python, apsw also raises errors that SQLite ignores, such as a checkpoint that fails while a connection is
closed."""


class Life:
    """One run of the steps on one folder."""

    def __init__(self, root: Path, faults: Faults, verdict: Verdict, *, seed: int) -> None:
        self._station, self._stick = root / "station", root / "stick"
        self._stick.mkdir()
        self._vfs = FaultyVFS(faults)
        self._verdict = verdict
        self._chance = Random(seed)
        self._chores = Chores(self, self._chance)
        self._system = FakeSystemClock()
        self._packs = 0
        self._program: Program | None = None
        self.told = StationTold(0)

    def live(self, faults: Faults, steps: tuple[str, ...]) -> None:
        """Take every step, whatever fails. A life that does not begin with enrolment finds an enrolled station."""
        frames = (str(FRAMES_BETWEEN_CHECKPOINTS), FRAMES_BETWEEN_CHECKPOINTS)
        with settings(wal_autocheckpoint=frames), python_files(faults):
            if "enrol" not in steps:
                with faults.resting():
                    self._enrol()
                    self._running().date()
            for step in steps:
                getattr(self, f"_{step}")()
                if self._program is not None and self._program.outbox.damage is not None:
                    self._reopen()
            self._close()

    def tell(self, **news: Any) -> None:
        self.told = replace(self.told, **news)

    def _running(self) -> Program:
        """Return the program, started as often as it takes."""
        for _ in range(MOST_STARTS):
            if self._program is not None:
                return self._program
            try:
                self._program = Program(self._station, vfs=self._vfs.vfs_name, system=self._system, ears=self._chores)
            except (*_REFUSED, IdentityBroken, OSError, apsw.Error):
                continue
        self._verdict.refused_to_start += 1
        raise RuntimeError("the station does not start any more")

    def _close(self) -> None:
        if self._program is not None:
            try:
                self._program.close()
            except (*_REFUSED, apsw.Error):
                self._program.outbox._store.abandon()
        self._program = None

    def _reopen(self) -> None:
        self._close()
        self._running()

    def _enrol(self) -> None:
        """The technician gives the command again until it reports success."""
        for _ in range(MOST_STARTS):
            try:
                make_folder(self._station, mode=0o750)
                self.tell(record_key=record_key(self._station).private_bytes_raw())
                tls_key(self._station)
                self.tell(tls_key=(self._station / TLS_KEY).read_bytes())
                save_enrolment(self._station, enrolled(1))
            except OSError:
                continue
            self.tell(identity=(1, 1))
            return
        self._verdict.refused_to_start += 1

    def _renew(self) -> None:
        kept, _ = self.told.identity
        self.tell(identity=(kept, kept + 1))
        try:
            save_enrolment(self._station, enrolled(kept + 1))
        except OSError:
            return
        self.tell(identity=(kept + 1, kept + 1))

    def _commit(self, count: int = 1) -> None:
        first = self.told.presented + 1
        numbers = range(first, first + count)
        self.tell(presented=numbers[-1])
        try:
            refs = self._running().outbox.commit(*(touch(number) for number in numbers))
        except _REFUSED:
            return
        self.tell(green=self.told.green | dict(zip(numbers, refs, strict=True)))

    def _many(self) -> None:
        for _ in range(12):
            self._commit(5)

    def _receipt(self) -> None:
        outbox = self._running().outbox
        try:
            head = outbox.head_at(1)
        except _REFUSED:
            return
        assert head is not None
        outbox.take_receipt(Receipt(station=STATION, epoch=outbox.epoch, through=1, head=head, generation=1))
        self._commit()

    def _put(self) -> None:
        try:
            self._running().outbox.put("something", bytes(9_000))
        except _REFUSED:
            return

    def _epoch(self) -> None:
        try:
            self._running().outbox.open_epoch("differs", matched=0)
        except _REFUSED:
            return

    def _pictures(self) -> None:
        for _ in range(2):
            jpeg = self._chance.randbytes(3_000)
            name = sha256(jpeg).digest()
            self.tell(exposed=self.told.exposed | {name})
            if self._running().photograph(jpeg, name.hex()[:16]) == "ok":
                self.tell(taken=self.told.taken | {name})
        for event in self._running().hand_over():
            self._running().snapshots.on_picture_taken(event)

    def _evict(self) -> None:
        blobs = self._running().blobs
        quota, blobs.quota_bytes = blobs.quota_bytes, max(0, blobs.total_bytes - 1)
        self._running().snapshots.make_room()
        blobs.quota_bytes = quota

    def _drop(self) -> None:
        for name, _ in list(self._running().blobs.pending())[:1]:
            self.tell(let_go=self.told.let_go | {name})
            try:
                self._running().blobs.drop(name)
            except StorageFailed:
                return

    def _pack(self) -> None:
        self._packs += 1
        ref, file = pack_file(self._packs)
        shelf = self._running().shelf
        self.tell(pack=None)
        shelf.want([ref])
        shelf.fetched(PackFetched(sha256=ref.sha256, file=file))
        # If the disk did not take the pack, it is played from memory and fetched again after a restart.
        if (self._station / "packs" / ref.sha256.hex()).exists():
            self.tell(pack=ref)

    def _command(self) -> None:
        self._chores.command(self._running())

    def _twin(self) -> None:
        self._chores.twin(self._running())

    def _notes(self) -> None:
        self._chores.notes(self._running())

    def _log(self) -> None:
        self._chores.log(self._running())

    def _download(self) -> None:
        self._chores.download(self._running())

    def _export(self) -> None:
        self._close()
        try:
            done = export(outbox_source(self._station / OUTBOX_FILE), self._stick, now=moment)
        except ExportFailed:
            return
        if done.path is not None:
            self.tell(exports=self.told.exports | {done.path.name: done.facts})

    def _damage(self) -> None:
        """Spoil the header without the product's knowledge. Every row can be salvaged from such a file."""
        self._close()
        with io.FileIO(self._station / OUTBOX_FILE, "r+") as file:
            file.write(b"x" * 100)
        self._running()
