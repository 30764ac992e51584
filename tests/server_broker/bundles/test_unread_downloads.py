"""Downloads that nobody reads take nothing from the pages, neither a place nor a connection, and end by themselves."""

import datetime as dt
import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from server_broker import trust
from server_broker.bundles.serving import BundleServing
from server_broker.bundles.shelf_keys import Found
from server_broker.console.body_limit import BodyLimit, is_signed_in
from server_broker.console.handler import FairHandler
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.web import web_config
from server_broker.trust.keys import server_certificate
from tests.server_broker.web_in_thread import web_on_a_port

pytestmark = pytest.mark.django_db(transaction=True)

LARGE = bytes(16 * 2**20)
UNREAD_S = 0.5
PATIENCE_S = 20.0
ASK = b"GET /bundles/" + b"ab" * 32 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PAGE = b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def serving() -> BundleServing:
    pages = BodyLimit(FairHandler(), is_known=is_signed_in)
    return BundleServing(pages, look_up=lambda kind, sha256, header: Found(len(LARGE), lambda: io.BytesIO(LARGE)))


@pytest.fixture
def port(serving: BundleServing, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(BoundedHttp, "unread_s", UNREAD_S)
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    trust.prepare(settings.HOME)
    now = timezone.now().astimezone(dt.UTC)
    certificate, key = server_certificate(settings.HOME, "web", ["127.0.0.1"], now=now)
    with web_on_a_port(web_config(serving, certificate, key, host="127.0.0.1", port=0)) as port:
        yield port


def connect(port: int, stack: ExitStack) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = stack.enter_context(socket.socket())
    # Little room, so that the web notices soon that nobody reads.
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    plain.settimeout(PATIENCE_S)
    plain.connect(("127.0.0.1", port))
    return stack.enter_context(context.wrap_socket(plain))


def ask(port: int, request: bytes = ASK) -> bytes:
    """Return the beginning of the answer to one request on a connection of its own."""
    with ExitStack() as stack:
        client = connect(port, stack)
        client.send(request)
        return client.recv(12)


def test_97_unread_downloads_leave_the_pages_alone_and_are_ended(port: int, serving: BundleServing) -> None:
    with ExitStack() as stack:
        clients = [connect(port, stack) for _ in range(97)]
        for client in clients:
            client.send(ASK)
        firsts = [client.recv(12) for client in clients]
        served = [client for client, first in zip(clients, firsts, strict=True) if first.endswith(b"200")]
        assert len(served) == 64, "of one address"
        assert sum(first.endswith(b"503") for first in firsts) == 33
        assert ask(port).endswith(b"503"), "no more of this address"
        assert ask(port, PAGE).endswith(b"200"), "people get their pages meanwhile"
        ends_at = time.monotonic() + PATIENCE_S
        while serving.running and time.monotonic() < ends_at:
            ask(port)
        assert ask(port).endswith(b"200"), "their places are free again"
