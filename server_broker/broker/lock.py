"""Let one process at a time change what the broker goes by: Mosquitto's lists, or the users of a RabbitMQ."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from server_broker.platform.home import CountyHome


@contextmanager
def one_at_a_time(home: CountyHome) -> Iterator[None]:
    """Keep other processes from changing what the broker goes by."""
    # The service, the command line and the web write these lists, each in its own process.
    descriptor = os.open(home.trust / "access.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
