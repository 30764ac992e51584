"""``python -m tests.proofs.neighbours.rogue``: the hostile station's own process.

It has a certificate of the county, its record key, and the whole speed of a processor. When the broker ends its
connection it comes back at once.
"""

import itertools
import random
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.proofs.neighbours import attacks, packets
from tests.server_broker.station_double import StationDouble

BLOCK_BYTES = 2**16


@dataclass
class Rogue:
    """A connection that sends whatever it is given, for a time."""

    station: StationDouble
    port: int
    context: ssl.SSLContext
    until: float
    rng: random.Random
    web_port: int = 0
    pem: Path = Path()
    ca: Path = Path()
    roster: str = ""
    """The path at the web of the bundle with its village's people."""
    reads: bool = True
    """Whether it reads what comes."""
    connections: int = 0
    sent_bytes: int = 0
    _link: ssl.SSLSocket | None = None
    _mids: "itertools.cycle[int]" = field(default_factory=lambda: itertools.cycle(range(1, 65_536)))

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() >= self.until

    def topic(self, leaf: str) -> str:
        """Return its own topic of a leaf."""
        return f"cunhui/1/0/{self.station.id}/{leaf}"

    def message(self, leaf: str, payload: bytes, *, qos: int = 1) -> bytes:
        """Return a PUBLISH on one of its own topics."""
        return packets.publish(self.topic(leaf), payload, mid=next(self._mids) if qos else 0)

    def tls_key(self) -> ec.EllipticCurvePrivateKey:
        """Return the key of its certificate."""
        key = load_pem_private_key(self.pem.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def web_context(self) -> ssl.SSLContext:
        """Return a TLS context for the county's web, which asks for no certificate."""
        return ssl.create_default_context(cafile=str(self.ca))

    def run(self, attack: "attacks.Attack") -> None:
        """Attack until the time is up. An attack that has ended begins anew on the next connection."""
        while not self.is_over:
            with suppress(OSError):
                self._connect()
                self._send_all(attack)
            if self._link is not None:
                with suppress(OSError):
                    self._link.close()
            time.sleep(0.01)

    def _connect(self) -> None:
        self.connections += 1
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        link = self._link = self.context.wrap_socket(plain, server_hostname="127.0.0.1")
        link.sendall(packets.connect(self.station.id))
        link.sendall(packets.subscribe([self.topic(leaf) for leaf in ("welcome", "receipt", "match", "missing")]))
        link.recv(4096)
        if self.reads:
            threading.Thread(target=self._discard, args=(link,), daemon=True).start()

    @staticmethod
    def _discard(link: ssl.SSLSocket) -> None:
        with suppress(OSError, ValueError):
            while link.recv(65_536):
                pass

    def _send_all(self, attack: "attacks.Attack") -> None:
        link = self._link
        assert link is not None
        block = bytearray()
        for packet in attack(self):
            block += packet
            if len(block) >= BLOCK_BYTES or not packet:
                link.sendall(block)
                self.sent_bytes += len(block)
                block.clear()
            if self.is_over:
                break
        link.sendall(block)
        self.sent_bytes += len(block)


def main() -> None:
    """Attack."""
    name, pem, record_key, ca, port, web_port, roster, seconds, seed = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(pem)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(record_key))
    station = StationDouble(id=Path(pem).stem, key=key)
    rng = random.Random(f"{seed} {name}")
    rogue = Rogue(
        station,
        int(port),
        context,
        time.monotonic() + float(seconds),
        rng,
        web_port=int(web_port),
        pem=Path(pem),
        ca=Path(ca),
        roster=roster,
    )
    rogue.run(attacks.ATTACKS[name])
    print(f'{{"connections": {rogue.connections}, "sent_bytes": {rogue.sent_bytes}}}', flush=True)


if __name__ == "__main__":
    main()
