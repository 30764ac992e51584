"""A request body is bounded, in bytes and in time, before anything of it reaches the disk; a stranger's is small."""

import asyncio
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from django.urls import reverse

from server_broker import console
from server_broker.console.body_limit import REFUSED, UPLOADS, BodyLimit

type Message = MutableMapping[str, Any]

FORM, UPLOAD = 10, 100


class Reader:
    """An application that reads its whole body, as Django does."""

    def __init__(self) -> None:
        self.read = 0
        self.asked: list[tuple[str, str | None]] = []
        """Method and why the body was refused, of each time that it was asked to answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append((scope["method"], scope.get(REFUSED)))
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.read += len(message["body"])
            if not message.get("more_body"):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return


class Sender:
    """A client that sends pieces and then, if it is not done, keeps silent until it is gone."""

    def __init__(self, pieces: list[bytes], *, is_done: bool) -> None:
        self.waiting = pieces
        self._is_done = is_done
        self._silence = asyncio.Event()

    async def __call__(self) -> Message:
        if not self.waiting:
            await self._silence.wait()
        piece = self.waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self.waiting) or not self._is_done}


async def ask(
    pieces: list[bytes],
    *,
    length: bytes | None = None,
    path: str = "/alarms/1/acknowledge/",
    is_known: bool = False,
    is_done: bool = True,
    piece_s: float = 20.0,
    whole_s: float = 300.0,
) -> tuple[Reader, list[Message], Sender]:
    reader, sent, sender = Reader(), list[Message](), Sender(list(pieces), is_done=is_done)

    async def send(message: Message) -> None:
        sent.append(message)

    async def known(scope: Any) -> bool:
        return is_known

    headers = [] if length is None else [(b"content-length", length), (b"content-type", b"multipart/form-data")]
    limited = BodyLimit(reader, is_known=known, form_bytes=FORM, upload_bytes=UPLOAD, piece_s=piece_s, whole_s=whole_s)
    await limited({"type": "http", "method": "POST", "path": path, "headers": headers}, sender, send)
    return reader, sent, sender


async def test_a_small_body_goes_through() -> None:
    reader, sent, _ = await ask([b"12345", b"67890"], length=b"10")
    assert (reader.read, sent[0]["status"]) == (10, 200)
    assert reader.asked == [("POST", None)]


async def test_a_large_stated_length_is_passed_over_and_said() -> None:
    reader, sent, sender = await ask([b"1234567890", b"x"], length=b"11")
    assert (reader.read, reader.asked) == (0, [("GET", "too_large")])
    assert sender.waiting == []  # a browser shows no answer before it has sent all
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_body_that_grows_too_long_is_cut_off_and_passed_over() -> None:
    reader, sent, sender = await ask([b"12345"] * 9)
    assert reader.read <= FORM
    assert reader.asked == [("POST", None), ("GET", "too_large")]
    assert (len(sent), sender.waiting) == (1, [])


async def test_files_are_taken_from_who_has_signed_in() -> None:
    reader, _, _ = await ask([b"x" * 50, b"x" * 50], length=b"100", path="/people/import/", is_known=True)
    assert (reader.read, reader.asked) == (100, [("POST", None)])
    reader, _, _ = await ask([b"x" * 101], length=b"101", path="/people/import/", is_known=True)
    assert (reader.read, reader.asked) == (0, [("GET", "too_large")])


async def test_a_stranger_s_file_is_dropped_and_the_stranger_asked_to_sign_in() -> None:
    reader, _, _ = await ask([b"x" * 50, b"x" * 50], length=b"100", path="/people/import/")
    assert (reader.read, reader.asked) == (0, [("GET", None)])


async def test_a_stranger_s_file_without_a_length_is_cut_off() -> None:
    reader, _, _ = await ask([b"12345"] * 9, path="/people/import/")
    assert reader.read <= FORM


async def test_a_body_that_stops_is_given_up() -> None:
    reader, sent, _ = await ask([b"1"], length=b"9", is_done=False, piece_s=0.01)
    assert reader.asked == [("POST", None), ("GET", "too_slow")]
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_body_that_trickles_is_given_up() -> None:
    reader, _, _ = await ask([b"1"] * 5, length=b"9", is_done=False, whole_s=0.01)
    assert reader.asked == [("POST", None), ("GET", "too_slow")]


async def test_a_body_that_is_too_large_and_stops_is_given_up() -> None:
    reader, _, _ = await ask([b"1"], length=b"1000", is_done=False, piece_s=0.01)
    assert reader.asked == [("GET", "too_large")]


def test_each_page_with_a_file_may_send_a_large_body() -> None:
    forms = [path.read_text(encoding="utf-8") for path in Path(console.__file__).parent.rglob("templates/**/*.html")]
    named = {name for form in forms for name in re.findall(r"url '([a-z-]+)' %}\" enctype=\"multipart", form)}
    named |= {name for form in forms for name in re.findall(r"url '([a-z-]+)' [^%]+%}\" enctype=\"multipart", form)}
    assert named == {"bank-import", "bank-new", "bank-question-file", "documents-new", "term-change", "voice-record"}
    # The forms of these have their address in a variable.
    named |= {"people-import", "rosters-import", "workdays-import"}
    given: dict[str, list[object]] = {"bank-import": [1], "bank-question-file": [1, 1, "picture"]}
    assert [name for name in named if not reverse(name, args=given.get(name)).startswith(UPLOADS)] == []
