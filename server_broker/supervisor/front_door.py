"""The front door's server: telephones alone, by its own certificate. Run as ``python -m``.

It is a part of its own, so that what strangers on the internet do to it touches neither the console nor the stations. A
certificate that can't be served keeps only this part down, and the part begins by itself once that is put right.
"""

import asyncio
import datetime as dt
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Any, override

import uvicorn

from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.bounded_listener import Bounds
from server_broker.supervisor.config_lines import problem_lines
from server_broker.supervisor.renewed_certificate import LOOK_EVERY_S, RenewedCertificate
from server_broker.supervisor.watched_server import WatchedServer
from server_broker.trust.front_door import certificate_problems, private_authority_name, trust_problems
from server_broker.trust.own_certificate import server_context

_BOUNDS = Bounds(of_an_address=32, in_all=1_024)
"""Fewer connections of one address than in the console: this host is open to the whole internet."""


class FrontDoorServer(WatchedServer):
    """A uvicorn that looks for a renewed certificate while it serves."""

    def __init__(self, config: uvicorn.Config, renewed: RenewedCertificate, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(config, _BOUNDS)
        self._renewed = renewed
        self._every_s = every_s

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        looking = self._renewed.keep_looking(until=lambda: self.should_exit, every_s=self._every_s)
        self._looking = asyncio.create_task(looking)


def renewed_certificate(home: CountyHome, front_door: FrontDoor, context: ssl.SSLContext) -> RenewedCertificate:
    """Return what keeps a listener's context, which has the pair of now, at the pair that is current."""
    renewed = RenewedCertificate(
        home, front_door, context, judge=lambda now: certificate_problems(home, front_door, now=now)
    )
    renewed.follow(context)
    renewed.taken()
    return renewed


def server_config(application: Any, context: ssl.SSLContext, *, host: str, port: int) -> uvicorn.Config:
    """Return the configuration to serve an ASGI application by a TLS context."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        http=BoundedHttp,
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,  # its lines are like those of the others
        access_log=False,
        proxy_headers=False,  # telephones connect directly; a header must not choose their address
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    config.load()
    config.ssl = context
    return config


def config_problems(home: CountyHome, config: CountyConfig, *, now: dt.datetime) -> list[str]:
    """Return what keeps the front door from being served, each with the line of ``county.toml``."""
    if config.front_door is None:
        return []
    return problem_lines(home, "front_door", certificate_problems(home, config.front_door, now=now))


def config_warnings(home: CountyHome, config: CountyConfig) -> list[str]:
    """Return what keeps telephones from the front door although it is served, each with the line of ``county.toml``."""
    if config.front_door is None:
        return []
    return problem_lines(home, "front_door", trust_problems(home, config.front_door))


def main() -> int:
    """Serve until SIGTERM. Return 1 at once if the certificate can't be served."""
    home = CountyHome(Path(os.environ["CUNHUI_HOME"]))
    config = read_config(home)
    if config.front_door is None:
        return 1
    if problems := config_problems(home, config, now=dt.datetime.now(dt.UTC)):
        sys.stderr.write("\n".join([*problems, ""]))
        return 1
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "server_broker.public_settings",
        "CUNHUI_COUNTY_NAME": config.name,
        "CUNHUI_FRONT_DOOR_HOST": config.front_door.host,
        "CUNHUI_PRIVATE_AUTHORITY": private_authority_name(home, config.front_door),
    }
    from server_broker.public.asgi import application  # noqa: PLC0415 - reads Django's settings

    context = server_context(*config.front_door.files(home.root))
    served = server_config(application, context, host=config.front_door_bind_address, port=config.front_door.port)
    FrontDoorServer(served, renewed_certificate(home, config.front_door, context)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
