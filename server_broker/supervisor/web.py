"""The county's web server: uvicorn over TLS. Run as ``python -m server_broker.supervisor.web``."""

import datetime as dt
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from server_broker.platform.county_config import read_config
from server_broker.supervisor.bounded_http import BoundedHttp
from server_broker.supervisor.watched_server import WatchedServer


def main() -> None:
    """Serve until SIGTERM."""
    from server_broker.asgi import application  # noqa: PLC0415 - reads Django's settings
    from server_broker.settings import HOME  # noqa: PLC0415
    from server_broker.supervisor.warm import load_pages  # noqa: PLC0415
    from server_broker.trust.keys import server_certificate  # noqa: PLC0415

    config = read_config(HOME)
    certificate, key = server_certificate(HOME, "web", config.hosts, now=dt.datetime.now(dt.UTC))
    served = web_config(
        application,
        certificate,
        key,
        host=config.bind_address,
        port=config.web_port,
        trusted_proxies=config.trusted_proxies,
    )
    load_pages()
    WatchedServer(served).run()


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


if __name__ == "__main__":
    main()
