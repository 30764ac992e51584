"""The county's web server: uvicorn over TLS. Run as ``python -m server_broker.service.web``."""

import datetime as dt
import ssl

import uvicorn

from server_broker.service.config import read_config


def main() -> None:
    """Serve until SIGTERM."""
    from server_broker.asgi import application  # noqa: PLC0415 - reads Django's settings
    from server_broker.settings import HOME  # noqa: PLC0415
    from server_broker.trust.keys import server_certificate  # noqa: PLC0415

    config = read_config(HOME)
    certificate, key = server_certificate(HOME, "web", config.hosts, now=dt.datetime.now(dt.UTC))
    server = uvicorn.Config(
        application,
        host=config.bind_address,
        port=config.web_port,
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
        interface="asgi3",
        lifespan="off",
        ws="none",
        access_log=False,  # addresses carry one-time sign-in tokens
        proxy_headers=False,  # clients connect directly; a header must not choose their address
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server.load()
    if server.ssl is not None:
        server.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    uvicorn.Server(server).run()


if __name__ == "__main__":
    main()
