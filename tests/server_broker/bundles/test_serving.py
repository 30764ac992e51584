"""Handing out content over HTTP: ranges, few bytes beside the content, and bounds on what clients can hold."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest

from server_broker.bundles.rate import Rate
from server_broker.bundles.serving import OF_A_STATION, PIECE_BYTES, BundleServing
from server_broker.bundles.shelf_keys import Found

CONTENT = bytes(range(256)) * 100
HEX = "ab" * 32


class Closed(io.BytesIO):
    """Counts the files that are open."""

    open_now = 0

    def __init__(self, content: bytes = CONTENT) -> None:
        super().__init__(content)
        Closed.open_now += 1

    def close(self) -> None:
        Closed.open_now -= 1
        super().close()


def look_up(kind: str, sha256: bytes, authorization: str) -> Found | HTTPStatus:
    if authorization:
        return HTTPStatus.UNAUTHORIZED
    return Found(len(CONTENT), Closed) if kind == "bundles" else HTTPStatus.NOT_FOUND


class Client:
    """One request, as uvicorn passes it to an application."""

    def __init__(
        self, path: str = f"/bundles/{HEX}", *, method: str = "GET", address: str = "192.0.2.1", **headers: str
    ) -> None:
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "client": (address, 40_000),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await self.reads.wait()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})


def serving(**bounds: Any) -> BundleServing:
    return BundleServing(elsewhere, **{"look_up": look_up} | bounds)


async def ask(app: Callable[[Any, Any, Any], Awaitable[None]], client: Client) -> Client:
    await app(client.scope, client.receive, client.send)
    return client


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("", 200, 0, None),
        ("bytes=0-9", 206, 0, 10),
        ("bytes=4096-", 206, 4096, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("bytes=x-y", 200, 0, None),
    ],
)
async def test_ranges(wanted: str, status: int, start: int, end: int | None) -> None:
    client = await ask(serving(), Client(range=wanted))
    assert (client.status, client.body) == (status, CONTENT[start:end])
    assert int(client.headers[b"content-length"]) == len(client.body)
    assert (b"content-range" in client.headers) == (status == 206)
    assert max(len(message["body"]) for message in client.sent[1:]) <= PIECE_BYTES
    assert Closed.open_now == 0


async def test_a_range_outside_is_refused() -> None:
    client = await ask(serving(), Client(range="bytes=999999-"))
    assert (client.status, client.headers[b"content-range"]) == (416, b"bytes */25600")


@pytest.mark.parametrize(
    ("client", "status"),
    [
        (lambda: Client(f"/items/{HEX}"), 404),
        (lambda: Client(authorization="Cunhui x"), 401),
        (lambda: Client(method="POST"), 405),
        (lambda: Client("/bundles/../trust/ca.key"), 299),
        (lambda: Client(f"/bundles/{HEX.upper()}"), 299),
        (lambda: Client("/published/"), 299),
    ],
)
async def test_other_answers(client: Callable[[], Client], status: int) -> None:
    assert (await ask(serving(), client())).status == status


async def test_an_answer_carries_few_bytes_beside_its_content() -> None:
    client = await ask(serving(), Client(range="bytes=10-"))
    assert sum(len(name) + len(value) + 4 for name, value in client.headers.items()) < 80


async def test_unread_downloads_are_bounded_and_end_with_their_clients() -> None:
    app = serving(at_once=6, of_one=4)
    slow = [Client(address="192.0.2.9") for _ in range(97)]
    for client in slow:
        client.reads.clear()
    tasks = [asyncio.create_task(ask(app, client)) for client in slow]
    while sum(bool(client.sent) for client in slow) < 97:
        await asyncio.sleep(0)
    assert app.running == 4
    refused = [client for client in slow if client.status == 503]
    assert (len(refused), refused[0].headers[b"retry-after"]) == (93, b"30")
    assert (await ask(app, Client())).body == CONTENT, "others are served meanwhile"
    for client in slow:
        client.gone.set()
        client.reads.set()
    await asyncio.gather(*tasks)
    assert (app.running, Closed.open_now) == (0, 0)
    sent = [len(client.body) for client in slow if client.status == 200]
    assert max(sent) < len(CONTENT), "nothing more is read for a client that has gone"


async def test_a_station_has_few_downloads_at_once_is_told_of_and_leaves_its_neighbours_theirs() -> None:
    beyond: list[str] = []
    app = serving(look_up=look_up_for_a_station, beyond=beyond.append)
    slow = [Client(authorization="shili-01") for _ in range(OF_A_STATION)]
    for client in slow:
        client.reads.clear()
    tasks = [asyncio.create_task(ask(app, client)) for client in slow]
    while not all(client.sent for client in slow):
        await asyncio.sleep(0)
    assert (await ask(app, Client(authorization="shili-01"))).status == 503
    assert (await ask(app, Client(authorization="yanshi-01"))).body == CONTENT, "at the same address"
    for client in slow:
        client.reads.set()
    await asyncio.gather(*tasks)
    assert (await ask(app, Client(authorization="shili-01"))).body == CONTENT
    while not beyond:  # on a thread of its own
        await asyncio.sleep(0.01)
    assert beyond == ["shili-01"]


def look_up_for_a_station(kind: str, sha256: bytes, authorization: str) -> Found:
    return Found(len(CONTENT), Closed, authorization)


async def test_a_source_that_asks_too_often_waits_and_others_do_not() -> None:
    app = serving(rate=Rate(a_second=1, burst=2, monotonic_s=lambda: 0.0))
    statuses = [(await ask(app, Client())).status for _ in range(3)]
    assert statuses == [200, 200, 503]
    assert (await ask(app, Client(address="192.0.2.2"))).status == 200


async def test_a_look_up_that_fails_costs_its_own_request() -> None:
    def fails(kind: str, sha256: bytes, authorization: str) -> Found | HTTPStatus:
        raise RuntimeError("the database is away")

    app = serving(look_up=fails)
    assert (await ask(app, Client())).status == 503
    assert app.running == 0
