"""Start programs under the right account, and wait for them without polling.

Run as root, the service gives PostgreSQL and Mosquitto their own accounts; run as anyone else, everything is
that user's. A program started here has its own data folder as working folder and is told relative paths, so that
it needs no right to pass through the folders above the county's.
"""

import os
import pwd
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

ASK_AGAIN_S = 1.0


_PID_DIGITS = 10
"""Width of a process id in its file; proc(5) pid_max is at most 4,194,304."""


class ServiceError(Exception):
    """Something outside this program keeps a part from running; the message names the remedy."""


@dataclass(frozen=True)
class Account:
    """The account that a program runs under. ``uid`` None: the caller's own."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path, mode: int) -> None:
        """Give ``path`` to this account with ``mode``."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def account_for(name: str) -> Account:
    """Return the account ``name`` when we are root, else our own.

    Raises:
        ServiceError: Root, and there is no such account.
    """
    if os.geteuid() != 0:
        return Account()
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise ServiceError(f"本机没有系统账户 {name}：请安装它的 Debian 软件包") from error
    return Account(entry.pw_uid, entry.pw_gid)


def own_name() -> str:
    """Return the name of the account that we run under."""
    return pwd.getpwuid(os.geteuid()).pw_name


@dataclass(frozen=True)
class Program:
    """A program to run: what, where, as whom, and with which environment on top of ours."""

    argv: Sequence[str]
    folder: Path
    account: Account = Account()
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start it in its own session, its output appended to ``log``.

        Raises:
            ServiceError: It cannot be executed.
        """
        with _opened(log) as output:
            try:
                return subprocess.Popen(  # noqa: S603 - argv is ours, no shell
                    self.argv,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=os.environ | self.environment,
                    start_new_session=True,
                    user=self.account.uid,
                    group=self.account.gid,
                    extra_groups=None if self.account.uid is None else [],
                )
            except OSError as error:
                raise ServiceError(f"{self.argv[0]} 启动不了：{error.strerror}") from error


def _opened(log: Path) -> BinaryIO:
    """Open a log for its owner alone, also one that was made for all to read."""
    try:
        opened = log.open("ab")
        os.fchmod(opened.fileno(), 0o600)
        return opened
    except OSError as error:
        raise ServiceError(f"{log} 写不进去：{error.strerror}") from error


def wait_gone(pid: int, *, timeout_s: float) -> bool:
    """Wait until process ``pid`` has ended and return whether it has. Needs not be our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([descriptor], [], [], timeout_s)
        return bool(readable)
    finally:
        os.close(descriptor)


def end(pid: int, *, first: signal.Signals = signal.SIGTERM, timeout_s: float = 15.0) -> None:
    """Ask process ``pid`` to end, a second later once more, and after ``timeout_s`` end it.

    Asked twice, because Mosquitto 2.0.21 can lose a SIGTERM that comes right after it says that it runs.
    """
    steps = ((first, ASK_AGAIN_S), (first, timeout_s - ASK_AGAIN_S), (signal.SIGKILL, 5.0))
    for number, patience_s in steps:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if wait_gone(pid, timeout_s=patience_s):
            return


def read_pid(path: Path) -> int | None:
    """Return the number in the first line of a pid file, or None without a whole one."""
    try:
        return int(path.read_text(encoding="ascii").splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def write_pid(path: Path, pid: int) -> None:
    """Write a pid file over the one before, in its own bytes: a full disk has room for that, and for nothing new."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(descriptor, f"{pid:<{_PID_DIGITS}}\n".encode("ascii"), 0)
        finally:
            os.close(descriptor)


def alive(pid: int) -> bool:
    """Tell whether process ``pid`` runs, also another account's; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
