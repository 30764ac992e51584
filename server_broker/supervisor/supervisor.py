"""Keep the parts of a county running: start them in order, restart those that die, stop them in reverse order.

One thread waits for the parts' process descriptors and for signals. Once all parts are up nothing is polled.
"""

import fcntl
import math
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from server_broker.platform.control import LOOK_AGAIN, STOP_TIMEOUT_S, hold_file, pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, end, running_pid, write_pid
from server_broker.supervisor.parts import Part
from server_broker.supervisor.signals import SignalSocket

START_TIMEOUT_S = 60.0
FIRST_BACK_OFF_S = 0.2
MAX_BACK_OFF_S = 10.0
STEADY_AFTER_S = 10.0
"""If a part ran for so long before it died, its earlier deaths do not count. It waits `FIRST_BACK_OFF_S` only."""
_POLL_S = 0.05
_STOP = (signal.SIGTERM, signal.SIGINT)
_WHEN_RELEASED = math.inf
"""``restart_at`` of a part that a person stopped (``cunhui-server hold``), until it is released."""


@dataclass
class Running:
    """A part and its process. ``restart_at`` is set while it is down, in `time.monotonic` seconds."""

    part: Part
    process: subprocess.Popen[bytes]
    descriptor: int
    started_at: float
    back_off_s: float = FIRST_BACK_OFF_S
    restart_at: float | None = None


class ShutdownAsked(Exception):
    """SIGTERM or SIGINT came before all parts were up."""


