"""Run a person's command under the county's account, although root typed it.

The county's web takes bytes from strangers, so nothing that its account can write may lead root anywhere: no link, no
file of settings, no program that a setting names. A verb therefore gives up root before it looks into the county's
folder. It keeps root's right to read and write any file (CAP_DAC_OVERRIDE, capabilities(7)) in reserve, and uses it
only while it opens a file that the person named (`rights_of_the_person`). A program that it starts has no such right.
"""

import ctypes
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_KEEPCAPS = 8


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    """A half of the sets of capabilities, 32 of them each."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def county_account(home: CountyHome) -> pwd.struct_passwd | None:
    """Return the account whose the county is if root runs this and the county is not root's, otherwise None.

    The owner of the county's folder decides: root alone can give that folder, which lies in a folder of root's, to
    somebody else. What lies inside is the county's account's to change.

    Raises:
        ServiceError: This machine has no such account.
    """
    if os.geteuid() != 0 or not home.root.exists():
        return None
    owner = home.root.stat().st_uid
    if owner == 0:
        return None
    try:
        return pwd.getpwuid(owner)
    except KeyError as error:
        raise ServiceError(f"{home.root} 属于本机没有的账户 {owner}：请先用 chown 把它给县平台的账户") from error


def give_up_root(account: pwd.struct_passwd) -> None:
    """Become ``account`` for good, with root's right to files in reserve (`rights_of_the_person`)."""
    os.initgroups(account.pw_name, account.pw_gid)
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    # Neither inheritable nor ambient, so that it ends with execve(2).
    _set_capabilities(effective=0, permitted=1 << _CAP_DAC_OVERRIDE)


@contextmanager
def as_the_county(home: CountyHome) -> Iterator[None]:
    """Let the block look into the county's folder with no right of root's, and start no program.

    For a verb that stays root for other things. This changes nothing if root does not run this, or
    if the county is root's.

    Raises:
        ServiceError: This machine has no such account.
    """
    account = county_account(home)
    if account is None:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.initgroups(account.pw_name, account.pw_gid)
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)  # it clears the effective capabilities, and going back sets them again
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


@contextmanager
def rights_of_the_person() -> Iterator[None]:
    """Let the block open what root may open, if root typed the command; otherwise this changes nothing.

    The block names only files that the person named, and starts no program.
    """
    mine = 1 << _CAP_DAC_OVERRIDE
    if os.geteuid() == 0 or not _permitted() & mine:
        yield
        return
    _set_capabilities(effective=mine, permitted=mine)
    try:
        yield
    finally:
        _set_capabilities(effective=0, permitted=mine)


class PersonsFiles:
    """Files that a person named, as other programs and rooms can read them: themselves, or private copies of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def readable(self, path: Path, *beside: Path) -> Path:
        """Return ``path`` if this account can read it, otherwise a copy of the same name; copies of ``beside`` lie next
        to it, if they are there. What is no regular file is not copied."""
        if os.access(path, os.R_OK) or not _permitted():
            return path
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        copies = [_copy(one, folder / one.name) for one in (path, *beside)]
        return folder / path.name if copies[0] else path


@contextmanager
def persons_files() -> Iterator[PersonsFiles]:
    """Yield a place for copies, which are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cunhui-") as folder:
        yield PersonsFiles(Path(folder))


def _copy(source: Path, target: Path) -> bool:
    try:
        with rights_of_the_person():
            opened = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # it is refused, with the reason, where it is used
    with os.fdopen(opened, "rb") as read:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return False
        with target.open("xb") as write:
            shutil.copyfileobj(read, write)
    return True


def _permitted() -> int:
    header, halves = _Header(_CAPABILITY_VERSION_3, 0), (_Half * 2)()
    if ctypes.CDLL(None, use_errno=True).capget(ctypes.byref(header), halves) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    return int(halves[0].permitted)


def _set_capabilities(*, effective: int, permitted: int) -> None:
    header, halves = _Header(_CAPABILITY_VERSION_3, 0), (_Half * 2)()
    halves[0] = _Half(effective, permitted, 0)
    if ctypes.CDLL(None, use_errno=True).capset(ctypes.byref(header), halves) != 0:
        raise OSError(ctypes.get_errno(), "capset")
