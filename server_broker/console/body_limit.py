"""Refuse request bodies that are too large or too slow, before Django writes them to disk.

Django reads the whole body before it checks who sent it. So a stranger may send only a small body. A large one is read
only from a person who has signed in, and only for the pages that take files. A refused request is passed to Django
without its body, so that the person gets a page of the console with a way back
(`server_broker.console.middleware.TellRefusedBody`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest, parse_cookie

from server_broker.accounts.sessions import SessionStore
from server_broker.platform.asgi_types import App, Message, Receive, Scope, Send

type Knows = Callable[[Scope], Awaitable[bool]]

UPLOADS = (
    "/people/import/",
    "/rosters/import/",
    "/units/term/",
    "/workdays/import/",
    "/published/voice/record/",
    "/published/documents/",
    "/banks/files/",
    "/todo/exhibits/",
)
"""Files are uploaded to these paths and to paths below them."""
MAX_FORM_BYTES = 256 * 2**10
MAX_UPLOAD_BYTES = 10 * 2**20
PIECE_S, WHOLE_S = 20.0, 300.0
"""Longest pause in a body, and longest time for a whole one: 8 MB at 220 kbit/s."""
MAX_PASSED_OVER_BYTES = 64 * 2**20
"""A browser shows no response before it has sent the whole body. So this much of a refused body is read and dropped."""

REFUSED = "cunhui.refused"
"""Key in the scope of a request whose body was refused. Its value is the reason: ``too_large`` or ``too_slow``."""
_LOOKUPS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="is-signed-in")
"""Threads that look up who uploads. They are few, because each takes a PostgreSQL connection besides the requests'."""
_CLOSE = (b"connection", b"close")


class BodyLimit:
    """An ASGI application (ASGI 3.0, HTTP 2.4) that passes requests to another one, with bounded bodies."""

    def __init__(
        self,
        app: App,
        *,
        is_known: Knows,
        form_bytes: int = MAX_FORM_BYTES,
        upload_bytes: int = MAX_UPLOAD_BYTES,
        piece_s: float = PIECE_S,
        whole_s: float = WHOLE_S,
    ) -> None:
        """``is_known`` tells from a request's scope whether its sender has signed in."""
        self._app = app
        self._is_known = is_known
        self._form_bytes = form_bytes
        self._upload_bytes = upload_bytes
        self._piece_s = piece_s
        self._whole_s = whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application respond, with the body if it is accepted, otherwise without."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, piece_s=self._piece_s, ends_at=asyncio.get_running_loop().time() + self._whole_s)
        stated = _stated_length(scope)
        # A small body is read from everybody. The database is asked who the sender is only for a large one.
        is_upload = scope["path"].startswith(UPLOADS) and stated > self._form_bytes
        body.limit = self._upload_bytes if is_upload else self._form_bytes
        if is_upload and not await self._is_known(scope):
            await self._without_body(scope, body, send, why="")
        elif stated > body.limit:
            await self._without_body(scope, body, send, why="too_large")
        else:
            responded = False

            async def send_and_note(message: Message) -> None:
                nonlocal responded
                responded = True
                await send(message)

            await self._app(scope, body.receive, send_and_note)
            # The application sends nothing if it needed the body, because a refused body looks like a lost client.
            if body.refused and not responded:
                await self._without_body(scope, body, send, why=body.refused)

    async def _without_body(self, scope: Scope, body: "_Body", send: Send, *, why: str) -> None:
        """Drop the rest of the body, and let the application respond to a GET whose scope says why (`REFUSED`).

        ``why`` is empty if the sender has not signed in. The application then redirects to the sign-in page.
        """
        if why != "too_slow":
            await body.pass_over()
        headers = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(b"content-")]
        get = {**scope, "method": "GET", "headers": headers} | ({REFUSED: why} if why else {})

        # The connection is closed, because a part of the body may still be on its way.
        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        await self._app(get, body.nothing, send_and_close)


class _Body:
    """A request's body as it arrives. Counts its bytes and limits its time."""

    def __init__(self, receive: Receive, *, piece_s: float, ends_at: float) -> None:
        """``ends_at`` is a time of the running loop's clock."""
        self.limit = 0
        self.refused = ""
        self._receive = receive
        self._piece_s = piece_s
        self._ends_at = ends_at
        self._taken = 0
        self._whole = False
        self._sent_empty = False

    async def receive(self) -> Message:
        """Return the next piece. If the body is refused, tell the application that the client has gone."""
        if self._whole:
            return await self._receive()
        try:
            message = await self._piece()
        except TimeoutError:
            self.refused = "too_slow"
            return {"type": "http.disconnect"}
        if self._taken > self.limit:
            self.refused = "too_large"
            return {"type": "http.disconnect"}
        return message

    async def pass_over(self) -> None:
        """Read and drop the rest, up to `MAX_PASSED_OVER_BYTES`."""
        try:
            while not self._whole and self._taken <= MAX_PASSED_OVER_BYTES:
                await self._piece()
        except TimeoutError:
            self.refused = "too_slow"

    async def nothing(self) -> Message:
        """Return an empty body at the first call. At later calls, wait until the client has gone."""
        if not self._sent_empty:
            self._sent_empty = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await self._receive())["type"] != "http.disconnect":
            pass
        return message

    async def _piece(self) -> Message:
        now = asyncio.get_running_loop().time()
        async with asyncio.timeout_at(min(self._ends_at, now + self._piece_s)):
            message = await self._receive()
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message


async def is_signed_in(scope: Scope) -> bool:
    """Return whether a request comes from a browser in which a person has signed in."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
    key = parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return bool(key) and await sync_to_async(_is_open, thread_sensitive=False, executor=_LOOKUPS)(key)


def _is_open(session_key: str) -> bool:
    request = HttpRequest()
    request.session = SessionStore(session_key)
    try:
        return get_user(request).is_authenticated
    finally:
        connection.close()  # the pool's thread may never be used again, and would keep its connection for ever


def _stated_length(scope: Scope) -> int:
    """Return the stated length of the body; 0 if none is stated. The body is counted as it arrives in any case."""
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit() and len(value) < 20:
            return int(value)
    return 0
