"""Set a backup up: a folder or disk, and a key of which the secret half is shown once.

Nothing is written before somebody has that half: a backup that nobody can open would look like one.
"""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from protocol.china_time import CHINA
from protocol.system_errors import os_cause
from server_broker.backup.copying import write_plan
from server_broker.backup.encryption import new_key, recipient_of
from server_broker.backup.manifest_key import keep_manifest_key
from server_broker.backup.repository import Repository
from server_broker.backup.state import note
from server_broker.backup.target import Manifest, Target, mount_of, setup_again
from server_broker.platform.backup_config import BackupConfig, backup_table
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, own_name

PLACES = ("/mnt", "/media", "/srv", "/var/backups")
"""Where the units may write, beside the county's own folder (cunhui-backup.service)."""
_HEAD, _GROUP = len("AGE-SECRET-KEY-1"), 10


@dataclass(frozen=True)
class RecoverySheet:
    """What a person prints and keeps.

    Attributes:
        text: With the secret key, which is nowhere else.
        last_group: The end of the key as it stands there, to be asked of who has it.
    """

    text: str
    last_group: str


def set_up(
    home: CountyHome,
    folder: Path,
    *,
    disk: bool,
    new: bool,
    now: dt.datetime,
    hand_over: Callable[[RecoverySheet], None],
) -> bool:
    """Write ``[backup]`` into ``county.toml``, begin the folder, and return whether there is a new key.

    Args:
        disk: The folder lies on a disk that may be pulled out.
        new: Make a new key, also if there is one. The folder must be empty then.
        hand_over: Gives the sheet of a new key to somebody, or raises `ServiceError`.

    Raises:
        ServiceError: The folder can't be used, pgBackRest or age is not installed, or nobody has the sheet: nothing has
            changed. Or a file can't be written after that: called again, without ``new``, it goes on with that key.
    """
    config = read_config(home)
    check_place(home, folder, disk=disk)
    if shutil.which("pgbackrest") is None:
        raise ServiceError("没有安装 pgBackRest：请运行 apt-get install pgbackrest")
    key = new_key() if new or config.backup is None else ""
    recipient = recipient_of(key) if key else ""
    before = config.backup or BackupConfig(folder=str(folder), recipient=recipient)
    backup = replace(before, folder=str(folder), disk=disk, recipient=recipient or before.recipient)
    target = Target(folder)
    target.require_free(backup.recipient)
    require_writable(folder)
    if key:
        hand_over(_sheet(config, key, recipient, now=now))
        keep_manifest_key(home, key)
    # Before the folder's mark, which no further key may take: a repetition sets right what breaks off between them.
    _write_table(home, config, backup)
    target.begin(recipient=backup.recipient, county=config.name, now=now)
    repository = Repository(home)
    if not home.by_units:
        repository.make_folders()
    write_plan(home, backup)
    note(home, set_up_at=now, copy_problem="")
    return bool(key)


def check_place(home: CountyHome, folder: Path, *, disk: bool) -> None:
    """Check that the copies may lie in this folder and that our account reaches it, whoever may write there.

    Args:
        disk: It lies on a disk that may be pulled out.

    Raises:
        ServiceError: They may not.
    """
    if not folder.is_absolute():
        raise ServiceError(f"请写完整路径，如 /mnt/backup：{folder}")
    if home.by_units and not any(folder.resolve().is_relative_to(place) for place in PLACES):
        raise ServiceError(f"备份要放在 {'、'.join(PLACES)} 下面，别处县平台的服务写不了：请把磁盘挂载到那里")
    for above in (*reversed(folder.parents), folder):
        if above.is_dir() and not os.access(above, os.X_OK):
            raise ServiceError(f"账户 {own_name()} 进不了 {above}：请运行 chmod a+x {above}")
    if folder.exists() and not folder.is_dir():
        raise ServiceError(f"{folder} 是一个文件：请写一个文件夹")
    if not folder.is_dir():
        raise ServiceError(f"没有文件夹 {folder}：请先建好；是磁盘的，先挂载")
    if folder.resolve().is_relative_to(home.root.resolve()):
        raise ServiceError(f"{folder} 在县平台自己的文件夹里，县平台丢了备份也就丢了")
    if disk and mount_of(folder) == Path("/"):
        raise ServiceError(f"{folder} 不在另一块磁盘上：备份盘没有插上或没有挂载")


