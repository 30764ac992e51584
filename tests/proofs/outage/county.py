"""The county's own enrolment and ingest on a private PostgreSQL cluster, with a clock that the proof moves.

It may be imported only after `django.setup`. Nothing listens anywhere: requests and messages are handed over in this
process.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from cryptography import x509
from django.core.management import call_command
from django.db import connection

from agent.ports import DeviceError
from protocol.enrolment import Enrolled, EnrolRequest, NotEnrolled, RenewRequest, decode_json
from protocol.topics import DOWN, Down, Up, parse, topic
from server_broker import broker, postgres
from server_broker.enrolment import admission
from server_broker.enrolment.claims import make_claim
from server_broker.enrolment.refusals import NotAdmitted
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, Outgoing, seal_outgoing
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from server_broker.supervisor.up import initialise
from server_broker.trust.keys import county_keys

VILLAGE = "999901001201"


class OutageCounty:
    """One county; ``now_ms`` is the true time."""

    def __init__(self, home: CountyHome) -> None:
        self._home = home
        self.now_ms: Callable[[], int] = lambda: 0
        self.reachable = True
        self.renewals = 0
        self._authority = x509.load_pem_x509_certificate(county_keys(home).ca_pem)
        self._processor = BatchProcessor(clock=self._now)
        Region.objects.create(code=VILLAGE, name="示例村")

    @property
    def ca_file(self) -> Path:
        return self._home.root / "ca.pem"

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    def claim(self, station: str) -> str:
        row = Station.objects.create(id=station, name=station, village_id=VILLAGE)
        return make_claim(row, actor="operator", now=self._now())

    def post(self, url: str, _ca_file: Path, body: bytes) -> tuple[int, bytes]:
        """Answer one HTTPS call, from any thread; see `agent.identity.enrolment.Post`."""
        if not self.reachable:
            raise DeviceError("the line is dead")
        try:
            return 200, msgspec.json.encode(self._answer(url, body))
        except NotAdmitted as refusal:
            return refusal.status, msgspec.json.encode(NotEnrolled(reason=refusal.code, message=refusal.message))
        finally:
            connection.close()

    def _answer(self, url: str, body: bytes) -> Enrolled:
        if url.endswith("/enrol"):
            return admission.enrol(self._home, decode_json(body, EnrolRequest), now=self._now())
        self.renewals += 1
        return admission.renew(self._home, decode_json(body, RenewRequest), now=self._now())

    def lets_in(self, certificate_file: Path) -> bool:
        """Judge a client certificate as the broker's TLS does: by the county's authority and by the true time."""
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        certificate.verify_directly_issued_by(self._authority)
        return certificate.not_valid_before_utc <= self._now() <= certificate.not_valid_after_utc

    def hear(self, station: str, leaf: Up, payload: bytes) -> Sequence[tuple[Down, bytes]]:
        """Process one publish and return what the county publishes for it."""
        answers = self._processor.process_batch([Incoming(topic(shard=0, station=station, leaf=leaf), payload)])
        key = county_keys(self._home).signing_key
        return [(_leaf(answer), seal_outgoing(answer, key, wall_ms=self.now_ms())) for answer in answers]

    def touches(self, station: str) -> list[tuple[int, bytes, int]]:
        """Return (card number, epoch, seq) of every touch, as the database's administrator finds them."""
        with psycopg.connect(host=str(self._home.postgres_socket), dbname="cunhui", user="postgres") as link:
            rows: list[tuple[Any, ...]] = link.execute(
                "SELECT card_token, epoch, seq FROM attendance_touch WHERE station_id = %s", [station]
            ).fetchall()
        return [(int.from_bytes(token, "big"), epoch, seq) for token, epoch, seq in rows]


def _leaf(answer: Outgoing) -> Down:
    leaf = parse(answer.topic).leaf
    return next(down for down in DOWN if down == leaf)


@contextmanager
def running_county(home: CountyHome) -> Iterator[OutageCounty]:
    """Set up a county with its own cluster, and delete it in the end."""
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    broker.prepare(home, now=datetime.now(UTC))
    postgres.start(home)
    try:
        call_command("migrate", verbosity=0)
        yield OutageCounty(home)
    finally:
        connection.close()
        postgres.destroy(home)
