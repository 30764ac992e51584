"""The front door's server: telephones alone, by its own certificate. Run as ``python -m``.

It is a part of its own, so that what strangers on the internet do to it touches neither the console nor the stations. A
certificate that can't be served keeps only this part down, and the part begins by itself once that is put right.
"""

import asyncio
import datetime as dt
import logging
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Any, override

import uvicorn

from server_broker.platform.county_config import CountyConfig, line_of, read_config
from server_broker.platform.files import file_version
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.watched_server import WatchedServer
from server_broker.trust.front_door import (
    CertificateProblem,
    certificate_problems,
    private_authority_name,
    server_context,
    trust_problems,
)

LOOK_EVERY_S = 30.0
"""How often the files are looked at. ACME clients renew weeks before the end, so nothing hurries."""
_log = logging.getLogger(__name__)


class FrontDoorHttp(BoundedHttp):
    """Fewer connections of one address than in the console: this host is open to the whole internet."""

    max_of_an_address = 32


class RenewedCertificate:
    """Puts renewed files into a TLS context that is in use. Connections that are open keep what they have."""

    def __init__(self, home: CountyHome, front_door: FrontDoor, context: ssl.SSLContext) -> None:
        self._home = home
        self._front_door = front_door
        self._context = context
        self._served = self._versions()

    def look(self, now: dt.datetime) -> bool:
        """Serve the files if they changed and can be served; return whether they were taken."""
        versions = self._versions()
        if versions == self._served:
            return False
        # A client writes two files one after the other. Between the two they are no pair; the next look has both.
        if problems := certificate_problems(self._home, self._front_door, now=now):
            _log.warning("renewed files are not served yet: %s", "; ".join(problem.words for problem in problems))
            return False
        self._context.load_cert_chain(*self._front_door.files(self._home.root))
        self._served = versions
        return True

    def _versions(self) -> list[tuple[Path, tuple[int, int, int]]]:
        return [(file, file_version(file)) for file in self._front_door.files(self._home.root) if file.exists()]


class FrontDoorServer(WatchedServer):
    """A uvicorn that looks for a renewed certificate while it serves."""

    def __init__(self, config: uvicorn.Config, renewed: RenewedCertificate, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(config)
        self._renewed = renewed
        self._every_s = every_s

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while not self.should_exit:
            await asyncio.sleep(self._every_s)
            try:
                if self._renewed.look(dt.datetime.now(dt.UTC)):
                    _log.info("the renewed certificate is served now")
            # Files may go between two looks at them. The next look has them, and must come.
            except OSError as error:  # `ssl.SSLError` is one
                _log.warning("the certificate can't be looked at now: %s", error)


def server_config(application: Any, context: ssl.SSLContext, *, host: str, port: int) -> uvicorn.Config:
    """Return the configuration to serve an ASGI application by a TLS context."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        http=FrontDoorHttp,
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
    text = home.config_file.read_text(encoding="utf-8")
    return [_line(home, text, problem) for problem in certificate_problems(home, config.front_door, now=now)]


def config_warnings(home: CountyHome, config: CountyConfig) -> list[str]:
    """Return what keeps telephones from the front door although it is served, each with the line of ``county.toml``."""
    if config.front_door is None:
        return []
    text = home.config_file.read_text(encoding="utf-8")
    return [_line(home, text, problem) for problem in trust_problems(home, config.front_door)]


def _line(home: CountyHome, text: str, problem: CertificateProblem) -> str:
    return f"{home.config_file}:{line_of(text, f'front_door.{problem.key}')}：{problem.key}：{problem.words}"


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
    FrontDoorServer(served, RenewedCertificate(home, config.front_door, context)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
