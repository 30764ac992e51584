"""A station that the county lets in no more tells that apart from a network that is down, until it is let in."""

import queue
import socket
import ssl
import threading

import pytest

from agent.drivers.mqtt import PahoLink, station_context
from agent.events import Event, LinkDown, LinkUp
from tests.agent.uplink.bench import STATION, UplinkBench
from tests.agent.uplink.pki import Authority


def lose(bench: UplinkBench, *, refused: bool) -> None:
    bench.clock.now += 400_000
    bench.uplink.tick()
    bench.uplink.handle(LinkDown(bench.attempt, "test", refused=refused))


def test_what_is_refused_once_is_refused_until_it_is_let_in() -> None:
    bench = UplinkBench()
    lose(bench, refused=False)
    assert (bench.uplink.refused, bench.host.refused_states) == (False, [False])
    lose(bench, refused=True)
    lose(bench, refused=False)
    assert (bench.uplink.refused, bench.host.refused_states[-1]) == (True, True)
    bench.clock.now += 400_000
    bench.uplink.tick()
    bench.uplink.handle(LinkUp(bench.attempt))
    assert (bench.uplink.refused, bench.host.refused_states[-1]) == (False, False)


@pytest.mark.parametrize(("code", "refused"), [(0x86, True), (0x87, True), (0x88, False), (0x97, False)])
def test_a_broker_that_says_so_in_its_answer(code: int, refused: bool, authority: Authority) -> None:
    server, own = authority.issue("broker", host="127.0.0.1"), authority.issue(STATION)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with context.wrap_socket(listener.accept()[0], server_side=True) as secured:
                secured.recv(4096)
                # CONNACK without properties (MQTT 5.0, 3.2).
                secured.sendall(bytes((0x20, 3, 0, code, 0)))

        serving = threading.Thread(target=answer)
        serving.start()
        events: queue.Queue[Event] = queue.Queue()
        link = PahoLink(
            station=STATION,
            shard=0,
            endpoints=[listener.getsockname()],
            context=lambda: station_context(
                ca_file=authority.ca_file, certificate_file=own.certificate, key_file=own.key
            ),
            put=events.put,
            mono_ms=lambda: 0,
        )
        link.connect(attempt=1, keepalive_s=60, will=b"")
        down = events.get(timeout=10)
        serving.join()
    assert isinstance(down, LinkDown)
    assert down.refused == refused
