"""The web as strangers find it: TLS 1.3 alone, and nobody stays who says nothing whole."""

import datetime as dt
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.db import connections
from django.utils import timezone

from firmware_scripts.demo.processes import wait_until
from server_broker import trust
from server_broker.console.body_limit import BodyLimit, is_signed_in
from server_broker.platform.home import CountyHome
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.bounded_listener import Bounds
from server_broker.supervisor.web import CONSOLE, web_config
from server_broker.trust.keys import server_certificate
from tests.server_broker.web_in_thread import web_on_a_port

pytestmark = pytest.mark.django_db(transaction=True)

SHORT_S = 0.4
START_TIMEOUT_S = 20.0
PATIENCE_S = 20.0
"""How long a client here waits to be turned out; the web is told to wait `SHORT_S`."""

FEW = Bounds(of_an_address=4, in_all=8, patience_s=60)

type Connect = Callable[[], AbstractContextManager[ssl.SSLSocket]]


@pytest.fixture
def port(county_cluster: CountyHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(BoundedHttp, "head_s", SHORT_S)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    trust.prepare(county_cluster)
    now = timezone.now().astimezone(dt.UTC)
    certificate, key = server_certificate(county_cluster, "web", ["127.0.0.1"], now=now)
    application = BodyLimit(get_asgi_application(), is_known=is_signed_in, piece_s=SHORT_S)
    with web_on_a_port(web_config(application, certificate, key, host="127.0.0.1", port=0), bounds=FEW) as port:
        yield port


@contextmanager
def connected(port: int, *, source: str = "127.0.0.1", **versions: ssl.TLSVersion) -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in versions.items():
        setattr(context, name, version)
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S, source_address=(source, 0))
    with plain, context.wrap_socket(plain) as tls:
        yield tls


@pytest.fixture
def connect(port: int) -> Connect:
    return lambda: connected(port)


def heard(tls: ssl.SSLSocket) -> bytes:
    """All that the web says before it ends the connection."""
    said = b""
    try:
        while piece := tls.recv(65_536):
            said += piece
    except (ConnectionError, ssl.SSLEOFError):
        return said
    return said


def is_over(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


ASK = b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def test_tls_1_2_is_refused_and_1_3_asks_for_nothing_less_next_time(port: int) -> None:
    with pytest.raises((ssl.SSLError, ConnectionResetError)), connected(port, maximum_version=ssl.TLSVersion.TLSv1_2):
        pass
    with connected(port) as tls:
        assert tls.version() == "TLSv1.3"
        tls.sendall(ASK + b"Connection: close\r\n\r\n")
        answer = heard(tls).lower()
    assert answer.startswith(b"http/1.1 200")
    assert b"strict-transport-security: max-age=31536000\r\n" in answer


@pytest.mark.parametrize("said", [b"", ASK, b"G"], ids=["nothing", "half a head", "a byte"])
def test_who_says_nothing_whole_is_turned_out(connect: Connect, said: bytes) -> None:
    with connect() as tls:
        tls.sendall(said)
        assert heard(tls) == b""


def trickled(tls: ssl.SSLSocket) -> bool:
    """Send a head line by line without an end, and return whether the web ended the connection meanwhile."""
    tls.settimeout(SHORT_S / 8)
    tls.sendall(ASK)
    for _ in range(round(PATIENCE_S / SHORT_S * 8)):
        try:
            tls.sendall(b"X-More: 1\r\n")
            if tls.recv(1) == b"":
                return True
        except TimeoutError:
            continue
        except (ConnectionError, ssl.SSLError):
            return True
    return False


def test_bytes_that_trickle_gain_no_time(connect: Connect) -> None:
    with connect() as tls:
        assert trickled(tls)


def test_half_a_second_request_is_turned_out_too(connect: Connect) -> None:
    with connect() as tls:
        tls.sendall(ASK + b"\r\n" + ASK)
        answer = heard(tls)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("path", [b"/sign-in/", b"/people/import/"])
def test_half_a_body_is_given_up(connect: Connect, path: bytes) -> None:
    with connect() as tls:
        tls.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n\r\n" + b"x" * 1000)
        answer = heard(tls)
    assert answer.startswith(b"HTTP/1.1 408")
    assert "上传太慢".encode() in answer


def test_a_stranger_s_large_file_is_not_taken(connect: Connect) -> None:
    with connect() as tls:
        head = b"POST /people/import/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid=guessed\r\n"
        tls.sendall(head + b"Content-Length: 9000000\r\n\r\n")
        for _ in range(9):
            tls.sendall(b"x" * 1_000_000)
        answer = heard(tls)
    assert answer.startswith(b"HTTP/1.1 302")
    assert b"Location: /sign-in/?next=/people/import/" in answer


def is_served(connect: Connect) -> bool:
    try:
        with connect() as tls:
            tls.sendall(ASK + b"Connection: close\r\n\r\n")
            return heard(tls).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def test_one_address_has_so_many_connections(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttp, "head_s", PATIENCE_S)
    with connect() as first, connect() as second, connect(), connect():
        assert not is_served(connect)
        for tls in (first, second):
            tls.sendall(ASK + b"Connection: close\r\n\r\n")
            assert heard(tls).startswith(b"HTTP/1.1 200")
    # The web sees the ends of the others a moment later.
    wait_until(lambda: is_served(connect), what="room for another one", timeout_s=PATIENCE_S)


def test_silent_ones_give_way_to_who_asks_at_the_same_address(
    county_cluster: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHttp, "head_s", PATIENCE_S)
    trust.prepare(county_cluster)
    files = server_certificate(county_cluster, "web", ["127.0.0.1"], now=timezone.now().astimezone(dt.UTC))
    config = web_config(who_is_it, *files, host="127.0.0.1", port=0)
    with web_on_a_port(config, bounds=replace(FEW, patience_s=0)) as port, ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S)) for _ in range(12)]
        shaken = [stack.enter_context(connected(port)) for _ in range(4)]
        assert is_served(lambda: connected(port))
        assert all(is_over(one) for one in (*silent, shaken[0]))


