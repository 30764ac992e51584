"""A web server in a thread of a test, that says when it is ready."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

START_TIMEOUT_S = 20.0


class Web(uvicorn.Server):
    """Run it by ``run`` in a thread; ``ready`` is set once it takes connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def web_on_a_port(config: uvicorn.Config, *, backlog: int | None = None) -> Iterator[int]:
    """Run a web server in the block, and yield its port on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as listener:
        web = Web(config)
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert web.ready.wait(START_TIMEOUT_S)
            yield listener.getsockname()[1]
        finally:
            web.should_exit = True
            thread.join(START_TIMEOUT_S)
