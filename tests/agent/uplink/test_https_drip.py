"""A response that comes byte by byte is given up: each byte starts the socket's own timeout anew, but not the limit
of the whole call."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agent.drivers.county_probe import probe_endpoint
from agent.drivers.https import post_json
from agent.ports import DeviceError
from tests.agent.uplink.pki import Authority, Issued

LIMIT_S = 0.5
IN_ANY_CASE_S = 10.0
_PAUSE_S = 0.05


class Dripping:
    """A server that says ``begins`` and then one byte after the other, as long as anybody listens."""

    def __init__(self, issued: Issued | None, begins: bytes) -> None:
        self._begins = begins
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if issued else None
        if self._context is not None and issued is not None:
            self._context.load_cert_chain(issued.certificate, issued.key)
        self._ended = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            guest, _ = self._door.accept()
            with guest, self._context.wrap_socket(guest, server_side=True) if self._context else guest as line:
                line.sendall(self._begins)
                while not self._ended.wait(_PAUSE_S):
                    line.sendall(b"a")

    def close(self) -> None:
        self._ended.set()
        self._door.close()
        self._thread.join(IN_ANY_CASE_S)
        assert not self._thread.is_alive()


@pytest.fixture(
    params=[
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 ",
    ],
    ids=["an answer of unknown length", "an answer", "a header", "a status"],
)
def county(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Dripping]:
    county = Dripping(authority.issue("web", host="127.0.0.1"), request.param)
    yield county
    county.close()


def test_a_call_ends_however_slowly_its_answer_comes(county: Dripping, authority: Authority) -> None:
    began = time.monotonic()
    with pytest.raises(DeviceError, match="no whole answer within"):
        post_json(f"https://127.0.0.1:{county.port}/enrol", authority.ca_file, b"{}", limit_s=LIMIT_S)
    assert time.monotonic() - began < IN_ANY_CASE_S


def test_a_handshake_that_drips_ends_too(authority: Authority) -> None:
    """A record of TLS that says it is 16,384 bytes long (RFC 8446, 5.1)."""
    stranger = Dripping(None, b"\x16\x03\x03\x40\x00")
    began = time.monotonic()
    try:
        with pytest.raises(DeviceError, match="no whole answer within"):
            post_json(f"https://127.0.0.1:{stranger.port}/enrol", authority.ca_file, b"{}", limit_s=LIMIT_S)
    finally:
        stranger.close()
    assert time.monotonic() - began < IN_ANY_CASE_S


def test_a_knock_at_a_door_that_drips_ends_too(authority: Authority) -> None:
    stranger = Dripping(None, b"\x16\x03\x03\x40\x00")
    began = time.monotonic()
    try:
        assert probe_endpoint("127.0.0.1", stranger.port, authority.ca_file, None, within_s=LIMIT_S) in (
            "stranger",
            "away",
        )
    finally:
        stranger.close()
    assert time.monotonic() - began < IN_ANY_CASE_S