@pytest.mark.small_proof
def test_2000_silent_ones_of_an_address_leave_room_for_it_and_for_others(county_cluster: CountyHome) -> None:
    trust.prepare(county_cluster)
    files = server_certificate(county_cluster, "web", ["127.0.0.1"], now=timezone.now().astimezone(dt.UTC))
    config = web_config(who_is_it, *files, host="127.0.0.1", port=0)
    with web_on_a_port(config) as port, ExitStack() as stack:
        for _ in range(2_000):
            with suppress(ConnectionError):  # the web was quicker
                stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
        for source in ("127.0.0.2", "127.0.0.1"):
            # At the strangers' own address there is room once one of them has been silent for two seconds.
            visitor = partial(connected, port, source=source)
            wait_until(partial(is_served, visitor), what=f"an answer at {source}", timeout_s=PATIENCE_S)
        assert web_connections(port) <= CONSOLE.of_an_address


def web_connections(port: int) -> int:
    """Return how many connections the server at a port has (``/proc/net/tcp``)."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return sum(words[1].endswith(f":{port:04X}") and words[3] == "01" for words in map(str.split, lines))


async def who_is_it(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the client's address."""
    said = scope["client"][0].encode()
    head = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": said})


@pytest.mark.parametrize(
    ("trusted", "said", "client"),
    [
        ((), "203.0.113.9", "127.0.0.1"),
        (("192.0.2.7",), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.9", "203.0.113.9"),
        (("127.0.0.0/8",), "2001:db8::9", "2001:db8::9"),
        # What the client itself wrote stands before what the proxy wrote.
        (("127.0.0.1",), "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "", "127.0.0.1"),
    ],
)
def test_a_header_says_who_it_is_only_where_a_proxy_of_the_county_wrote_it(
    county_cluster: CountyHome, trusted: tuple[str, ...], said: str, client: str
) -> None:
    trust.prepare(county_cluster)
    now = timezone.now().astimezone(dt.UTC)
    files = server_certificate(county_cluster, "web", ["127.0.0.1"], now=now)
    config = web_config(who_is_it, *files, host="127.0.0.1", port=0, trusted_proxies=trusted)
    with web_on_a_port(config) as port, connected(port) as tls:
        tls.sendall(ASK + f"X-Forwarded-For: {said}\r\nConnection: close\r\n\r\n".encode())
        assert heard(tls).rpartition(b"\r\n\r\n")[2].decode() == client
