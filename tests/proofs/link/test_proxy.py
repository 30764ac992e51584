"""The proxy has each fault that it can be told to have."""

import random
import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.proofs.link.proxy import Line, Proxy, draw_line


class Echo:
    """A server that sends back what it hears."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            while piece := peer.recv(4_096):
                peer.sendall(piece)
        except OSError:
            pass
        self.ended.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    proxy = Proxy(echo.port)
    yield proxy
    proxy.close()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    client = dial(proxy)
    assert ask(client, b"hello") == b"hello"
    yield client
    client.close()


def dial(proxy: Proxy) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
    client.settimeout(5)
    return client


def ask(client: socket.socket, what: bytes) -> bytes:
    client.sendall(what)
    answer = b""
    while len(answer) < len(what):
        piece = client.recv(4_096)
        if not piece:
            break
        answer += piece
    return answer


def test_latency_delays_both_ways(proxy: Proxy, client: socket.socket) -> None:
    proxy.become(Line(latency_s=0.2))
    began = monotonic()
    assert ask(client, b"x") == b"x"
    assert monotonic() - began >= 0.4


def test_a_stall_ends_with_everything_there(proxy: Proxy, client: socket.socket) -> None:
    proxy.become(Line(stalled=True))
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        ask(client, b"later")
    proxy.become(Line())
    client.settimeout(5)
    assert client.recv(100) == b"later"


def test_a_swallowed_connection_is_dead_for_ever_and_nobody_is_told(
    proxy: Proxy, client: socket.socket, echo: Echo
) -> None:
    proxy.become(Line(swallows=True))
    proxy.become(Line())
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        ask(client, b"x")
    client.close()
    assert not echo.ended.wait(0.3), "the other end still believes in it"
    other = dial(proxy)
    assert ask(other, b"y") == b"y", "a new connection lives"
    other.close()


def test_a_black_hole_takes_new_connections_too(proxy: Proxy) -> None:
    proxy.become(Line(swallows=True, new=True))
    client = dial(proxy)
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        ask(client, b"x")
    client.close()


@pytest.mark.parametrize("after", [0, 1, 10])
def test_a_reset_comes_at_its_byte(proxy: Proxy, client: socket.socket, after: int) -> None:
    proxy.become(Line(reset_after_bytes=after))
    if after > 1:
        assert ask(client, b"abc") == b"abc"
    with pytest.raises(ConnectionResetError):
        ask(client, bytes(20_000))


def test_a_refused_connection(proxy: Proxy) -> None:
    proxy.become(Line(refuses=True))
    with pytest.raises(OSError, match=r"reset|refused"):  # noqa: PT012 -- the reset may come at either call
        client = dial(proxy)
        if not client.recv(1):
            raise ConnectionResetError("reset")


def test_one_byte_a_second_is_that(proxy: Proxy, client: socket.socket) -> None:
    proxy.become(Line(bytes_per_s=10.0))
    began = monotonic()
    assert ask(client, b"abc") == b"abc"
    assert monotonic() - began >= 0.3


def test_every_kind_is_a_fault() -> None:
    kinds = ("latency", "stall", "half_open", "black_hole", "refused", "reset", "one_byte_a_second", "15_kbit")
    assert all(draw_line(kind, random.Random(1)) != Line() for kind in kinds)
    assert draw_line("15_kbit", random.Random(1)).bytes_per_s == 1_875
