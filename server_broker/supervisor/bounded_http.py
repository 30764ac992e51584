"""HTTP with bounds against strangers: time limits for a request's head and for an answer that nobody reads, and a limit
of connections per address.

uvicorn's own timer runs only between two requests, so a client could hold a connection with half a request. The time
for a request's body is bounded by `server_broker.console.body_limit`.
"""

import asyncio
import ipaddress
from collections import Counter
from typing import Any, ClassVar, override

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""Seconds from the connection, or from the first byte of a later request, to the end of the request's head."""
UNREAD_S = 60.0
"""Seconds in which a client must take some of what waits for it: 48 KiB, so that a line of 7 kbit/s is enough."""
MAX_OF_AN_ADDRESS = 256
"""Most connections of one address. All browsers of a township may share an address, with some connections each."""


class BoundedHttp(H11Protocol):
    """HTTP/1.1 (RFC 9112) on one connection, with the limits of this module."""

    head_s = HEAD_S
    unread_s = UNREAD_S
    max_of_an_address = MAX_OF_AN_ADDRESS
    _open: ClassVar[Counter[str]] = Counter()
    """Number of open connections by address, in this process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
        """Accept the connection, or end it if its address has too many."""
        super().connection_made(transport)
        self._open[self._address] += 1
        if self._open[self._address] > self.max_of_an_address and not self._is_of_a_proxy():
            transport.abort()
        else:
            self._wait_for_head()

    @override
    def data_received(self, data: bytes) -> None:
        """Accept data. Further bytes of a head don't restart its time, or a slow client could hold the connection."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._wait_no_longer()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no longer."""
        super().connection_lost(exc)
        self._wait_no_longer()
        self._read_on()
        self._open[self._address] -= 1
        if not self._open[self._address]:
            del self._open[self._address]

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _is_of_a_proxy(self) -> bool:
        """Tell whether it comes from a proxy of the county: behind it stand all the browsers, and it bounds them."""
        if not self.config.proxy_headers:
            return False
        address = ipaddress.ip_address(self._address)
        return any(address in ipaddress.ip_network(proxy, strict=False) for proxy in self.config.forwarded_allow_ips)

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
