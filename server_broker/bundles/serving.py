"""Hand out bundles, indexes and items to stations: ``GET /bundles/HEX`` and ``GET /items/HEX``, with ``Range``.

A station fetches every night, over a line that is paid by the byte, so an answer has few headers. And hundreds of
stations fetch in the same hour. So this stands in front of Django. A request takes one of a few threads for a moment,
to ask the database what may be fetched, and then neither a thread nor a connection to PostgreSQL: the event loop reads
the file and sends it piece by piece, as fast as the client takes it. What a slow client holds is a file and a
connection of TCP. Their number is bounded, for each source and for all, and a client that takes nothing loses its
connection (`server_broker.supervisor.bounded_http`).
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http import HTTPStatus

from server_broker.bundles.rate import Rate
from server_broker.bundles.shelf_keys import Found
from server_broker.platform.asgi_types import App, Receive, Scope, Send
from server_broker.platform.byte_ranges import RangeNotSatisfiable, wanted_range
from server_broker.platform.network import network_source

_log = logging.getLogger(__name__)

type LookUp = Callable[[str, bytes, str], Found | HTTPStatus]
"""Finds what a path names: ``bundles`` or ``items``, the SHA-256, and the header ``Authorization``."""

AT_ONCE = 160
OF_ONE = 64
"""Most downloads of one address at the same time. A carrier may show many stations as one address."""
OF_A_STATION = 4
"""Most downloads of a station that are about people, at the same time. It fetches one after the other; the rest may be
of connections that broke."""
LOOKING_UP = 4
"""Threads that ask the database, each with at most one connection. PostgreSQL has 100 (``max_connections``)."""
RETRY_AFTER_S = 30
PIECE_BYTES = 4_096
"""A piece is one record of TLS (RFC 8446, 5.1), and half a record is lost on average where a line breaks."""
KINDS = ("bundles", "items")
"""First parts of the paths that are answered here. The table of routes and roles names each of them."""
_PATH = re.compile(rf"/({'|'.join(KINDS)})/([0-9a-f]{{64}})", re.ASCII)
_THREADS = ThreadPoolExecutor(max_workers=LOOKING_UP, thread_name_prefix="bundle-look-up")


class BundleServing:
    """An ASGI application (ASGI 3.0, HTTP 2.4) that hands out content, and passes all other requests on."""

    def __init__(
        self,
        app: App,
        *,
        look_up: LookUp,
        at_once: int = AT_ONCE,
        of_one: int = OF_ONE,
        rate: Rate | None = None,
        beyond: Callable[[str], None] = lambda station: None,
    ) -> None:
        """Make it.

        Args:
            look_up: Runs on a thread of its own and may use the database.
            beyond: Called on such a thread with the name of a station that was refused for `OF_A_STATION`.
        """
        self._app = app
        self._look_up = look_up
        self._at_once = at_once
        self._of_one = of_one
        self._rate = rate or Rate(a_second=50, burst=1_000)
        self._beyond = beyond
        self._running: Counter[str] = Counter()
        self._sent_to: Counter[str] = Counter()
        """Answers under way by station."""

    @property
    def running(self) -> int:
        """Number of requests that are answered now."""
        return self._running.total()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it is for content; otherwise pass it on."""
        match = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            await self._app(scope, receive, send)
            return
        source = network_source((scope.get("client") or ("",))[0])
        with self._counted(source) as admitted:
            if not admitted:
                await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE)
            elif scope["method"] != "GET":
                await _refuse(send, HTTPStatus.METHOD_NOT_ALLOWED)
            else:
                await self._answer(match[1], bytes.fromhex(match[2]), _headers(scope), receive, send)

    @contextmanager
    def _counted(self, source: str) -> Iterator[bool]:
        """Count a request while it is answered. False: there are too many, and it is not counted."""
        if self.running >= self._at_once or self._running[source] >= self._of_one or not self._rate.allows(source):
            yield False
            return
        with _one_of(self._running, source):
            yield True

    async def _answer(self, kind: str, sha256: bytes, headers: dict[bytes, str], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(_THREADS, self._look_up, kind, sha256, headers.get(b"authorization", ""))
        except Exception:  # noqa: BLE001 - the top of a request: the next one goes on
            _log.exception("/%s/%s cannot be looked up", kind, sha256.hex()[:16])
            await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if isinstance(found, HTTPStatus):
            await _refuse(send, found)
            return
        try:
            wanted = wanted_range(headers.get(b"range", ""), size=found.size)
        except RangeNotSatisfiable:
            content_range = (b"content-range", b"bytes */%d" % found.size)
            await _refuse(send, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, content_range)
            return
        if not found.station:
            await _send_part(found, wanted, receive, send)
        elif self._sent_to[found.station] >= OF_A_STATION:
            await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE)
            loop.run_in_executor(_THREADS, self._beyond, found.station)
        else:
            with _one_of(self._sent_to, found.station):
                await _send_part(found, wanted, receive, send)


@contextmanager
def _one_of(counter: Counter[str], name: str) -> Iterator[None]:
    counter[name] += 1
    try:
        yield
    finally:
        counter[name] -= 1
        if not counter[name]:
            del counter[name]  # or the counter would grow with each name that ever came


def _headers(scope: Scope) -> dict[bytes, str]:
    wanted = (b"range", b"authorization")
    return {name.lower(): value.decode("latin-1") for name, value in scope["headers"] if name.lower() in wanted}


async def _refuse(send: Send, status: HTTPStatus, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-length", b"0"), *more]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_part(found: Found, wanted: tuple[int, int] | None, receive: Receive, send: Send) -> None:
    start, end = wanted or (0, found.size)
    headers = [(b"content-length", b"%d" % (end - start))]
    if wanted is not None:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, found.size)))
    status = HTTPStatus.OK if wanted is None else HTTPStatus.PARTIAL_CONTENT
    with closing(found.open()) as file:
        file.seek(start)
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        gone = asyncio.ensure_future(_client_gone(receive))
        try:
            while start < end and not gone.done():
                # Read on the event loop: a few kB of a file that is mostly in the page cache.
                piece = file.read(min(PIECE_BYTES, end - start))
                start += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": bool(piece) and start < end})
                # Others get their turn. A send returns at once where the client has gone, or reads very fast.
                await asyncio.sleep(0)
                if not piece:  # the file is shorter than its row says; the client sees a cut connection
                    return
        finally:
            gone.cancel()


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
