"""Run ingest: ``python -m server_broker.ingest [--share PLACE/OF]``.

Without a share it is the whole part: one worker, or as many as ``county.toml`` says (`server_broker.ingest.crew`).
"""

import argparse
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django

from server_broker.ingest.crew import Beat, Crew
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.service_manager import ServiceManager
from server_broker.platform.shards import Share, share_of


def client_id(share: Share) -> str:
    """Return this worker's MQTT client id. The slash in it keeps it apart from every station's."""
    return f"county/ingest-{share.place}-{socket.gethostname()[:32]}-{os.getpid()}"


def main() -> None:
    """Work until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m server_broker.ingest", description=__doc__)
    parser.add_argument("--share", type=share_of)
    parser.add_argument("--beat", type=int, help="a descriptor of the keeper of several workers")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = read_config(CountyHome(Path(os.environ["CUNHUI_HOME"])))
    if options.share is not None:
        alive = (lambda: None) if options.beat is None else Beat(options.beat, stop=stop).beat
        _work(options.share, config, stop=stop, alive=alive)
    elif config.ingest_workers > 1:
        Crew(config.ingest_workers, stop=stop, alive=ServiceManager().alive).run()
    else:
        _work(Share(), config, stop=stop, alive=ServiceManager().alive)


def _work(share: Share, config: CountyConfig, *, stop: threading.Event, alive: Callable[[], None]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - Django's settings are read after setup

    from server_broker.broker import county_client  # noqa: PLC0415
    from server_broker.ingest.garbage import spare_what_lives_on  # noqa: PLC0415
    from server_broker.ingest.mqtt import BrokerAddress, MqttSource  # noqa: PLC0415
    from server_broker.ingest.worker import Worker  # noqa: PLC0415
    from server_broker.platform.configured_clock import configured_clock  # noqa: PLC0415
    from server_broker.trust import county_keys  # noqa: PLC0415

    ours = county_client(settings.HOME)
    tls = ours.tls.context if ours.tls is not None else None
    address = BrokerAddress(ours.hosts[0], ours.port, ours.username, ours.password, ours.hosts[1:], tls)
    worker = Worker(
        source=MqttSource(address, share=share, client_id=client_id(share)),
        key=county_keys(settings.HOME).signing_key,
        share=share,
        clock=lambda: datetime.now(UTC),
        stop=stop,
        county_clock=configured_clock(settings.HOME),
        alive=alive,
        facts_a_day=config.facts_a_day,
    )
    spare_what_lives_on()
    worker.run()
    logging.getLogger("server_broker.ingest").info("the worker of share %s has ended as it was told to", share)


if __name__ == "__main__":
    main()
