"""Programs that systemd starts for each connection to a socket."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def listens(socket: Path) -> bool:
    """Tell whether somebody accepts connections there (proc_net_unix(5): __SO_ACCEPTCON among the flags)."""
    sockets = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return any(int(fields[3], 16) & 0x10000 and fields[-1] == str(socket) for fields in sockets)


@contextmanager
def activated(socket: Path, *command: str) -> Iterator[None]:
    """Start the command for each connection, as a socket unit with ``Accept=yes`` does (systemd.socket(5))."""
    program = ["systemd-socket-activate", "--accept", "--inetd", f"--listen={socket}", *command]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(program, stdout=quiet, stderr=quiet, start_new_session=True) as activator:
        try:
            end = time.monotonic() + 15
            while not listens(socket):
                assert time.monotonic() < end
                time.sleep(0.01)
            yield
        finally:
            os.killpg(activator.pid, signal.SIGKILL)
