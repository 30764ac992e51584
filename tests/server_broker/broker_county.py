"""A county with a real Mosquitto and nothing else running: stations with real certificates, and their sessions."""

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from firmware_scripts.demo.processes import wait_until
from server_broker import broker
from server_broker.platform.control import pid_file
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import end, write_pid
from server_broker.supervisor.up import initialise
from server_broker.trust import StationJournal, county_keys
from server_broker.trust.journal import JournalEntry, journal_time
from tests.conftest import short_folder
from tests.proofs.strangers.visitor import Visitor

NOW = dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Board:
    """A certificate and its key as they lie on a station."""

    station: str
    serial: str
    pair: Path


class BrokerCounty:
    """A county whose broker runs until `stop`."""

    def __init__(self, root: Path) -> None:
        root.chmod(0o755)
        self.home = CountyHome(root / "county")
        config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
        initialise(self.home, config)
        self.home.postgres_socket.mkdir()
        broker.prepare(self.home, now=NOW)
        broker.refresh(self.home, now=NOW)
        self.journal = StationJournal(self.home)
        self.log = root / "mosquitto.log"
        self.start()

    def start(self) -> None:
        """Start the broker as the service does."""
        self._process = broker.program(self.home).start(self.log)
        write_pid(pid_file(self.home, "mosquitto"), self._process.pid)
        wait_until(lambda: broker.is_ready(self.home), what="the broker", timeout_s=20)

    def stop(self) -> None:
        """End the broker."""
        if self._process.poll() is None:
            end(self._process.pid)
        self._process.wait(20)

    @property
    def pid(self) -> int:
        """The broker's process."""
        return self._process.pid

    def board(self, station: str) -> Board:
        """Take a board in: its line stands in the journal, and nothing else is done."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = county_keys(self.home).authority.issue_station(station, key.public_key(), now=NOW)
        self.journal.append(
            JournalEntry(
                at=journal_time(NOW), event="enrolled", station=station, serial=issued.serial, record_key=issued.serial
            )
        )
        pair = self.home.root / f"{issued.serial}.pem"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        pair.write_text(issued.pem + pem)
        return Board(station, issued.serial, pair)

    def revoked(self, station: str) -> None:
        """Write the line of a revocation, and do nothing else of it."""
        self.journal.append(JournalEntry(at=journal_time(NOW), event="revoked", station=station))

    def session(self, board: Board) -> Visitor:
        """Return a client that shows the board's certificate."""
        tls = ssl.create_default_context(cafile=str(self.home.root / "ca.pem"))
        tls.load_cert_chain(board.pair)
        return Visitor(read_config(self.home).broker_port, board.station, tls=tls)

    @contextmanager
    def flooding(self, board: Board) -> Iterator[ssl.SSLSocket]:
        """Return a bare connection that shows the board's certificate and is yet to say CONNECT."""
        tls = ssl.create_default_context(cafile=str(self.home.root / "ca.pem"))
        tls.load_cert_chain(board.pair)
        with (
            socket.create_connection(("127.0.0.1", read_config(self.home).broker_port), timeout=60) as plain,
            tls.wrap_socket(plain, server_hostname="127.0.0.1") as line,
        ):
            yield line

    def lets_in(self, board: Board) -> bool:
        """Tell whether the board may connect now; an open session of its station is over then."""
        with self.session(board) as visitor:
            return visitor.connect()


@contextmanager
def broker_county() -> Iterator[BrokerCounty]:
    """Have such a county in a folder of its own; it is stopped at the end."""
    with short_folder() as folder:
        county = BrokerCounty(folder)
        try:
            yield county
        finally:
            county.stop()
