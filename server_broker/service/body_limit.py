"""Refuse request bodies that no address of ours takes, before they fill memory or disk.

Django's ASGI handler spools a body to disk before any view sees it, whatever its length.
"""

from typing import Any

from protocol.enrolment import MAX_REQUEST_BYTES

MAX_BODY_BYTES = 12 * 2**20
_SMALLER = {"/enrol": 4 * MAX_REQUEST_BYTES, "/renew": 4 * MAX_REQUEST_BYTES}
_WORDS = '{"v":1,"reason":"too_large","message":"请求内容过大"}'.encode()


class BodyLimit:
    """An ASGI application in front of another one."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, and answer 413 (RFC 9110, 15.5.14) when its body is too long."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        limit = _SMALLER.get(scope["path"], MAX_BODY_BYTES)
        if _stated_length(scope) > limit:
            await _refuse(send)
            return
        counted, answered = 0, False

        async def bounded_receive() -> Any:
            nonlocal counted
            message = await receive()
            counted += len(message.get("body", b""))
            return message if counted <= limit else {"type": "http.disconnect"}

        async def noticed_send(message: Any) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._application(scope, bounded_receive, noticed_send)
        if counted > limit and not answered:
            await _refuse(send)


def _stated_length(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _WORDS})
