"""However many requests come at once, the web holds few connections of the database, and keeps none that it gave up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from django.db import connection, connections, transaction

from server_broker.console import handler
from server_broker.console.handler import FairHandler
from server_broker.console.places import Places
from server_broker.platform.home import CountyHome
from server_broker.supervisor.bounded_http import BoundedHttp
from tests.server_broker.web_in_thread import web_on_a_port

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE, OF_ONE, WAITING_OF_ONE = 5, 3, 12
CROWD, OFFICE = "127.0.0.9", "127.0.0.2"
"""Addresses of this machine, as which clients call."""
WAIT_S = 20.0
ASK = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid=" + b"a" * 32 + b"\r\nConnection: close\r\n\r\n"


@pytest.fixture
def places() -> Places:
    return Places(at_once=AT_ONCE, of_one=OF_ONE, waiting=40, waiting_of_one=WAITING_OF_ONE, patience_s=WAIT_S)


@pytest.fixture
def port(county_cluster: CountyHome, places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    handler = FairHandler(places)
    config = uvicorn.Config(
        handler, port=0, http=BoundedHttp, interface="asgi3", lifespan="off", ws="none", log_level="error"
    )
    with web_on_a_port(config) as port:
        yield port


@contextmanager
def sessions_locked() -> Iterator[None]:
    """Have every request with a session wait for the database."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        yield


def ask(port: int, source: str) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S, source_address=(source, 0))
    link.sendall(ASK)
    return link


def answer(link: socket.socket) -> bytes:
    said = b""
    while piece := link.recv(65_536):
        said += piece
    return said


def blocked() -> int:
    """How many connections wait for the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it does not come to that"
        threading.Event().wait(0.01)


def test_a_crowd_waits_without_connections_and_another_address_is_next(port: int, places: Places) -> None:
    with ExitStack() as links:
        with sessions_locked():
            crowd = [links.enter_context(ask(port, CROWD)) for _ in range(OF_ONE + WAITING_OF_ONE)]
            wait_for(lambda: blocked() == OF_ONE and places.waiting == WAITING_OF_ONE)
            refused = answer(links.enter_context(ask(port, CROWD)))
            assert refused.startswith(b"HTTP/1.1 503")
            assert b"retry-after: 5" in refused.lower()
            assert b"content-security-policy" in refused.lower()
            assert "系统忙".encode() in refused
            office = links.enter_context(ask(port, OFFICE))
            wait_for(lambda: blocked() == OF_ONE + 1)
        assert answer(office).startswith(b"HTTP/1.1 302")
        assert all(answer(link).startswith(b"HTTP/1.1 302") for link in crowd)
    wait_for(lambda: places.taken == 0)


def test_who_hangs_up_frees_no_place_before_its_work_is_done(port: int, places: Places) -> None:
    with sessions_locked():
        with ExitStack() as links:
            for _ in range(OF_ONE):
                links.enter_context(ask(port, CROWD))
            wait_for(lambda: blocked() == OF_ONE)
        with ExitStack() as links:
            for _ in range(OF_ONE):
                links.enter_context(ask(port, CROWD))
            wait_for(lambda: places.waiting == OF_ONE)
            assert (blocked(), places.taken) == (OF_ONE, OF_ONE)
        wait_for(lambda: places.waiting == 0)
        assert (blocked(), places.taken) == (OF_ONE, OF_ONE)
    wait_for(lambda: places.taken == 0)
    with ask(port, CROWD) as link:
        assert answer(link).startswith(b"HTTP/1.1 302")


def test_the_web_leaves_connections_to_the_other_parts() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        assert cursor.fetchone()[0] / 2 >= handler.AT_ONCE
    assert handler.OF_ONE < handler.AT_ONCE
