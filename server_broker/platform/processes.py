"""Start programs under the right account, and wait for them without polling.

If the service runs as root, PostgreSQL and Mosquitto run under their own accounts. Otherwise everything runs under the
service's account. A program starts in its own data folder and gets relative paths, so that its account need not be
allowed to enter the folders above the county's folder.
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

from protocol.environment import without_service_manager
from protocol.system_errors import os_cause

ASK_AGAIN_S = 1.0
_PID_DIGITS = 10
"""Width of a process id in its file; proc(5) pid_max is at most 4,194,304."""


class ServiceError(Exception):
    """A fault outside this program, such as a full disk. The message is Chinese and names the remedy."""


@dataclass(frozen=True)
class Account:
    """The account that a program runs under. If ``uid`` is None it is the caller's own."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path, mode: int) -> None:
        """Give ``path`` to this account with ``mode``."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def account_for(name: str) -> Account:
    """Return the account ``name`` if we are root, otherwise our own.

    Raises:
        ServiceError: We are root, and there is no such account.
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
    """A program to run: its arguments, its folder, its account, and additions to our environment."""

    argv: Sequence[str]
    folder: Path
    account: Account = Account()
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start it in its own session, and append its output to ``log``.

        It does not learn of the service manager, to which PostgreSQL tells that it is ready.

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
                    env=without_service_manager(os.environ) | self.environment,
                    # Ctrl-C in a terminal then reaches the supervisor alone, which stops its parts in order.
                    start_new_session=True,
                    user=self.account.uid,
                    group=self.account.gid,
                    # Otherwise the program would keep root's groups.
                    extra_groups=None if self.account.uid is None else [],
                )
            except OSError as error:
                raise ServiceError(f"{self.argv[0]} 启动不了：{os_cause(error)}") from error


def _opened(log: Path) -> BinaryIO:
    """Open a log that only its owner may read. The mode of an existing log is corrected too."""
    try:
        opened = log.open("ab")
        os.fchmod(opened.fileno(), 0o600)
        return opened
    except OSError as error:
        raise ServiceError(f"{log} 写不进去：{os_cause(error)}") from error


def wait_gone(pid: int, *, timeout_s: float) -> bool:
    """Wait until process ``pid`` has ended, and return whether it has. It need not be our child."""
    # A pidfd names this process for ever; the number alone may be given to another one (pidfd_open(2)).
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
    """Ask process ``pid`` to end, ask again after a second, and kill it after ``timeout_s``.

    It is asked twice, because Mosquitto 2.0.21 can lose a SIGTERM that comes right after it says that it runs.
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
    """Return the number in the first line of a pid file, or None if there is none."""
    try:
        return int(path.read_text(encoding="ascii").splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):  # an empty or half-written file counts as none
        return None


def running_pid(path: Path) -> int | None:
    """Return the process id in a pid file if that process runs, or None. The file may outlive its process."""
    pid = read_pid(path)
    return pid if pid is not None and alive(pid) else None


def write_pid(path: Path, pid: int) -> None:
    """Overwrite a pid file in place, because a full disk has room for that but not for a new file."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            # Padded, so that a shorter number leaves no digits of a longer one behind it.
            os.pwrite(descriptor, f"{pid:<{_PID_DIGITS}}\n".encode("ascii"), 0)
        finally:
            os.close(descriptor)


def alive(pid: int) -> bool:
    """Tell whether process ``pid`` runs, under any account. A zombie does not count."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # The name of the program stands in brackets and may itself hold brackets and blanks (proc(5)).
    return stat.rpartition(")")[2].split()[0] not in "ZX"
