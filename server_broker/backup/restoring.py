"""Make a county again from the copies on a disk, on an empty machine or in an empty folder.

All of it happens in a folder inside, ``restoring``: files are checked and decrypted there, the database is restored
and started there, and the county gets its new generation there. Only what is whole moves to its place, ``county.toml``
last: without that file there is no county. Whatever fails before leaves nothing half, and the next call goes on with
the files that are decrypted already.
"""

import datetime as dt
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from protocol.china_time import CHINA
from protocol.system_errors import os_cause
from server_broker.backup.copying import COUNTY, write_plan
from server_broker.backup.county_files import unpack
from server_broker.backup.encryption import decrypt, decrypted, manifest_key_of, read_key, recipient_of
from server_broker.backup.repository import Base, Repository
from server_broker.backup.scratch import (
    LogEndedEarly,
    counted,
    prepare_folders,
    require_end,
    require_room,
    restore_cluster,
    running,
)
from server_broker.backup.state import note
from server_broker.backup.target import Manifest, Target, require_whole
from server_broker.platform.county_config import read_config
from server_broker.platform.files import sync_file_system, sync_folder, write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, account_for

_WHOLE, _DECRYPTED = "whole", "decrypted"
"""Files in the staging folder: everything is done but moving; and of which copy the decrypted files are."""
_OF_THE_MACHINE = frozenset({"run", "logs", "backup", _WHOLE, _DECRYPTED})
"""What does not move as it is."""
_OF_BACKUPS = ("repo", "work", "plan.json", "state.json")
_FSTAB = Path("/etc/fstab")
"""fstab(5): the disks that are mounted when the machine starts, and where."""
type Say = Callable[[str], None]


def restore(
    home: CountyHome,
    folder: Path,
    key_file: Path,
    *,
    until: dt.datetime | None,
    finish: Callable[[CountyHome], None],
    stop: Callable[[], None] = lambda: None,
    say: Say,
) -> dict[str, int]:
    """Restore the county and return what its database has.

    Args:
        folder: As it was named at ``backup setup``, or our own folder in it.
        until: The database as of this moment (aware); None for all that there is. Keys and pictures are the newest.
        finish: Gets the staged county while its database runs: prepares it and raises its generation.
        stop: Called when all is restored, before anything moves to its place: stops what may look for a county there.
        say: Called with one line for each step.

    Raises:
        ServiceError: Nothing was restored; the message says why.
    """
    _require_empty(home)
    staged = CountyHome(home.restoring)
    _require_own(staged.root)
    if (staged.root / _WHOLE).exists():
        say("上次已经恢复好，只差搬到位。")
        stop()
        _move_in(home, staged)
        return {}
    try:
        source, manifest, key = _opened(folder, key_file)
        if until is not None and until > manifest.made_at:
            raise ServiceError(f"没有恢复：备份只到 {_typed(manifest.made_at)}")
        made = f"{manifest.made_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        say(f"{manifest.county}，备份到 {made}，共 {len(manifest.files)} 个文件。")
        say("一、核对备份盘上的每个文件……")
        require_whole(source.damages(manifest).values(), what="备份盘上的文件不完整，没有恢复")
        say("二、解密……")
        _decrypt_all(source, manifest, key, staged)
        say("三、恢复数据库……")
        found = _restore_database(staged, manifest, until, finish, say)
        sync_file_system(staged.root)
        write_atomically(staged.root / _WHOLE, b"")
    except OSError as error:
        raise ServiceError(f"没有恢复成：{error.filename or ''} {os_cause(error)}") from error
    say("四、搬到位……")
    stop()
    _move_in(home, staged)
    return found


def _require_empty(home: CountyHome) -> None:
    if home.config_file.exists():
        raise ServiceError(f"{home.root} 里已有县平台，没有改动。要恢复到这里，先把它停下并移到别处")
    data = home.postgres_data
    if (data / "PG_VERSION").exists():
        raise ServiceError(f"{data} 里已有数据库，没有改动。要恢复到这里，先把它移到别处")
    if _has_a_disk_of_its_own(home.root) and not home.root.is_mount():
        raise ServiceError(
            f"{_FSTAB} 里写着 {home.root} 是一块盘的挂载点，那块盘现在没有挂上：恢复到这里，一启动就会被它盖住。"
            f"先删掉那一行，再运行 systemctl daemon-reload；要恢复到那块盘上，先挂上它，把里面的县平台移到别处"
        )


def _has_a_disk_of_its_own(folder: Path) -> bool:
    """Tell whether a disk is mounted at the folder when the machine starts."""
    if not _FSTAB.exists():
        return False
    lines = (line.split() for line in _FSTAB.read_text(errors="replace").splitlines())
    return any(len(fields) > 1 and not fields[0].startswith("#") and Path(fields[1]) == folder for fields in lines)


