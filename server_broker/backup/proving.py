"""Prove a backup by restoring it on trial: a cluster of its own is made of the local repository, started, looked at and
thrown away. The copies outside are checked by their sums; only the key on paper could open them, and a person can prove
that it does.
"""

import datetime as dt
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from protocol.system_errors import os_cause
from server_broker.backup.copying import alone, require_backup
from server_broker.backup.county_files import copy_index
from server_broker.backup.encryption import TargetFailed, decrypted, recipient_of
from server_broker.backup.manifest_key import keep_manifest_key, manifest_key
from server_broker.backup.repository import Repository, segment_name
from server_broker.backup.scratch import (
    confined,
    counted,
    prepare_folders,
    require_end,
    require_room,
    restore_cluster,
    running,
)
from server_broker.backup.state import note
from server_broker.backup.target import Target, require_whole
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, account_for

_FOLDER = "backup-check"
_FOREIGN = "备份盘上的 manifest.json 不是本县写的，有人动过这块盘；下一次备份重写它，盘上的文件再核对一遍"


def prove(
    home: CountyHome, *, clock: Callable[[], dt.datetime], verify_audit: Callable[[CountyHome], None]
) -> dict[str, int]:
    """Restore the newest backup on trial and check the copies outside; note how it went, and return what was counted.

    A file outside that is damaged is noted too, so that the next copy writes it anew.

    Args:
        verify_audit: Checks the chain of the audit log of the county in a folder, and raises `ServiceError`.

    Raises:
        ServiceError: The backup can't be restored, or the copies are damaged. The message says which.
    """
    _, backup = require_backup(home)
    with alone(home):
        try:
            found = _restored_on_trial(home, verify_audit)
            target = Target(Path(backup.folder))
            target.require(recipient=backup.recipient, disk=backup.disk)
            manifest = target.manifest()
            if manifest is None:
                raise ServiceError("备份盘上还没有完整的备份：请运行 cunhui-server backup now")
            if not manifest.signed_by(manifest_key(home, backup.recipient)):
                raise ServiceError(_FOREIGN)
            damages = target.damages(manifest)
            if damages:
                # The disk is still there, so it is the files: of one that was pulled meanwhile none is damaged.
                with copy_index(home, target.require(recipient=backup.recipient, disk=backup.disk)) as index:
                    index.note_damaged(damages)
            require_whole(damages.values(), what="备份盘上的文件坏了，下一次备份重新写；再坏就换盘")
        except (OSError, ServiceError) as error:
            problem = f"核对没有通过：{os_cause(error) if isinstance(error, OSError) else error}"
            note(home, proof_problem=problem)
            raise ServiceError(problem) from error
        note(home, last_proof_at=clock(), proof_problem="")
    return found | {"files": len(manifest.files)}


def prove_key(home: CountyHome, key: str) -> bool:
    """Check that the key on paper is that of the county's backups, and return whether it was tried on the disk.

    It was not if the disk is away, or has no copy yet.

    Raises:
        ServiceError: It is another key, or was copied wrong, or does not open what lies on the disk.
    """
    _, backup = require_backup(home)
    if recipient_of(key) != backup.recipient:
        raise ServiceError("这不是本县现在用的恢复密钥，打不开现在的备份：请找日期相符的那张")
    keep_manifest_key(home, key)
    target = Target(Path(backup.folder))
    try:
        target.require(recipient=backup.recipient, disk=backup.disk)
        manifest = target.manifest()
    except TargetFailed:
        return False
    if manifest is None:
        return False
    smallest = min(manifest.files, key=lambda path: manifest.files[path].size)
    with target.open(smallest) as file, decrypted(file, key=key) as content:
        content.read()
    return True


def _restored_on_trial(home: CountyHome, verify_audit: Callable[[CountyHome], None]) -> dict[str, int]:
    repository = Repository(home)
    if missing := repository.gaps():
        raise ServiceError(f"备份库缺少数据库日志 {'、'.join(missing[:3])}（共 {len(missing)} 段）")
    segments = repository.segments()
    if not repository.bases() or not segments:
        raise ServiceError("还没有数据库备份：请运行 cunhui-server backup now")
    scratch = CountyHome(home.root / _FOLDER)
    _remove(scratch.root)
    try:
        _make(scratch, home)
        require_room(scratch)
        # Without an archive: what the trial writes is nobody's log.
        # Where PostgreSQL has no account of its own, its files say nothing that this one may not do anyway.
        within = confined(scratch, repository.root) if home.by_units else []
        restore_cluster(scratch, "--archive-mode=off", within=within)
        with running(scratch, within=within):
            require_end(scratch, segment_name(*segments[-1]))
            found = counted(scratch)
            verify_audit(scratch)
        return found
    finally:
        _remove(scratch.root)


def _make(scratch: CountyHome, home: CountyHome) -> None:
    prepare_folders(scratch)
    account = account_for("postgres")
    for folder in (scratch.backup, scratch.backup / "work"):
        folder.mkdir(mode=0o700)
        account.own(folder, 0o700)
    (scratch.backup / "repo").symlink_to(Repository(home).root)
    Repository(scratch).configure(keep_days=9999)
    shutil.copy(home.config_file, scratch.config_file)
    shutil.copy(home.root / "secret-key", scratch.root / "secret-key")


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
