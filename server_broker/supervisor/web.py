"""The county's web server: uvicorn over TLS. Run as ``python -m server_broker.supervisor.web``.

Stations and the county's own programs get a certificate of the county's authority. Browsers of offices may get another
one, of an authority that they trust, on a port of its own or by its name on the same one (``[console]``).
"""

import asyncio
import datetime as dt
import logging
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, override

import uvicorn

from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.bounded_listener import Bounds
from server_broker.supervisor.renewed_certificate import LOOK_EVERY_S, RenewedCertificate
from server_broker.supervisor.watched_server import WatchedServer
from server_broker.trust.keys import server_certificate
from server_broker.trust.own_certificate import console_problems

_log = logging.getLogger(__name__)

CONSOLE = Bounds(of_an_address=256, in_all=1_024)
"""All browsers of a township may share an address, with some connections each."""


def main() -> None:
    """Serve until SIGTERM."""
    from server_broker.asgi import application  # noqa: PLC0415 - reads Django's settings
    from server_broker.settings import HOME  # noqa: PLC0415
    from server_broker.supervisor.warm import load_pages  # noqa: PLC0415

    config = read_config(HOME)
    now = dt.datetime.now(dt.UTC)
    certificate, key = server_certificate(HOME, "web", config.hosts, now=now)
    served = web_config(
        application,
        certificate,
        key,
        host=config.bind_address,
        port=config.web_port,
        trusted_proxies=config.trusted_proxies,
    )
    load_pages()
    bounds = replace(CONSOLE, proxies=config.trusted_proxies)
    WebServer(served, own_name(HOME, config, now=now), bounds=bounds).run()


def web_config(
    application: Any, certificate: Path, key: Path, *, host: str, port: int, trusted_proxies: Sequence[str] = ()
) -> uvicorn.Config:
    """Return the configuration to serve an ASGI application over TLS 1.3 only (RFC 8446); all browsers support it.

    Args:
        trusted_proxies: Addresses and networks whose ``X-Forwarded-For`` says who the client is.
    """
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        http=BoundedHttp,
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,  # its lines are like those of the others
        access_log=False,  # addresses carry one-time sign-in tokens
        # A header may choose the client's address only where a proxy of the county wrote it.
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return config


@dataclass(frozen=True, slots=True)
class OwnName:
    """Where browsers find the console by a certificate that they trust.

    Attributes:
        port: May be the web's own.
        context: What its listener uses. At first it has a certificate of the county's authority.
        renewed: The files of the other one, while they are good.
    """

    bind_address: str
    port: int
    context: ssl.SSLContext
    renewed: RenewedCertificate


def own_name(home: CountyHome, config: CountyConfig, *, now: dt.datetime) -> OwnName | None:
    """Return where browsers find the console, with the files that are there; None if they have no host of their own.

    Files that can't be served are left out for a certificate of the county's own authority, so that an administrator
    still gets in, past the browser's warning.
    """
    console = config.console
    if console is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*server_certificate(home, "console", [console.host], now=now))
    renewed = RenewedCertificate(home, console, context, judge=lambda at: console_problems(home.root, console, now=at))
    with suppress(OSError):  # files may go at this moment; the next look has them
        renewed.look(now)
    renewed.follow(context)
    return OwnName(config.console_bind_address, console.port, context, renewed)


class WebServer(WatchedServer):
    """A uvicorn that serves a second name beside its own."""

    def __init__(
        self,
        config: uvicorn.Config,
        second: OwnName | None,
        *,
        bounds: Bounds = CONSOLE,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        super().__init__(config, bounds)
        self._second = second
        self._every_s = every_s

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._second is None:
            return
        if self._second.port == self.config.port and self.config.ssl is not None:
            self._second.renewed.follow(self.config.ssl, named_alone=True)
            listening = True
        else:
            listening = await self._listen(self._second)
        self._looking = asyncio.create_task(self._keep_second(self._second, listening=listening))

    async def _keep_second(self, second: OwnName, *, listening: bool) -> None:
        while not (listening or self.should_exit):
            await asyncio.sleep(self._every_s)
            listening = await self._listen(second)
        await second.renewed.keep_looking(until=lambda: self.should_exit, every_s=self._every_s)

    async def _listen(self, second: OwnName) -> bool:
        """Listen at the second name's port. A port that is taken keeps only that name down, and never the stations'."""
        try:
            await self.listen(second.bind_address, second.port, second.context)
        except OSError as error:
            _log.error("the console's own port can't be opened: %s", error)
            return False
        return True


if __name__ == "__main__":
    main()
