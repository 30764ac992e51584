"""A uvicorn whose event loop reports to systemd that it turns, and whose listeners are bounded."""

import asyncio
import logging
import socket
import ssl
import sys
from typing import Any, override

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from server_broker.platform.service_manager import ServiceManager
from server_broker.supervisor.bounded_listener import BoundedListener, Bounds, Gate

_log = logging.getLogger(__name__)

_HANDSHAKE_S = 10.0
"""Seconds for a TLS handshake (asyncio's own time is 60): a line that takes longer could not load a page either."""
_ACCEPTED_A_TURN = 64
"""Most connections that one turn of the loop accepts. Each costs about 0.2 ms, and everybody else waits."""


class WatchedServer(uvicorn.Server):
    """Ready once it listens. A view that blocks the loop keeps the watchdog from being fed."""

    def __init__(self, config: uvicorn.Config, bounds: Bounds) -> None:
        super().__init__(config)
        self._manager = ServiceManager()
        self._gate = Gate(bounds)

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, not as uvicorn does: its listeners have neither a bound nor a time for the handshake."""
        self.servers: list[asyncio.Server] = []
        try:
            await self.listen(self.config.host, self.config.port, self.config.ssl)
        except OSError as error:
            _log.error("%s:%d can't be opened: %s", self.config.host, self.config.port, error)
            sys.exit(STARTUP_FAILURE)
        self.started = True

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Serve at one more port.

        Raises:
            OSError: It can't be opened.
        """

        def protocol() -> asyncio.Protocol:
            protocol_class: Any = self.config.http_protocol_class
            made: asyncio.Protocol = protocol_class(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state, gate=self._gate
            )
            return made

        server = await asyncio.get_running_loop().create_server(
            protocol,
            sock=BoundedListener(self._gate, host, port),
            ssl=context,
            backlog=_ACCEPTED_A_TURN,
            ssl_handshake_timeout=_HANDSHAKE_S if context else None,
        )
        self.servers.append(server)

    @override
    async def on_tick(self, counter: int) -> bool:
        # Not uvicorn's own ``callback_notify``: it goes by the wall clock, and stays away while that was set back.
        self._manager.alive()
        return await super().on_tick(counter)