def folder_problem(home: CountyHome, backup: BackupConfig) -> str:
    """Return in Chinese why no copies can lie in the folder of ``county.toml``, whatever disk is there now."""
    try:
        check_place(home, Path(backup.folder), disk=False)
    except ServiceError as error:
        return str(error)
    except OSError as error:
        return f"{backup.folder} 读不了：{os_cause(error)}"
    return ""


def disk_problem(home: CountyHome, backup: BackupConfig) -> tuple[str, Manifest | None]:
    """Return in Chinese what the next copy would fail of, or that there is none yet; and the copy that lies there."""
    folder = Path(backup.folder)
    try:
        # Whether it is a disk of its own, `require` says as the copies do.
        check_place(home, folder, disk=False)
        target = Target(folder)
        target.require(recipient=backup.recipient, disk=backup.disk)
        try:
            require_writable(folder)
        except ServiceError as error:
            raise ServiceError(f"{error}。{setup_again(folder, disk=backup.disk)}") from error
        manifest = target.manifest()
    except ServiceError as error:
        return str(error), None
    except OSError as error:  # an account that may not look above the folder
        return f"{folder} 读不了：{os_cause(error)}", None
    return ("" if manifest else f"{folder} 里还没有备份"), manifest


def require_writable(folder: Path) -> None:
    """Check that our account may write the copies in this folder.

    Raises:
        ServiceError: It may not.
    """
    root = Target(folder).root
    place = root if root.exists() else folder
    if not os.access(place, os.W_OK | os.X_OK):
        raise ServiceError(f"{place} 写不进去：账户 {own_name()} 没有权限，或磁盘是只读的")


def _write_table(home: CountyHome, config: CountyConfig, backup: BackupConfig) -> None:
    """Put the table in place of the one before, and leave the rest of the file as people wrote it.

    Raises:
        ServiceError: The file can't be written, or the table is not where it can be found. It stays as it was.
    """
    text = home.config_file.read_text(encoding="utf-8")
    kept = _without_table(text) if config.backup is not None else text
    try:
        write_atomically(home.config_file, (kept.rstrip("\n") + "\n" + backup_table(backup)).encode())
        read_config(home)
    except OSError as error:
        raise ServiceError(f"{home.config_file} 写不进去：{os_cause(error)}") from error
    except ServiceError:
        write_atomically(home.config_file, text.encode())
        raise


def _without_table(text: str) -> str:
    """Return the text of ``county.toml`` without its table ``[backup]`` and the comment above it."""
    comment = backup_table(BackupConfig(folder="/", recipient="")).splitlines()[1]
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            inside = line.strip() == "[backup]"
        if not inside and line.strip() != comment:
            kept.append(line)
    return "".join(kept)


def _sheet(config: CountyConfig, key: str, recipient: str, *, now: dt.datetime) -> RecoverySheet:
    groups = [key[:_HEAD], *(key[place : place + _GROUP] for place in range(_HEAD, len(key), _GROUP))]
    text = f"""\
======================== 恢复密钥（请打印） ========================

  县：{config.name}（{config.host}）
  日期：{now.astimezone(CHINA):%Y-%m-%d %H:%M}

  {" ".join(groups)}

  对应的公钥：{recipient[:16]}……

  没有这把密钥，任何人都打不开备份，包括我们。它不在这台机器上，
  也不会再显示第二次。请打印两份，分开锁好；不要拍照，不要存在
  县平台的机器上，也不要和备份盘放在一起。

  恢复时把上面那一行原样写进一个文件（空格不算），然后运行：
  cunhui-server restore 备份文件夹 --key 那个文件

===================================================================="""
    return RecoverySheet(text, groups[-1])
