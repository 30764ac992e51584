"""Bring what the county has to the disk that leaves the machine: what is new since the last copy, encrypted.

The order makes a pulled disk harmless. New files come first, then the manifest that names them, and only then what the
manifest names no more is deleted. Until the manifest has changed, the copy before counts, and all its files are there.
"""

import datetime as dt
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from protocol.system_errors import os_cause
from server_broker.backup.county_files import CopyIndex, copy_index, fingerprint, kept_files, shares, write_archive
from server_broker.backup.encryption import Fill, Written, encrypt
from server_broker.backup.manifest_key import manifest_key
from server_broker.backup.repository import Repository, segment_name
from server_broker.backup.state import note
from server_broker.backup.target import Manifest, Target
from server_broker.platform.backup_config import BackupConfig
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, account_for

_REPOSITORY, _BLOBS, COUNTY = "repo", "blobs", "county"
"""The folders on the disk: of the repository, of pictures, bundles and packages, of keys and settings."""
_VANISHED_TRIES = 3


def require_backup(home: CountyHome) -> tuple[CountyConfig, BackupConfig]:
    """Return the county's configuration and its table ``[backup]``.

    Raises:
        ServiceError: No backup is set up.
    """
    config = read_config(home)
    if config.backup is None:
        raise ServiceError("还没有设置备份：请运行 cunhui-server backup setup 文件夹")
    return config, config.backup


def write_plan(home: CountyHome, backup: BackupConfig) -> None:
    """Write for PostgreSQL's account how long backups are kept: it can't read ``county.toml``."""
    plan = home.backup / "plan.json"
    content = json.dumps({"keep_days": backup.keep_days}).encode()
    if not plan.exists() or plan.read_bytes() != content:
        write_atomically(plan, content, mode=0o640)
    gid = account_for("postgres").gid
    if gid is not None:
        os.chown(plan, -1, gid)


