"""HTTP with bounds against strangers: time limits for a request's head and for an answer that nobody reads.

uvicorn's own timer runs only between two requests, so a client could hold a connection with half a request. The time
for a request's body is bounded by `server_broker.console.body_limit`, the number of connections by
`server_broker.supervisor.bounded_listener`.
"""

import asyncio
from typing import Any, override

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from server_broker.supervisor.bounded_listener import Gate

HEAD_S = 20.0
"""Seconds from the connection, or from the first byte of a later request, to the end of the request's head."""
UNREAD_S = 60.0
"""Seconds in which a client must take some of what waits for it: 48 KiB, so that a line of 7 kbit/s is enough."""


class BoundedHttp(H11Protocol):
    """HTTP/1.1 (RFC 9112) on one connection, with the limits of this module."""

    head_s = HEAD_S
    unread_s = UNREAD_S

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate
        self._waiting: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @override
    def pause_writing(self) -> None:
        """Wait until the client has read some of what was sent. If it reads nothing, the connection is ended."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.unread_s, self.transport.abort)

    @override
    def resume_writing(self) -> None:
        """Go on sending."""
        super().resume_writing()
        self._read_on()

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    @override
    def data_received(self, data: bytes) -> None:
        """Accept data. Further bytes of a head don't restart its time, or a slow client could hold the connection."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._wait_no_longer()
            self._gate.heard(self.transport.get_extra_info("socket").fileno())

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        self._wait_no_longer()
        self._read_on()

    def _wait_for_head(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.head_s, self.transport.abort)

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
