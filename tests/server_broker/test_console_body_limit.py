"""A request body is bounded before anything of it reaches the disk, with a stated length and without."""

from collections.abc import MutableMapping
from typing import Any

from server_broker.console.body_limit import BodyLimit

type Message = MutableMapping[str, Any]


class Reader:
    """An application that reads its whole body."""

    def __init__(self) -> None:
        self.read = 0
        self.gone = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                return
            self.read += len(message["body"])
            if not message.get("more_body"):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return


async def ask(pieces: list[bytes], *, length: bytes | None = None) -> tuple[Reader, list[Message]]:
    reader, sent, waiting = Reader(), list[Message](), list(pieces)

    async def receive() -> Message:
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", length)]
    await BodyLimit(reader, limit=10)({"type": "http", "headers": headers}, receive, send)
    return reader, sent


async def test_a_small_body_goes_through() -> None:
    reader, sent = await ask([b"12345", b"67890"], length=b"10")
    assert (reader.read, sent[0]["status"]) == (10, 200)


async def test_a_large_stated_length_is_refused_unread() -> None:
    reader, sent = await ask([b"x"], length=b"11")
    assert (reader.read, sent[0]["status"]) == (0, 413)


async def test_a_body_that_grows_too_long_is_cut_off() -> None:
    reader, sent = await ask([b"12345"] * 9)
    assert reader.gone
    assert reader.read <= 10
    assert sent[0]["status"] == 413