class Supervisor(AbstractContextManager["Supervisor"]):
    """Runs the parts of one county; leaving the context stops them."""

    def __init__(self, home: CountyHome, say: Callable[[str], None]) -> None:
        """``say`` is called with one line for each part that starts, dies or stops."""
        self._home = home
        self._say = say
        self._running: list[Running] = []
        self._selector = selectors.DefaultSelector()
        self._lock = -1
        self._signals = SignalSocket((*_STOP, LOOK_AGAIN))

    def __enter__(self) -> Self:
        """Lock the county, so that only one service runs it at a time.

        Raises:
            ServiceError: Another service runs it.
        """
        run = self._home.postgres_socket
        run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._home.logs.mkdir(exist_ok=True, mode=0o700)
        # O_CLOEXEC: a part that inherits the lock would keep it after this process has died.
        self._lock = os.open(run / "service.pid", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise ServiceError(f"{self._home.root} 的县平台已经在运行") from error
        # Holds end with the service that was asked for them: a new service starts all parts.
        for stale in [*run.glob("*.hold"), run / "ready"]:
            stale.unlink(missing_ok=True)
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())
        self._selector.register(self._signals.__enter__(), selectors.EVENT_READ, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._selector.close()
        self._signals.__exit__(kind, error, trace)
        # The lock goes last: until all parts have ended, no other service may start them.
        os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def start(self, part: Part) -> None:
        """Start ``part`` and wait until it is ready. A process that an earlier service left behind is ended first.

        Raises:
            ServiceError: It does not become ready.
            ShutdownAsked: SIGTERM or SIGINT came while it started.
        """
        end_left_over(self._home, part)
        running = self._spawn(part)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not part.is_ready():
            # Waits on the process and does not sleep, so that a part that ends at once is reported at once.
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(_POLL_S)
            if self._stop_asked():
                raise ShutdownAsked
            if running.process.poll() is not None:
                raise ServiceError(f"{part.name} 启动后退出（{running.process.returncode}），请查看 {self._log(part)}")
            if time.monotonic() > deadline:
                raise ServiceError(f"{part.name} 迟迟没有就绪，请查看 {self._log(part)}")
        self._tell(f"{part.name:<10} 已启动，进程 {running.process.pid}")

    def watch(self) -> None:
        """Note that all parts are up, and restart parts that die, until SIGTERM or SIGINT comes."""
        (self._home.postgres_socket / "ready").touch()
        while not self._stop_asked():
            due = [running.restart_at for running in self._running if running.restart_at is not None]
            nearest = min(due, default=_WHEN_RELEASED)
            wait_s = None if nearest == _WHEN_RELEASED else max(0.0, nearest - time.monotonic())
            for key, _ in self._selector.select(wait_s):
                # None: a signal came. It only ends the wait. The loop's condition and the next lines do what it asks.
                if key.data is not None:
                    self._died(key.data)
            for running in self._running:
                if running.restart_at is not None and hold_file(self._home, running.part.name).exists():
                    running.restart_at, running.back_off_s = _WHEN_RELEASED, FIRST_BACK_OFF_S
                elif running.restart_at == _WHEN_RELEASED:
                    running.restart_at = time.monotonic()
            self._restart_due()

    def stop(self) -> None:
        """End all parts, the last one started first."""
        (self._home.postgres_socket / "ready").unlink(missing_ok=True)
        while self._running:
            running = self._running.pop()
            if running.restart_at is None:
                self._selector.unregister(running.descriptor)
                os.close(running.descriptor)
                end(running.process.pid, first=running.part.stop_signal, timeout_s=STOP_TIMEOUT_S)
                running.process.wait()
            self._pid_file(running.part).unlink(missing_ok=True)
            self._tell(f"{running.part.name:<10} 已停止")

    def _spawn(self, part: Part, back_off_s: float = FIRST_BACK_OFF_S) -> Running:
        process = part.program().start(self._log(part))
        write_pid(self._pid_file(part), process.pid)
        running = Running(part, process, os.pidfd_open(process.pid), time.monotonic(), back_off_s)
        self._running.append(running)
        self._selector.register(running.descriptor, selectors.EVENT_READ, running)
        return running

    def _died(self, running: Running) -> None:
        self._selector.unregister(running.descriptor)
        os.close(running.descriptor)
        status = running.process.wait()
        now = time.monotonic()
        if now - running.started_at > STEADY_AFTER_S:
            running.back_off_s = FIRST_BACK_OFF_S
        running.restart_at = now + running.back_off_s
        running.back_off_s = min(2 * running.back_off_s, MAX_BACK_OFF_S)
        self._tell(f"{running.part.name:<10} 意外退出，状态 {status}")

    def _stop_asked(self) -> bool:
        return not self._signals.take().isdisjoint(_STOP)

    def _restart_due(self) -> None:
        now = time.monotonic()
        for place, running in enumerate(self._running):
            if running.restart_at is not None and running.restart_at <= now:
                try:
                    new = self._spawn(running.part, running.back_off_s)
                except ServiceError as error:
                    running.restart_at = now + MAX_BACK_OFF_S
                    self._tell(f"{running.part.name:<10} 没能重新启动：{error}")
                    continue
                # `_spawn` appended it. It takes the old one's place, so that `stop` ends the parts in the right order.
                self._running.pop()
                self._running[place] = new
                self._tell(f"{running.part.name:<10} 已重新启动，进程 {new.process.pid}")

    def _tell(self, line: str) -> None:
        """Report a line. A full disk may refuse it; that is ignored, because the parts must go on all the same."""
        with suppress(OSError):
            self._say(line)

    def _pid_file(self, part: Part) -> Path:
        return pid_file(self._home, part.name)

    def _log(self, part: Part) -> Path:
        return self._home.logs / f"{part.name}.log"


def end_left_over(home: CountyHome, part: Part) -> bool:
    """End the process of an earlier service that was killed and left it behind; return whether there was one."""
    pid = running_pid(pid_file(home, part.name))
    if pid is None:
        return False
    # The process id may belong to another program by now, so only a process with the part's command line is ended.
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\x00")
    if [os.fsdecode(word) for word in command[:-1]] != list(part.program().argv):
        return False
    end(pid, first=part.stop_signal, timeout_s=STOP_TIMEOUT_S)
    return True


def end_all_left_over(home: CountyHome, parts: Sequence[Part]) -> list[str]:
    """End what a killed service left running, the last part first, and return the names of these parts.

    Raises:
        ServiceError: A service runs, so that nothing is left over.
    """
    with Supervisor(home, lambda line: None):  # its lock keeps a service from starting meanwhile
        return [part.name for part in reversed(parts) if end_left_over(home, part)]
