"""Processes that the bench starts, watches and, in fault runs, kills."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class NotInTime(Exception):
    """Something did not happen within its time."""


def wait_until[T](condition: Callable[[], T], *, what: str, timeout_s: float, every_s: float = 0.05) -> T:
    """Wait until ``condition`` returns something true, and return that, because a moment later it may be gone.

    Raises:
        NotInTime: Naming ``what`` was awaited.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {timeout_s:.0f} s")
        pause.wait(every_s)
    return found


def is_alive(pid: int) -> bool:
    """Return whether a process with this pid exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Process:
    """A child process with its log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._cwd = cwd
        self._env = {**os.environ, **(env or {})}
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; output goes to the end of the log file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self._cwd,
                # Ctrl+C then reaches the bench alone, and the bench ends its processes in their order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its pid; 0 before the start."""
        return self._child.pid if self._child else 0

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child is not None and self._child.poll() is None

    def kill9(self) -> None:
        """Send SIGKILL to this process and not to its children, as the kernel does when memory is short."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self, *, timeout_s: float = 20) -> None:
        """Send SIGTERM and wait. If that does not help, send SIGKILL to its whole session."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()


class KeptProcess:
    """A process that is started again whenever it ends, as systemd's ``Restart=always`` does."""

    RESTART_S = 0.2

    def __init__(self, process: Process) -> None:
        self.process = process
        self.starts = 0
        self.before_restart: Callable[[], None] = lambda: None
        """Called when the process has ended by itself, before it is started again."""
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    def start(self) -> None:
        """Start it and keep it running."""
        self._stopping.clear()
        self._launch()
        self._keeper = threading.Thread(target=self._keep, name=f"keep-{self.process.name}", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """End the process in good order. It stays down until `start`."""
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.join()
        self.process.stop()

    def _launch(self) -> None:
        self.process.start()
        self.starts += 1

    def _keep(self) -> None:
        while not self._stopping.wait(self.RESTART_S):
            if not self.process.running():
                self.before_restart()
                self._launch()