@contextmanager
def alone(home: CountyHome) -> Iterator[None]:
    """Keep another copy or proof of this county from running at the same time.

    Raises:
        ServiceError: One runs.
    """
    with (home.backup / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceError("另一次备份或核对正在进行，等它做完再运行") from error
        yield


def copy(home: CountyHome, *, clock: Callable[[], dt.datetime], tidy: bool = False) -> Manifest:
    """Bring what is new to the disk, and note how it went.

    Args:
        tidy: Also pack small archives together, as is done once a day.

    Raises:
        ServiceError: It was not brought. The copy before still counts.
    """
    config, backup = require_backup(home)
    write_plan(home, backup)
    with alone(home):
        try:
            target = Target(Path(backup.folder))
            with copy_index(home, target.require(recipient=backup.recipient, disk=backup.disk)) as index:
                manifest = _Copy(home, config.name, backup, target, index, now=clock(), tidy=tidy).bring()
        except OSError as error:
            problem = f"备份没有做成：{error.filename or ''} {os_cause(error)}"
            note(home, copy_problem=problem)
            raise ServiceError(problem) from error
        except ServiceError as error:
            note(home, copy_problem=str(error))
            raise
        note(home, last_copy_at=manifest.made_at, copy_problem="")
    return manifest


class _Copy:
    """One run."""

    def __init__(
        self,
        home: CountyHome,
        county: str,
        backup: BackupConfig,
        target: Target,
        index: CopyIndex,
        *,
        now: dt.datetime,
        tidy: bool,
    ) -> None:
        self._home = home
        self._county = county
        self._backup = backup
        self._now = now
        self._tidy = tidy
        self._target = target
        self._index = index
        self._repository = Repository(home)
        self._files: dict[str, Written] = {}

    def bring(self) -> Manifest:
        """Bring everything and put the manifest in place."""
        key = manifest_key(self._home, self._backup.recipient)
        before = self._target.manifest()
        if before is not None and not before.signed_by(key):
            # Somebody else's sums. Of what the index does not know either, nobody can say what it is.
            before = None
        self._note_bases()
        there = self._there(before)
        last = self._bring_repository(there)
        self._bring_blobs(there)
        self._bring_county(there)
        manifest = Manifest(
            county=self._county,
            recipient=self._backup.recipient,
            made_at=self._now,
            last_segment=last,
            keep_days=self._backup.keep_days,
            files=self._files,
        )
        # The disk may have been taken away since, with the system's disk now in its place.
        self._target.require(recipient=self._backup.recipient, disk=self._backup.disk)
        self._target.put_manifest(manifest, key)
        self._index.forget_others(self._files)
        self._target.drop_others(set(self._files))
        return manifest

    def _note_bases(self) -> None:
        bases = self._repository.bases()
        if not bases:
            raise ServiceError("还没有数据库备份：请运行 cunhui-server backup now")
        note(self._home, last_base_at=bases[-1].ended_at)
        if missing := self._repository.gaps():
            named = "、".join(missing[:3])
            raise ServiceError(f"备份库缺少数据库日志 {named}（共 {len(missing)} 段）：再做一次完整备份，并查看磁盘")

    def _there(self, before: Manifest | None) -> dict[str, Written]:
        """Return what lies on the disk already, whole as far as its size and the last proof tell."""
        # The index is newer: a damaged file was written anew by a copy that did not come to its end.
        known = (before.files if before is not None else {}) | self._index.written()
        sizes, damaged = self._target.sizes(), self._index.damaged()
        return {
            path: written for path, written in known.items() if sizes.get(path) == written.size and path not in damaged
        }

    def _bring_repository(self, there: dict[str, Written]) -> str:
        """Bring the repository's files, and return the name of the last segment among them."""
        for left in range(_VANISHED_TRIES, 0, -1):
            # First the small files that say what there is: what they name is complete, and is listed after them.
            changing = {path: path.read_bytes() for path in self._repository.changing()}
            segments = self._repository.segments()
            try:
                wanted = {
                    f"{_REPOSITORY}/{path.relative_to(self._repository.root)}.age": self._bring_file(path, there)
                    for path in self._repository.unchanging()
                }
            except FileNotFoundError:
                # A backup expired meanwhile. Its files are in no list that is read from now on.
                if left == 1:
                    raise
                continue
            break
        self._files |= wanted
        for path, content in changing.items():
            self._bring_changing(f"{path.relative_to(self._repository.root)}", content, there)
        return segment_name(*segments[-1]) if segments else ""

    def _bring_file(self, path: Path, there: dict[str, Written]) -> Written:
        def fill(pipe: IO[bytes]) -> None:
            with path.open("rb") as content:
                shutil.copyfileobj(content, pipe, 2**20)

        return self._bring_one(f"{_REPOSITORY}/{path.relative_to(self._repository.root)}.age", fill, there)

    def _bring_changing(self, name: str, content: bytes, there: dict[str, Written]) -> None:
        # Under a new name each time, because the copy before needs its own until the manifest has changed.
        path = f"info/{self._stamp()}/{name}.age"
        self._files[path] = self._bring_one(path, lambda pipe: pipe.write(content), there)

    def _bring_one(self, path: str, fill: Fill, there: dict[str, Written]) -> Written:
        if path not in there:
            there[path] = encrypt(fill, self._target.root / path, recipient=self._backup.recipient)
            self._index.note_written(path, there[path])
        return there[path]

    def _bring_blobs(self, there: dict[str, Written]) -> None:
        """Bring the pictures, bundles and packages that no archive on the disk has."""
        archives = {path: one for path, one in there.items() if path.startswith(f"{_BLOBS}/")}
        kept = self._index.keep_archives(set(archives))
        if self._tidy:
            sizes = {path: archives[path].size for path in kept}
            keep = dt.timedelta(days=self._backup.keep_days)
            kept -= self._index.drop_due(now=self._now, keep=keep, sizes=sizes)
        self._files |= {path: archives[path] for path in kept}
        for number, share in enumerate(shares(self._index.look(self._now))):
            path = f"{_BLOBS}/{self._stamp()}-{number:05d}.tar.age"
            self._files[path] = self._bring_archive(path, share, there)
            self._index.note(path, share)

    def _bring_county(self, there: dict[str, Written]) -> None:
        """Bring keys and settings, last of all, so that they are never older than the database."""
        files = kept_files(self._home)
        path = f"{COUNTY}/{fingerprint(files)[:32]}.tar.age"
        self._files[path] = self._bring_archive(path, files, there)

    def _bring_archive(self, path: str, files: list[Path], there: dict[str, Written]) -> Written:
        return self._bring_one(path, lambda pipe: write_archive(pipe, self._home.root, files), there)

    def _stamp(self) -> str:
        return f"{self._now:%Y%m%dT%H%M%S%f}"
