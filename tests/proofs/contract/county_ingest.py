"""One version's ingest on the PostgreSQL cluster in its folder. Import it after `django.setup`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection

from protocol.topics import parse, topic
from server_broker import postgres
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, seal_outgoing
from server_broker.ingest.reread import reread_held
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from tests.proofs.power_cut.workload import RECORD_KEY, STATION

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
VILLAGE = "999901001201"


class County:
    """Takes what its station publishes."""

    def __init__(self, home: Path, secret: bytes) -> None:
        """Start on what there is: a cluster, a database of another version, or nothing."""
        self._home = CountyHome(home)
        postgres.start(self._home)
        try:
            call_command("migrate", verbosity=0)
        except BaseException:
            # Nobody else would end the cluster, which is a process of its own.
            self.destroy()
            raise
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        if not Station.objects.filter(pk=STATION).exists():
            record_key = RECORD_KEY.public_key().public_bytes_raw()
            region, _ = Region.objects.get_or_create(code=VILLAGE, defaults={"name": "示例村"})
            Station.objects.create(id=STATION, name="示例站", village=region, record_key=record_key, enrolled_at=NOW)
        self._processor = BatchProcessor(clock=lambda: NOW)

    def hear(self, leaf: Any, payload: bytes) -> list[Any]:
        """Take one publish, and return the answers."""
        answers = self._processor.process_batch([Incoming(topic(shard=0, station=STATION, leaf=leaf), payload)])
        wall_ms = round(NOW.timestamp() * 1000)
        return [[parse(one.topic).leaf, seal_outgoing(one, self._key, wall_ms=wall_ms)] for one in answers]

    def reread(self) -> int:
        """Read again what is held, as after an upgrade."""
        return reread_held(STATION, now=NOW).read

    def socket(self) -> str:
        """Return where psql reaches the cluster."""
        return str(self._home.postgres_socket)

    def destroy(self) -> None:
        """End the cluster for good."""
        connection.close()
        postgres.destroy(self._home)
