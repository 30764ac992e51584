"""Run the notifier, which tells people what needs one of them: ``python -m server_broker.supervisor.notifier``."""

import os
import signal
import threading
import time
from datetime import UTC, datetime

import django


def main() -> None:
    """Watch and tell until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - Django's settings are read after setup
    from django.db import InterfaceError, OperationalError, connection  # noqa: PLC0415

    from server_broker.incidents.channel_settings import opened, outlet_of  # noqa: PLC0415
    from server_broker.incidents.notifier import SEND_EVERY_S, Notifier  # noqa: PLC0415
    from server_broker.platform.county_config import read_config  # noqa: PLC0415
    from server_broker.platform.service_manager import ServiceManager  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    home = settings.HOME
    config = read_config(home)
    notifier = Notifier(
        open_channel=lambda channel: opened(channel, home=home, outlet=outlet_of(home)),
        link=lambda: f"{config.console_url}/attention/",
    )
    manager = ServiceManager()
    manager.alive()
    while not stop.wait(SEND_EVERY_S):
        try:
            notifier.go_on(now=datetime.now(UTC), mono_s=time.monotonic())
        except (OperationalError, InterfaceError):
            # The database may be away while it restarts; the next round finds the same again.
            connection.close()
        manager.alive()


if __name__ == "__main__":
    main()
