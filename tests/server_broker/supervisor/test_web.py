"""The web as strangers find it: TLS 1.3 alone, and nobody stays who says nothing whole."""

import datetime as dt
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.db import connections
from django.utils import timezone

from server_broker import trust
from server_broker.console.body_limit import BodyLimit, is_signed_in
from server_broker.platform.home import CountyHome
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.web import web_config
from server_broker.trust.keys import server_certificate
from tests.server_broker.web_in_thread import web_on_a_port

pytestmark = pytest.mark.django_db(transaction=True)

SHORT_S = 0.4
START_TIMEOUT_S = 20.0
PATIENCE_S = 20.0
"""How long a client here waits to be turned out; the web is told to wait `SHORT_S`."""

type Connect = Callable[[], AbstractContextManager[ssl.SSLSocket]]


@pytest.fixture
def port(county_cluster: CountyHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(BoundedHttp, "head_s", SHORT_S)
    monkeypatch.setattr(BoundedHttp, "max_of_an_address", 4)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    trust.prepare(county_cluster)
    now = timezone.now().astimezone(dt.UTC)
    certificate, key = server_certificate(county_cluster, "web", ["127.0.0.1"], now=now)
    application = BodyLimit(get_asgi_application(), is_known=is_signed_in, piece_s=SHORT_S)
    with web_on_a_port(web_config(application, certificate, key, host="127.0.0.1", port=0)) as port:
        yield port


@contextmanager
def connected(port: int, **versions: ssl.TLSVersion) -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in versions.items():
        setattr(context, name, version)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as plain, context.wrap_socket(plain) as tls:
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
    except (ConnectionResetError, ssl.SSLEOFError):
        return said
    return said


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


def test_one_address_has_so_many_connections(connect: Connect) -> None:
    with connect() as first, connect() as second, connect(), connect():
        with connect() as one_too_many:
            assert heard(one_too_many) == b""
        for tls in (first, second):
            tls.sendall(ASK + b"Connection: close\r\n\r\n")
            assert heard(tls).startswith(b"HTTP/1.1 200")
    with connect() as tls:
        tls.sendall(ASK + b"Connection: close\r\n\r\n")
        assert heard(tls).startswith(b"HTTP/1.1 200")


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
    county_cluster: CountyHome, trusted: tuple[str, ...], said: str, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHttp, "max_of_an_address", 1)
    trust.prepare(county_cluster)
    now = timezone.now().astimezone(dt.UTC)
    files = server_certificate(county_cluster, "web", ["127.0.0.1"], now=now)
    config = web_config(who_is_it, *files, host="127.0.0.1", port=0, trusted_proxies=trusted)
    with web_on_a_port(config) as port, connected(port) as tls:
        tls.sendall(ASK + f"X-Forwarded-For: {said}\r\nConnection: close\r\n\r\n".encode())
        assert heard(tls).rpartition(b"\r\n\r\n")[2].decode() == client


def test_a_proxy_has_as_many_connections_as_it_needs(
    county_cluster: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHttp, "max_of_an_address", 1)
    trust.prepare(county_cluster)
    now = timezone.now().astimezone(dt.UTC)
    files = server_certificate(county_cluster, "web", ["127.0.0.1"], now=now)
    config = web_config(who_is_it, *files, host="127.0.0.1", port=0, trusted_proxies=["127.0.0.1"])
    with web_on_a_port(config) as port, ExitStack() as stack:
        many = [stack.enter_context(connected(port)) for _ in range(5)]
        for tls in many:
            tls.sendall(ASK + b"Connection: close\r\n\r\n")
            assert heard(tls).startswith(b"HTTP/1.1 200")
