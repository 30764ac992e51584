"""sd_notify(3): ready, watchdog at half its time, stopping."""

import socket
from pathlib import Path

import pytest

from agent.station.notify import Notifier
from tests.fakes.clockwork import FakeSystemClock


@pytest.fixture
def manager(folder: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(folder / "notify"))
    sock.settimeout(1)
    return sock


def test_the_service_manager_is_told(manager: socket.socket, folder: Path, system: FakeSystemClock) -> None:
    notifier = Notifier(
        environ={"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "20000000"}, mono_ms=system.mono_ms
    )
    notifier.ready()
    notifier.alive()
    notifier.alive()
    system.pass_ms(10_000)
    notifier.alive()
    notifier.stopping()
    assert [manager.recv(100) for _ in range(4)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]
    assert notifier.feed_within_ms() == 10_000


@pytest.mark.parametrize(
    "environ",
    [{}, {"NOTIFY_SOCKET": "/nowhere"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}],
)
def test_without_a_service_manager_it_is_silent(environ: dict[str, str], system: FakeSystemClock) -> None:
    notifier = Notifier(environ=environ, mono_ms=system.mono_ms)
    notifier.ready()
    notifier.alive()
    notifier.stopping()
    assert notifier.feed_within_ms() > 10_000
