"""A network namespace with one cable to this machine, made for the proof and removed after it (ip(8), tc(8))."""

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self


class Namespace:
    """``number`` (0 … 250) distinguishes namespaces that exist at the same time. Only root can make one."""

    def __init__(self, number: int) -> None:
        tag = f"{os.getpid() % 100_000}-{number}"
        self.name = f"cunhui-{tag}"
        self._near, self._far = f"ch{tag}a", f"ch{tag}b"
        network = f"10.{200 + os.getpid() % 50}.{number}"
        self.host, self._inside = f"{network}.1", f"{network}.2"

    def __enter__(self) -> Self:
        _run("ip", "netns", "add", self.name)
        try:
            _run("ip", "link", "add", self._near, "type", "veth", "peer", "name", self._far, "netns", self.name)
            _run("ip", "addr", "add", f"{self.host}/24", "dev", self._near)
            _run("ip", "link", "set", self._near, "up")
            self._in("ip", "link", "set", "lo", "up")
            self._in("ip", "addr", "add", f"{self._inside}/24", "dev", self._far)
            self._in("ip", "link", "set", self._far, "up")
        except subprocess.CalledProcessError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["ip", "link", "del", self._near], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    def enter(self) -> None:
        """Move the calling thread, and the threads that it starts later, into the namespace."""
        descriptor = os.open(Path("/run/netns") / self.name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(descriptor, os.CLONE_NEWNET)
        finally:
            os.close(descriptor)

    def break_line(self, kind: str) -> None:
        """Give the packets the fault that ``kind`` names."""
        match kind:
            case "interface_down":
                self._in("ip", "link", "set", self._far, "down")
            case "no_route":
                self._in("ip", "route", "add", "blackhole", f"{self.host}/32")
            case "packet_loss":
                # The queue holds a few packets, and the rate is soon exceeded, so the rest is dropped.
                self._shape("rate", "40kbit", "burst", "1600", "limit", "1600")

    def mend(self) -> None:
        """Make the cable good again."""
        self._in("ip", "link", "set", self._far, "up")
        self._in("ip", "route", "del", "blackhole", f"{self.host}/32", check=False)
        for command in self._ends():
            subprocess.run([*command, "tc", "qdisc", "del", *self._device(command)], check=False, capture_output=True)

    def slow_down(self) -> None:
        """Limit the cable to 15 kbit/s each way, with two seconds of queue."""
        self._shape("rate", "15kbit", "burst", "1600", "latency", "2s")

    def _shape(self, *words: str) -> None:
        for command in self._ends():
            _run(*command, "tc", "qdisc", "replace", *self._device(command), "tbf", *words)

    def _ends(self) -> list[list[str]]:
        return [[], ["ip", "netns", "exec", self.name]]

    def _device(self, command: list[str]) -> list[str]:
        return ["dev", self._far if command else self._near, "root"]

    def _in(self, *command: str, check: bool = True) -> None:
        _run("ip", "netns", "exec", self.name, *command, check=check)


def _run(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, capture_output=True)
