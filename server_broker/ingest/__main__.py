"""Run the ingest worker of one shard: ``python -m server_broker.ingest [--shard N]``."""

import argparse
import logging
import os
import signal
import socket
import threading
from datetime import UTC, datetime

import django


def client_id(shard: int) -> str:
    """Return this worker's MQTT client id. The slash in it keeps it apart from every station's."""
    return f"county/ingest-{shard}-{socket.gethostname()[:32]}-{os.getpid()}"


def main() -> None:
    """Work until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m server_broker.ingest", description=__doc__)
    parser.add_argument("--shard", type=int, default=0)
    shard: int = parser.parse_args().shard
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - Django's settings are read after setup

    from server_broker.broker import local_client_settings  # noqa: PLC0415
    from server_broker.ingest.mqtt import BrokerAddress, MqttSource  # noqa: PLC0415
    from server_broker.ingest.worker import Worker  # noqa: PLC0415
    from server_broker.platform.clock import county_clock  # noqa: PLC0415
    from server_broker.platform.county_config import read_config  # noqa: PLC0415
    from server_broker.platform.service_manager import ServiceManager  # noqa: PLC0415
    from server_broker.trust import county_keys  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    local = local_client_settings(settings.HOME)
    address = BrokerAddress(local.host, local.port, local.username, local.password)
    worker = Worker(
        source=MqttSource(address, shard=shard, client_id=client_id(shard)),
        key=county_keys(settings.HOME).signing_key,
        shard=shard,
        clock=lambda: datetime.now(UTC),
        stop=stop,
        county_clock=county_clock(settings.HOME),
        alive=ServiceManager().alive,
        facts_a_day=read_config(settings.HOME).facts_a_day,
    )
    worker.run()
    logging.getLogger("server_broker.ingest").info("the worker has ended as it was told to")


if __name__ == "__main__":
    main()
