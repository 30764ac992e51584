"""A web server in a thread of a test, that says when it is ready."""

import socket
import threading

import uvicorn


class Web(uvicorn.Server):
    """Run it by ``run`` in a thread; ``ready`` is set once it takes connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()
