"""The front door as it runs, on the test's database."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.test import override_settings
from django.utils import timezone

from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.public.asgi import make_application
from server_broker.supervisor.front_door import FrontDoorServer, renewed_certificate, server_config
from server_broker.trust.front_door import make_demonstration, private_authority_name
from server_broker.trust.own_certificate import server_context
from tests.agent.uplink.network import free_port
from tests.server_broker.public.door import settings_of_the_door

START_TIMEOUT_S = 20.0
HOST = "127.0.0.1"


class _Server(FrontDoorServer):
    """A front door that says when it listens."""

    ready: threading.Event

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def open_door(home: CountyHome) -> Iterator[FrontDoor]:
    """Run a front door with a private authority.

    Meanwhile its settings are those of the whole process: nobody can use the console. The console's web comes first,
    because it collects static files, and not into the front door's own.
    """
    port = free_port()
    made = make_demonstration(home, host=HOST, port=port, now=timezone.now())
    own = {"ALLOWED_HOSTS": [HOST], "PRIVATE_AUTHORITY": private_authority_name(home, made)}
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    with override_settings(**settings_of_the_door() | own):
        context = server_context(*made.files(home.root))
        config = server_config(make_application(), context, host=HOST, port=port)
        server = _Server(config, renewed_certificate(home, made, context))
        server.ready = threading.Event()
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert server.ready.wait(START_TIMEOUT_S), "the front door did not start"
            yield made
        finally:
            server.should_exit = True
            thread.join(START_TIMEOUT_S)
