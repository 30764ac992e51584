"""Listening sockets with a bound for strangers who connect and say nothing.

asyncio gives a TLS connection 300 KB when it is accepted, and tells nobody of it until the handshake is over. So
connections are counted where they are accepted, and one that is too many costs a few system calls. Whoever has not yet
sent a whole request's head is silent, and must give way to others.
"""

import resource
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import override

from server_broker.platform.network import network_source

_WAITING = 2048
"""Connections that the kernel keeps until they are accepted: more than asyncio accepts in one turn of its loop."""
_REFUSED_AT_ONCE = 100
"""Most connections that are refused in one go. The loop turns between two of them, so that others are served."""
_RESET = struct.pack("ii", 1, 0)
"""``SO_LINGER`` for no time: the end is an RST, and the kernel keeps nothing of the connection."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections may be open.

    Attributes:
        of_an_address: An operator's NAT and a township's gateway give one address to all who are behind it.
        in_all: Each costs 300 KB. Never more than half of the descriptors that the process may have.
        patience_s: Seconds for which a silent one stays though others wait for its place. A slow line takes one or two
            for the handshake and the request.
        proxies: Addresses and networks of the county's own proxies. They have no bound: behind them stand all the
            browsers, and they bound these.
    """

    of_an_address: int
    in_all: int
    patience_s: float = 2.0
    proxies: Sequence[str] = ()


class Gate:
    """Counts the open connections of all listeners of a server. For the loop's thread alone."""

    def __init__(self, bounds: Bounds, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._in_all = min(bounds.in_all, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        self._proxies = [ip_network(proxy, strict=False) for proxy in bounds.proxies]
        self._clock = clock
        self._open: dict[int, Accepted] = {}
        self._of: defaultdict[str, int] = defaultdict(int)
        # In the order in which they came.
        self._silent: dict[Accepted, None] = {}
        self._silent_of: defaultdict[str, dict[Accepted, None]] = defaultdict(dict)

    def admit(self, connection: "Accepted") -> bool:
        """Tell whether a connection that was just accepted may stay. Another one may have to go for it."""
        source = connection.source
        if self._is_proxy(source):
            return True
        if self._of[source] >= self._bounds.of_an_address and not self._make_room(self._silent_of[source]):
            return False
        if len(self._open) >= self._in_all and not self._make_room(self._silent):
            self._forget_source(source)
            return False
        connection.since = self._clock()
        self._open[connection.fileno()] = connection
        self._of[source] += 1
        self._silent[connection] = self._silent_of[source][connection] = None
        return True

    def heard(self, descriptor: int) -> None:
        """Note that a whole request's head came by a connection."""
        connection = self._open.get(descriptor)
        if connection is not None and connection in self._silent:
            self._no_longer_silent(connection)

    def leave(self, connection: "Accepted") -> None:
        """Count a connection no longer. Its descriptor is still open."""
        if self._open.get(connection.fileno()) is not connection:
            return
        del self._open[connection.fileno()]
        self._of[connection.source] -= 1
        if connection in self._silent:
            self._no_longer_silent(connection)
        self._forget_source(connection.source)

    def _make_room(self, silent: "dict[Accepted, None]") -> bool:
        """End the one that has been silent for longest, if that is long enough."""
        oldest = next(iter(silent), None)
        if oldest is None or self._clock() - oldest.since < self._bounds.patience_s:
            return False
        self.leave(oldest)
        oldest.end()
        return True

    def _no_longer_silent(self, connection: "Accepted") -> None:
        del self._silent[connection]
        del self._silent_of[connection.source][connection]

    def _forget_source(self, source: str) -> None:
        if not self._of[source]:
            del self._of[source]
            self._silent_of.pop(source, None)

    def _is_proxy(self, source: str) -> bool:
        if not self._proxies:
            return False
        address = ip_address(source.partition("/")[0])
        return any(address in proxy for proxy in self._proxies)


class Accepted(socket.socket):
    """A connection that leaves its gate when it is closed."""

    def __init__(self, plain: socket.socket, gate: Gate, source: str) -> None:
        super().__init__(plain.family, plain.type, plain.proto, plain.detach())
        self._gate = gate
        self.source = source
        self.since = 0.0

    def end(self) -> None:
        """Have whoever serves it see its end at once, and close it."""
        with suppress(OSError):  # the client may have ended it just now
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.shutdown(socket.SHUT_RDWR)

    @override
    def close(self) -> None:
        self._gate.leave(self)
        super().close()


class BoundedListener(socket.socket):
    """A listening socket (IPv4) whose connections pass a gate. asyncio's server takes it as any other."""

    def __init__(self, gate: Gate, host: str, port: int) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self._gate = gate
        try:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind((host, port))
        except OSError:
            self.close()
            raise

    @override
    def listen(self, backlog: int = _WAITING, /) -> None:
        """Listen. asyncio's own number is also how many it accepts in one turn; more may wait."""
        super().listen(max(backlog, _WAITING))

    @override
    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return the next connection that may stay.

        Raises:
            BlockingIOError: None waits, or many were refused; then the loop comes back to the others.
        """
        for _ in range(_REFUSED_AT_ONCE):
            plain, address = super().accept()
            connection = Accepted(plain, self._gate, network_source(address[0]))
            if self._gate.admit(connection):
                return connection, address
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.close()
        raise BlockingIOError
