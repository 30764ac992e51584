"""A county whose broker is a RabbitMQ of its own, with nothing else running: stations with real certificates."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server_broker import broker
from server_broker.broker.rabbit.files import write_files
from server_broker.platform.county_config import CountyConfig, free_ports, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.supervisor.up import initialise
from server_broker.trust import StationJournal, county_keys
from server_broker.trust.board_name import board_name
from server_broker.trust.journal import JournalEntry, journal_time
from tests.conftest import short_folder
from tests.proofs.own_broker.rabbit_node import ADMINISTRATOR, RabbitNode
from tests.proofs.strangers.visitor import Visitor, Will
from tests.server_broker.broker_county import NOW, Board


class RabbitCounty:
    """A county and the node that it names."""

    def __init__(self, root: Path) -> None:
        self.home = CountyHome(root / "county")
        config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
        initialise(self.home, config)
        self.node = RabbitNode(root / "node")
        port, management_port = free_ports(2)
        (self.home.root / "rabbitmq.password").touch(mode=0o600)
        (self.home.root / "rabbitmq.password").write_text(self.node.password + "\n")
        self.own = OwnBroker(
            hosts=["127.0.0.1"],
            port=port,
            management_port=management_port,
            user=ADMINISTRATOR,
            password_file="rabbitmq.password",
        )
        with self.home.config_file.open("a", encoding="utf-8") as file:
            file.write(self.own.as_table())
        assert read_config(self.home).broker == self.own
        broker.prepare(self.home, now=NOW)
        write_files(self.home, self.own, self.node.folder, now=NOW)
        self.journal = StationJournal(self.home)

    def board(self, station: str, record_key: str) -> Board:
        """Take a board in: its line stands in the journal, and nothing else is done."""
        key = ec.generate_private_key(ec.SECP256R1())
        authority = county_keys(self.home).authority
        name = board_name(station, record_key)
        issued = authority.issue_station(station, key.public_key(), board=name, now=NOW)
        self.journal.append(
            JournalEntry(
                at=journal_time(NOW), event="enrolled", station=station, serial=issued.serial, record_key=record_key
            )
        )
        pair = self.home.root / f"{issued.serial}.pem"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        pair.write_text(issued.pem + pem)
        return Board(station, issued.serial, pair)

    def revoked(self, station: str) -> None:
        """Write the line of a revocation, and do nothing else of it."""
        self.journal.append(JournalEntry(at=journal_time(NOW), event="revoked", station=station))

    def tls(self, board: Board | None) -> ssl.SSLContext:
        """Return what shows the board's certificate, or none."""
        tls = ssl.create_default_context(cafile=str(self.home.root / "ca.pem"))
        if board is not None:
            tls.load_cert_chain(board.pair)
        return tls

    def session(self, board: Board, *, client_id: str = "", will: Will | None = None) -> Visitor:
        """Return a client that shows the board's certificate."""
        return Visitor(self.own.port, client_id or board.station, tls=self.tls(board), will=will)

    def lets_in(self, board: Board) -> bool:
        """Tell whether the board may connect now; an open session of its station is over then."""
        with self.session(board) as visitor:
            return visitor.connect()

    def worker(self) -> Visitor:
        """Return a client of the county's."""
        ours = broker.county_client(self.home)
        assert ours.tls is not None
        return Visitor(ours.port, "county/test", tls=ours.tls.context(), password=(ours.username, ours.password))


@contextmanager
def rabbit_county() -> Iterator[RabbitCounty]:
    """Have such a county in a folder of its own, with its node started; both are gone at the end."""
    with short_folder() as folder:
        county = RabbitCounty(folder)
        try:
            county.node.start()
            yield county
        finally:
            county.node.close()
