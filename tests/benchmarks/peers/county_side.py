"""Where the peers deliver: a broker on the county's host with its certificate, and a subscriber into its database.

The county's own broker allows stations and their topics alone, so the peers have another broker beside it: the same
program with the same TLS files. It is never killed, just as the county's broker is never killed in this week. It takes
any number of messages in flight. With Mosquitto's default of 20 a bridge that came back with more messages was
disconnected each time ("Quota exceeded", 2.0.21), and no message that it had taken ever arrived.
"""

import shutil
import socket
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.processes import Process, wait_until
from tests.benchmarks.peers.subscriber import TABLE

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
_CONFIG = """\
user root
per_listener_settings true
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 0
persistence false
sys_interval 0
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning

listener {port} 127.0.0.1
allow_anonymous false
cafile {trust}/ca.pem
certfile {trust}/server.pem
keyfile {trust}/server.key
require_certificate true
use_identity_as_username true
acl_file {folder}/peers.acl

listener {local_port} 127.0.0.1
allow_anonymous true
"""
_ACL = """\
# A ThingsBoard gateway: it must not be given back what it said, as a plain broker would.
user {gateway}
topic write v1/devices/me/#
topic write v1/gateway/#
topic read v1/devices/me/rpc/response/#
topic read v1/devices/me/attributes/response/#

user {bridge}
topic write facts/#
topic write $SYS/broker/connection/#
"""
_ARRIVALS = f"select fact, count(*) from {TABLE} where peer = '{{}}' group by fact"


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a peer connects: with a certificate of the county, as a station does."""

    ca: Path
    certificate: Path
    key: Path


class CountySide:
    """Runs while the context lasts."""

    def __init__(self, county: DemoCounty, folder: Path, *, gateway: str, bridge: str) -> None:
        """``gateway`` and ``bridge`` are the names in their certificates."""
        self._county = county
        self.port, local_port = free_port(), free_port()
        folder.mkdir()
        (folder / "peers.acl").write_text(_ACL.format(gateway=gateway, bridge=bridge), encoding="utf-8")
        config = folder / "mosquitto.conf"
        config.write_text(
            _CONFIG.format(port=self.port, local_port=local_port, trust=county.home / "broker", folder=folder),
            encoding="utf-8",
        )
        self._broker = Process("peers-broker", [MOSQUITTO, "-c", str(config)], log=folder / "broker.log")
        self._ready = folder / "ready"
        command = [sys.executable, "-m", "tests.benchmarks.peers.subscriber", str(local_port), str(county.home / "run")]
        self._subscriber = Process("subscriber", [*command, str(self._ready)], log=folder / "subscriber.log")

    def __enter__(self) -> Self:
        self._broker.start()
        self._subscriber.start()
        try:
            wait_until(self._ready.exists, what="the peers' subscriber", timeout_s=20)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._subscriber.stop()
        self._broker.stop()

    def arrived(self, peer: str) -> Counter[str]:
        """Return how often psql finds each fact of a peer."""
        return Counter({fact: int(count) for fact, count in self._county.sql(_ARRIVALS.format(peer))})


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
