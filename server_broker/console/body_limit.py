"""Refuse request bodies that are too large or too slow before Django spools them to disk.

Django reads the whole body before it asks who sends it. So a stranger's is small, and a large one is taken only from
who has signed in, and only where files are uploaded. A refused request goes on to Django without its body, so that the
person gets a page of the console's with a way back (`server_broker.console.middleware.TellRefusedBody`).
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, parse_cookie

type Message = MutableMapping[str, Any]
type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Any, Any, Any], Awaitable[None]]
type Knows = Callable[[Scope], Awaitable[bool]]

UPLOADS = "/people/import/"
"""Files come to this address and below it."""
MAX_FORM_BYTES = 256 * 2**10
MAX_UPLOAD_BYTES = 10 * 2**20
PIECE_S, WHOLE_S = 20.0, 300.0
"""How long a body may be silent, and how long it may take: 8 MB at 220 kbit/s."""
MAX_PASSED_OVER_BYTES = 64 * 2**20
"""A browser shows no answer before it has sent all. What it sends too much is read and dropped, up to this."""

REFUSED = "cunhui.refused"
"""Where the scope says why its body was refused: ``too_large`` or ``too_slow``."""
_LOOKING = ThreadPoolExecutor(max_workers=4, thread_name_prefix="is-signed-in")
"""Looks up who uploads: few at once, since each has a connection of PostgreSQL's beside those of the requests."""
_CLOSE = (b"connection", b"close")


class BodyLimit:
    """An ASGI application (ASGI 3.0, HTTP 2.4) in front of another that reads a bounded body in a bounded time."""

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
        """``is_known`` tells of a request's scope whether its sender has signed in."""
        self._app = app
        self._is_known = is_known
        self._form_bytes = form_bytes
        self._upload_bytes = upload_bytes
        self._piece_s = piece_s
        self._whole_s = whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, with the body or without one that is refused."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, piece_s=self._piece_s, ends_at=asyncio.get_running_loop().time() + self._whole_s)
        stated = _stated_length(scope)
        is_upload = scope["path"].startswith(UPLOADS) and stated > self._form_bytes
        body.limit = self._upload_bytes if is_upload else self._form_bytes
        if is_upload and not await self._is_known(scope):
            await self._without_body(scope, body, send, why="")
        elif stated > body.limit:
            await self._without_body(scope, body, send, why="too_large")
        else:
            await self._with_body(scope, body, send)

    async def _with_body(self, scope: Scope, body: "_Body", send: Send) -> None:
        answered = False

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._app(scope, body.receive, noted)
        if body.refused and not answered:
            await self._without_body(scope, body, send, why=body.refused)

    async def _without_body(self, scope: Scope, body: "_Body", send: Send, *, why: str) -> None:
        """Pass over what is left of the body, and let the application answer as to a GET that says why."""
        if why != "too_slow":
            await body.pass_over()
        headers = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(b"content-")]
        asked = {**scope, "method": "GET", "headers": headers} | ({REFUSED: why} if why else {})

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        await self._app(asked, body.nothing, closing)


class _Body:
    """What comes of a request's body, counted and timed."""

    def __init__(self, receive: Receive, *, piece_s: float, ends_at: float) -> None:
        """``ends_at`` is by the running loop's clock."""
        self.limit = 0
        self.refused = ""
        self._receive = receive
        self._piece_s = piece_s
        self._ends_at = ends_at
        self._taken = 0
        self._whole = False
        self._told_nothing = False

    async def receive(self) -> Message:
        """Return the next piece; once the body is refused the client is as good as gone."""
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
        """Read and drop the rest, as far as that is worth it."""
        try:
            while not self._whole and self._taken <= MAX_PASSED_OVER_BYTES:
                await self._piece()
        except TimeoutError:
            self.refused = "too_slow"

    async def nothing(self) -> Message:
        """Return an empty body, and then wait until the client is gone."""
        if not self._told_nothing:
            self._told_nothing = True
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
    """Return whether a request comes from a browser in which somebody has signed in."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
    key = parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return bool(key) and await sync_to_async(_is_open, thread_sensitive=False, executor=_LOOKING)(key)


def _is_open(session_key: str) -> bool:
    request = HttpRequest()
    request.session = SessionStore(session_key)
    try:
        return get_user(request).is_authenticated
    finally:
        connection.close()  # this thread is the pool's and may never come back


def _stated_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit() and len(value) < 20:
            return int(value)
    return 0
