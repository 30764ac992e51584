"""sd_notify(3): a part says that it is ready, and feeds the watchdog at half of its time."""

import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from server_broker.platform.service_manager import ServiceManager


class Manager:
    """systemd's end of the socket, and the clock of the part."""

    def __init__(self, address: str) -> None:
        self.now_s = 100.0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)

    def told(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self._socket.recv(100))
            except BlockingIOError:
                return found


@pytest.mark.parametrize("abstract", [True, False])
def test_a_part_is_ready_and_feeds_the_watchdog_at_half_its_time(tmp_path: Path, abstract: bool) -> None:
    address = f"@cunhui-test-{os.getpid()}" if abstract else str(tmp_path / "at@notify")
    manager = Manager(address)
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_PID": str(os.getpid()), "WATCHDOG_USEC": "20000000"}
    part = ServiceManager(environ, monotonic_s=lambda: manager.now_s)
    part.alive()
    part.alive()
    manager.now_s += 9.9
    part.alive()
    assert manager.told() == [b"READY=1\nWATCHDOG=1"]
    manager.now_s += 0.1
    part.alive()
    assert manager.told() == [b"WATCHDOG=1"]


def test_the_watchdog_of_the_process_that_started_us_is_not_fed(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    manager = Manager(address)
    part = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_PID": "1", "WATCHDOG_USEC": "20000000"})
    part.alive()
    part.alive()
    assert manager.told() == [b"READY=1\nWATCHDOG=1"]


def test_without_a_unit_nothing_is_told() -> None:
    part = ServiceManager({})
    part.alive()
    part.alive()


def test_a_manager_that_is_gone_ends_the_part(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nowhere")}).alive()


def test_a_manager_that_is_behind_is_told_again(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    manager = Manager(address)
    with suppress(BlockingIOError):
        while True:
            # Each from a socket of its own, so that the manager's queue gets full, and not the sender's.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.sendto(b"STATUS=busy", socket.MSG_DONTWAIT, address)
    part = ServiceManager({"NOTIFY_SOCKET": address})
    part.alive()
    assert set(manager.told()) == {b"STATUS=busy"}
    part.alive()
    assert manager.told() == [b"READY=1\nWATCHDOG=1"]
