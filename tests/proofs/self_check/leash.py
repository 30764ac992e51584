"""Run a command for a limited time and leave no process of it behind.

``python leash.py SECONDS COMMAND …`` exits as the command did, or with `HUNG` if it had to be stopped. If the command
started processes in sessions of their own (a database, a broker), they become this process's children when their parent
dies (prctl(2), PR_SET_CHILD_SUBREAPER); they are first asked to end, and then killed. If the caller of this program
dies, all of them end too.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

HUNG = 124
"""The exit status of timeout(1)."""

_PDEATHSIG, _CHILD_SUBREAPER = 1, 36
_GRACE_S = 20.0
_LEFTOVER_GRACE_S = 5.0


class Ended(Exception):
    """Somebody asks the leash to end."""


def main() -> int:
    """Run the command of the command line."""
    limit_s, command = float(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, _ended)
    child = subprocess.Popen(command, start_new_session=True)
    try:
        return _status(child.wait(limit_s))
    except (subprocess.TimeoutExpired, Ended):
        os.killpg(child.pid, signal.SIGINT)
        _wait(child, _GRACE_S)
        return HUNG
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _clear()


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise Ended


def _status(code: int) -> int:
    return code if code >= 0 else 128 - code


def _wait(child: subprocess.Popen[bytes], patience_s: float) -> None:
    try:
        child.wait(patience_s)
    except (subprocess.TimeoutExpired, Ended):
        child.kill()


def _clear() -> None:
    """End everything that is left. An interrupt comes first, which a database takes as a request to end at once."""
    for number, patience_s in ((signal.SIGINT, _LEFTOVER_GRACE_S), (signal.SIGKILL, _LEFTOVER_GRACE_S)):
        deadline = time.monotonic() + patience_s
        asked: set[int] = set()
        while (left := _children()) and time.monotonic() < deadline:
            for pid in left - asked:
                os.kill(pid, number)
            asked |= left
            _reap(left)


def _children() -> set[int]:
    own, found = os.getpid(), set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and _parent(folder) == own:
            found.add(int(folder.name))
    return found


def _parent(folder: Path) -> int:
    try:
        stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def _reap(children: set[int]) -> None:
    """Collect the children that have ended. If none has, wait a moment."""
    ended = [pid for pid in children if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)]
    if not ended:
        signal.sigtimedwait({signal.SIGCHLD}, 0.05)


if __name__ == "__main__":
    sys.exit(main())
