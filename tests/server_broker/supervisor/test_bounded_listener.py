"""Whoever connects and says nothing gives way; whoever asks is served, from the same address too."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from server_broker.supervisor.bounded_listener import BoundedListener, Bounds, Gate

HERE, THERE, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
BOUNDS = Bounds(of_an_address=3, in_all=5, patience_s=2)
AT_ONCE_S = 0.2


class Door:
    """A listener without a server. It accepts when it is told to."""

    def __init__(self, stack: ExitStack, bounds: Bounds = BOUNDS) -> None:
        self.now = 0.0
        self._stack = stack
        self._gate = Gate(bounds, clock=lambda: self.now)
        self._listener = stack.enter_context(BoundedListener(self._gate, HERE, 0))
        self._listener.listen()
        self._listener.setblocking(False)

    def connect(self, source: str = HERE) -> tuple[socket.socket, socket.socket | None]:
        """Return a client, and the server's side of it if it was accepted."""
        client = self._stack.enter_context(
            socket.create_connection(self._listener.getsockname(), timeout=20, source_address=(source, 0))
        )
        try:
            return client, self._stack.enter_context(self._listener.accept()[0])
        except BlockingIOError:
            return client, None

    def heard(self, accepted: socket.socket | None) -> None:
        assert accepted is not None
        self._gate.heard(accepted.fileno())


@pytest.fixture
def door() -> Iterator[Door]:
    with ExitStack() as stack:
        yield Door(stack)


def is_over(client: socket.socket) -> bool:
    client.settimeout(AT_ONCE_S)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_an_address_has_so_many_and_others_have_theirs(door: Door) -> None:
    for _ in range(BOUNDS.of_an_address):
        assert door.connect()[1]
    refused, accepted = door.connect()
    assert accepted is None
    assert is_over(refused)
    assert door.connect(THERE)[1]


def test_one_that_was_closed_is_counted_no_longer(door: Door) -> None:
    for _ in range(20):
        accepted = door.connect()[1]
        assert accepted
        accepted.close()


def test_the_longest_silent_one_of_an_address_gives_way(door: Door) -> None:
    (first, accepted), (second, _), _ = (door.connect() for _ in range(3))
    door.heard(accepted)
    door.now = 1.9
    assert not door.connect()[1], "the others may still be at their handshake"
    door.now = 2.0
    assert door.connect()[1]
    assert is_over(second)
    assert not is_over(first), "it has asked for something"


def test_whoever_asked_gives_way_to_nobody(door: Door) -> None:
    for _ in range(3):
        door.heard(door.connect()[1])
    door.now = 100.0
    assert not door.connect()[1]


def test_all_addresses_together_have_a_bound(door: Door) -> None:
    (first, _), *_ = (door.connect(source) for source in (HERE, THERE, HERE, THERE, HERE))
    assert not door.connect(ELSEWHERE)[1]
    door.now = 2.0
    assert door.connect(ELSEWHERE)[1]
    assert is_over(first)


def test_a_proxy_of_the_county_has_no_bound() -> None:
    with ExitStack() as stack:
        door = Door(stack, Bounds(of_an_address=1, in_all=2, proxies=["127.0.0.2/32"]))
        assert all(door.connect(THERE)[1] for _ in range(5))
        assert door.connect()[1]
        assert not door.connect()[1]


def test_never_more_than_half_of_the_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (4, 4))
    with ExitStack() as stack:
        door = Door(stack)
        assert [bool(door.connect()[1]) for _ in range(3)] == [True, True, False]