def _require_own(staging: Path) -> None:
    """Raise if another account has made the staging folder, or a link in its place: root writes there."""
    with suppress(FileNotFoundError):
        found = staging.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise ServiceError(f"{staging} 不是恢复时建的，没有改动。请先把它移走")


def _opened(folder: Path, key_file: Path) -> tuple[Target, Manifest, str]:
    """Return the copies, their manifest, and the key that opens them."""
    key = read_key(key_file)
    if not folder.is_dir():
        raise ServiceError(
            f"{folder} {'是一个文件，不是' if folder.exists() else '不在：没有这个'}备份文件夹。请核对路径"
        )
    source = Target(folder)
    manifest = source.manifest()
    if manifest is None:
        raise ServiceError(f"{folder} 里没有完整的备份（没有 manifest.json）：请核对路径，或备份盘没有挂载")
    if recipient_of(key) != manifest.recipient:
        raise ServiceError("这把恢复密钥打不开这份备份：它是另一把。请找日期相符的那张恢复密钥")
    if not manifest.signed_by(manifest_key_of(key)):
        # Whoever had the disk can encrypt to its public key. Nothing of it is unpacked.
        raise ServiceError("备份盘上的 manifest.json 不是这个县写的：有人动过这块盘，没有恢复。请用另一块盘")
    return source, manifest, key


def _decrypt_all(source: Target, manifest: Manifest, key: str, staged: CountyHome) -> None:
    """Decrypt what is not decrypted yet."""
    staged.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = manifest.signature.encode()
    mark = staged.root / _DECRYPTED
    if not mark.exists() or mark.read_bytes() != made:
        # Of another copy, or of none: begin anew.
        shutil.rmtree(staged.root)
        staged.root.mkdir(mode=0o700)
        write_atomically(mark, made)
    size = sum(one.size for one in manifest.files.values())
    if (free := shutil.disk_usage(staged.root).free) < size:
        raise ServiceError(f"磁盘不够：备份有 {size / 2**30:.1f} GB，{staged.root} 只剩 {free / 2**30:.1f} GB")
    repository = Repository(staged)
    for path in manifest.files:
        kind, _, rest = path.removesuffix(".age").partition("/")
        if kind in ("repo", "info"):
            inner = rest if kind == "repo" else rest.partition("/")[2]
            target = repository.root / inner
            if not target.exists():
                with source.open(path) as file:
                    decrypt(file, target, key=key)
        else:
            with source.open(path) as file:
                _unpack_once(file, staged, key, blobs=kind != COUNTY)


def _unpack_once(archive: BinaryIO, staged: CountyHome, key: str, *, blobs: bool) -> None:
    name = Path(archive.name).name
    done = staged.root / "unpacked" / name
    if done.exists():
        return
    try:
        with decrypted(archive, key=key) as stream:
            unpack(stream, staged.root, blobs=blobs)
    except tarfile.TarError as error:
        raise ServiceError(f"{name} 解开了却读不出来：{error}") from error
    # Otherwise a power cut may leave the mark, and of the files their names alone.
    sync_file_system(staged.root)
    done.parent.mkdir(exist_ok=True)
    done.touch()


def _restore_database(
    staged: CountyHome, manifest: Manifest, until: dt.datetime | None, finish: Callable[[CountyHome], None], say: Say
) -> dict[str, int]:
    repository = Repository(staged)
    missing = [f"缺少 {name}" for name in repository.gaps()]
    require_whole(missing, what="备份里缺少数据库日志，没有恢复（PostgreSQL 会不声不响地少恢复）")
    words = [] if until is None else options_as_of(until, repository)
    try:
        found = _recovered(staged, manifest, words, finish, say)
    except LogEndedEarly:
        # Only where the log goes on to its end, which is looked at again: what it has is all of that moment that left
        # the county.
        say("备份里的数据库日志到不了这一刻，恢复到日志的最后。")
        found = _recovered(staged, manifest, [], finish, say)
    if (backup := read_config(staged).backup) is not None:
        write_plan(staged, backup)
        note(staged, set_up_at=dt.datetime.now(dt.UTC))
    return found


def options_as_of(until: dt.datetime, repository: Repository) -> list[str]:
    """Return pgBackRest's options for the database as of a moment.

    Raises:
        ServiceError: That moment can't be had. The message says which ones near it can.
    """
    bases, since = repository.bases(), repository.continuous_since()
    # pgBackRest knows only in whole seconds when its backups ended.
    second = until.replace(microsecond=0)
    for base in bases:
        if base.ended_at == second:
            # Also of one in a future that a restore has given up.
            return [f"--set={base.label}", "--type=immediate", "--target-action=promote"]
    # Of the log before that there is only what each base backup itself needs. PostgreSQL would end there and, asked for
    # all that there is, go on with what came later.
    if since is not None and second > since:
        return ["--type=time", f"--target={until:%Y-%m-%d %H:%M:%S.%f%z}", "--target-action=promote"]
    raise ServiceError(f"没有恢复：{_near(until, bases, since)}")


