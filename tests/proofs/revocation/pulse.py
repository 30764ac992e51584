"""Feel the broker's pulse: one of the county's own clients asks every 2 ms whether it is there (MQTT 5.0, 3.12).

Mosquitto has one thread, so whatever it does for one client keeps all others waiting. The client is a process of its
own, so that nothing else in the proof delays it. ``python -m tests.proofs.revocation.pulse PORT PASSWORD`` answers each
line on its input by the longest wait since the line before, in milliseconds.
"""

import select
import socket
import sys
import time

from tests.proofs.revocation.child import Child
from tests.proofs.revocation.line import mqtt_text
from tests.proofs.strangers.county import County
from tests.proofs.strangers.visitor import local_port

BEAT_S = 0.002
_PING = b"\xc0\x00"


class Pulse(Child):
    """A context manager: its end closes the connection."""

    def __init__(self, county: County) -> None:
        password = (county.home / "trust" / "broker-local.password").read_text()
        super().__init__("tests.proofs.revocation.pulse", str(local_port(county)), password)
        self.silence_ms()

    def silence_ms(self) -> float:
        """Return the longest silence since the last call."""
        return float(self.ask(b"?"))


def main(port: int, password: str) -> None:
    """Ask until the input ends."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    said = mqtt_text("MQTT") + b"\x05\xc2\x00\x3c\x00" + mqtt_text("county/pulse") + mqtt_text("county")
    body = said + mqtt_text(password)
    line.sendall(bytes((0x10, len(body))) + body)
    line.recv(256)
    longest = 0.0
    while True:
        began = time.perf_counter()
        line.sendall(_PING)
        line.recv(2)
        longest = max(longest, time.perf_counter() - began)
        if select.select([sys.stdin], [], [], BEAT_S)[0]:
            if not sys.stdin.readline():
                return
            print(round(longest * 1000, 1), flush=True)
            longest = 0.0


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
