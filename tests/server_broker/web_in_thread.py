"""A web server in a thread of a test, that says when it is ready."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from server_broker.supervisor.bounded_listener import Bounds
from server_broker.supervisor.watched_server import WatchedServer
from server_broker.supervisor.web import CONSOLE

START_TIMEOUT_S = 20.0


class Web(WatchedServer):
    """Run it by ``run`` in a thread; ``ready`` is set once it takes connections."""

    def __init__(self, config: uvicorn.Config, bounds: Bounds) -> None:
        super().__init__(config, bounds)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @property
    def port(self) -> int:
        """The port at which it listens."""
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port


@contextmanager
def web_on_a_port(config: uvicorn.Config, *, bounds: Bounds = CONSOLE) -> Iterator[int]:
    """Run a web server in the block, and yield its port on 127.0.0.1. The port in ``config`` is 0."""
    web = Web(config, bounds)
    thread = threading.Thread(target=web.run)
    thread.start()
    try:
        assert web.ready.wait(START_TIMEOUT_S)
        yield web.port
    finally:
        web.should_exit = True
        thread.join(START_TIMEOUT_S)