def _near(until: dt.datetime, bases: list[Base], since: dt.datetime | None) -> str:
    earlier = [base.ended_at for base in bases if base.ended_at < until]
    later = [base.ended_at for base in bases if base.ended_at > until]
    every = f"{_typed(since)} 以后任何一刻都可以" if since is not None else "备份里没有数据库备份"
    if not earlier:
        return f"最早只能恢复到 {_typed(later[0])}；{every}" if later else every
    near = " 或 ".join(f"--to {_typed(moment)}" for moment in (earlier[-1], *later[:1]))
    return f"这一刻的数据库日志已经不留了。离它最近的是 {near}；{every}"


def _typed(moment: dt.datetime) -> str:
    """Return a moment as ``--to`` takes it."""
    return f"{moment.astimezone(CHINA):%Y-%m-%dT%H:%M:%S}"


def _recovered(
    staged: CountyHome, manifest: Manifest, words: list[str], finish: Callable[[CountyHome], None], say: Say
) -> dict[str, int]:
    """Restore the cluster, have it recover, and finish the county while it runs.

    Args:
        words: pgBackRest's options for a moment; none for all that there is.
    """
    if staged.postgres_data.exists():
        shutil.rmtree(staged.postgres_data)
    prepare_folders(staged)
    _own_repository(staged)
    Repository(staged).configure(manifest.keep_days)
    require_room(staged)
    restore_cluster(staged, *words)
    with running(staged):
        if not words and manifest.last_segment:
            require_end(staged, manifest.last_segment)
        found = counted(staged)
        say(f"数据库有 {found['facts']} 条站点记录，{found['touches']} 次打卡。")
        finish(staged)
    return found


def _own_repository(staged: CountyHome) -> None:
    """Give the repository and its working folder to PostgreSQL's account."""
    account = account_for("postgres")
    staged.backup.chmod(0o711 if account.uid is not None else 0o700)
    (staged.backup / "work").mkdir(exist_ok=True)
    for top in (staged.backup / "repo", staged.backup / "work"):
        for path in (top, *top.rglob("*")):
            # An earlier try has run under that account, which may have left a link to anywhere.
            if not path.is_symlink():
                account.own(path, 0o750 if path.is_dir() else 0o640)


def _move_in(home: CountyHome, staged: CountyHome) -> None:
    """Move everything to its place, ``county.toml`` last. Called again after a crash it goes on."""
    home.backup.mkdir(exist_ok=True, mode=0o700)
    if home.by_units:
        _own_installed(home, staged)
    for inner in _OF_BACKUPS:
        _move(staged.backup / inner, home.backup / inner)
    sync_folder(home.backup)
    if not home.by_units and account_for("postgres").uid is not None:
        home.root.chmod(0o711)
        home.backup.chmod(0o711)
    names = [
        path.name for path in staged.root.iterdir() if path.name not in _OF_THE_MACHINE and path.name != "unpacked"
    ]
    for name in sorted(names, key=lambda name: name == home.config_file.name):
        if name == home.config_file.name:
            sync_folder(home.root)
        _move(staged.root / name, home.root / name)
    sync_folder(home.root)
    shutil.rmtree(staged.root)


def _move(source: Path, target: Path) -> None:
    if not source.exists():
        return  # it has moved before a crash
    if target.is_dir():
        # One that the package has made is empty.
        with suppress(OSError):
            target.rmdir()
    source.replace(target)


def _own_installed(home: CountyHome, staged: CountyHome) -> None:
    """Give the files to the accounts of the units, as tmpfiles.d(5) does for a new county."""
    county, postgres = home.root.stat(), account_for("postgres")
    broker = account_for("mosquitto")
    assert postgres.uid is not None
    assert postgres.gid is not None
    assert broker.gid is not None
    for path in staged.root.rglob("*"):
        top = path.relative_to(staged.root).parts[0]
        if top == "postgres":
            uid, gid = postgres.uid, postgres.gid
        elif top == "backup":
            uid, gid = postgres.uid, county.st_gid
        else:
            uid, gid = county.st_uid, broker.gid if top == "broker" else county.st_gid
        os.chown(path, uid, gid, follow_symlinks=False)
    for path in (home.backup, staged.backup, staged.backup / "plan.json", staged.backup / "state.json"):
        if path.exists():
            os.chown(path, county.st_uid, postgres.gid)
    home.backup.chmod(0o2750)
    for inner, mode in (("repo", 0o2750), ("work", 0o700)):
        (staged.backup / inner).chmod(mode)
    for folder in (staged.backup / "repo").rglob("*"):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o2750)
    if staged.broker.exists():
        staged.broker.chmod(0o2750)
