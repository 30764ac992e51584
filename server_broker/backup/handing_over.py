"""Give the folder of the copies to the county's account, which writes them.

A new disk belongs to root, and one from another machine to an account of that machine. Only root can change that, so it
is done before `cunhui-server` lays root's rights down. No symbolic link is followed: others may write to the disk too.
"""

import json
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

from protocol.system_errors import os_cause
from server_broker.backup.encryption import TargetFailed
from server_broker.backup.setting_up import check_place
from server_broker.backup.target import FOLDER, MARK, Target
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome

_FOLDER_ONLY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def hand_over(home: CountyHome, folder: Path, *, disk: bool) -> str:
    """Make our folder in ``folder`` for the county's account, or give it the one there; return in Chinese what changed.

    One that is there is given only if it is empty and root's, or if its mark says that it is this county's. Called by
    root, for a county that units run.

    Raises:
        ServiceError: ``folder`` can't be used, or our folder can't be given away. Nothing has changed.
    """
    check_place(home, folder, disk=disk)
    if Target(folder).root == folder:
        return ""
    backup, owner = read_config(home).backup, home.root.stat()
    top = os.open(folder.resolve(), _FOLDER_ONLY)
    try:
        return _Giving(folder, top, owner.st_uid, owner.st_gid, backup.recipient if backup else None).give()
    except OSError as error:
        # Most likely a disk without owners.
        raise TargetFailed(
            f"{folder / FOLDER} 不能交给账户 {_name(owner.st_uid)}：{os_cause(error)}。exFAT、FAT 的盘在 /etc/fstab 的"
            f"挂载选项里写 uid={_name(owner.st_uid)},gid={_name(owner.st_uid)},umask=077，重新挂载"
        ) from error
    finally:
        os.close(top)


class _Giving:
    """One folder that is given away, by its descriptors."""

    def __init__(self, folder: Path, top: int, uid: int, gid: int, recipient: str | None) -> None:
        self._folder = folder
        self._top = top
        self._uid, self._gid = uid, gid
        self._recipient = recipient

    def give(self) -> str:
        """Give it, or make it; return in Chinese what changed."""
        try:
            os.mkdir(FOLDER, 0o700, dir_fd=self._top)
        except FileExistsError:
            return self._give_existing()
        except OSError:
            return ""  # a network folder may take nothing from root, and the county's account is tried next
        try:
            inner = os.open(FOLDER, _FOLDER_ONLY, dir_fd=self._top)
            try:
                self._give_inner(inner)
            finally:
                os.close(inner)
        except OSError:
            with suppress(OSError):
                os.rmdir(FOLDER, dir_fd=self._top)
            raise
        return f"{self._folder} 里建了文件夹 {FOLDER}，归账户 {_name(self._uid)}。"

    def _give_existing(self) -> str:
        inner = os.open(FOLDER, _FOLDER_ONLY, dir_fd=self._top)
        try:
            before = os.fstat(inner).st_uid
            if before == self._uid or not (self._is_ours(inner) or (before == 0 and not os.listdir(inner))):
                return ""
            for _, folders, files, at in os.fwalk(".", dir_fd=inner, onerror=_raise):
                for name in (*folders, *files):
                    found = os.stat(name, dir_fd=at, follow_symlinks=False)
                    # A second name of a file may be anywhere, and a link or a device is none of ours.
                    if stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
                        os.chown(name, self._uid, self._gid, dir_fd=at, follow_symlinks=False)
            # Last: what breaks off before begins again.
            self._give_inner(inner)
        finally:
            os.close(inner)
        return f"{self._folder / FOLDER} 原来归账户 {_name(before)}，已交给账户 {_name(self._uid)}。"

    def _give_inner(self, inner: int) -> None:
        os.fchown(inner, self._uid, self._gid)

    def _is_ours(self, inner: int) -> bool:
        """Tell whether the mark of the folder is this county's."""
        try:
            mark = os.open(MARK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inner)
            with open(mark, encoding="utf-8") as file:
                return self._recipient is not None and json.load(file).get("recipient") == self._recipient
        except (OSError, ValueError, AttributeError):
            return False


def _name(uid: int) -> str:
    """Return the name of an account; its number if this machine does not know it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _raise(error: OSError) -> None:
    raise error
