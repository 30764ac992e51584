"""A storm of handshakes on a machine with much else to do: nobody is taken for one that keeps the broker for itself."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from protocol.topics import topic
from server_broker import broker
from server_broker.platform.county_config import read_config
from tests.server_broker.broker_county import NOW, Board, BrokerCounty, broker_county

BURSTS = 8
AT_ONCE = 600
BUSY = 12
"""Processes that want a core all the time. The broker gets what they leave."""


def test_no_station_is_cut_because_strangers_shake_hands() -> None:
    with broker_county() as county, busy_machine():
        boards = [county.board(f"village-{number}") for number in range(3)]
        assert broker.refresh(county.home, now=NOW)
        over = threading.Event()
        at_work = [threading.Thread(target=work, args=(county, board, over)) for board in boards]
        for thread in at_work:
            thread.start()
        shake_hands(read_config(county.home).broker_port, hello(), over)
        over.set()
        for thread in at_work:
            thread.join()
        assert "cut:" not in county.log.read_text()


def hello() -> bytes:
    """Return a ClientHello, which costs a stranger nothing to repeat."""
    outgoing = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def shake_hands(port: int, said: bytes, over: threading.Event) -> None:
    """Connect many times, begin all handshakes at once, and leave."""
    for _ in range(BURSTS):
        lines = []
        for _ in range(AT_ONCE):
            line = socket.socket()
            line.setblocking(False)
            with suppress(BlockingIOError):
                line.connect(("127.0.0.1", port))
            lines.append(line)
        over.wait(0.3)
        for line in lines:
            with suppress(OSError):
                line.send(said)
        over.wait(0.4)
        for line in lines:
            line.close()


def work(county: BrokerCounty, board: Board, over: threading.Event) -> None:
    """Publish again and again, and connect again after each end."""
    facts = topic(shard=0, station=board.station, leaf="facts")
    while not over.is_set():
        with suppress(OSError), county.session(board) as visitor:
            if visitor.connect():
                while not over.is_set() and visitor.publish(facts) == 0x10:
                    over.wait(0.02)


@contextmanager
def busy_machine() -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
