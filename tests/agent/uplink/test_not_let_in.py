"""A station that the county lets in no more tells that apart from a network that is down, until it is let in."""

import queue
import socket
import ssl
import threading
from collections.abc import Callable

import pytest

from agent.drivers.mqtt import PahoLink, station_context
from agent.events import Event, LinkDown, LinkUp
from protocol.topics import DOWN
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


CONNACK, SUBACK = 0x20, 0x90


@pytest.mark.parametrize(
    ("codes", "refused"),
    [((0x86,), True), ((0x87,), True), ((0x88,), False), ((0x97,), False)],
)
def test_a_broker_that_says_so_when_it_is_asked_in(codes: tuple[int, ...], refused: bool, authority: Authority) -> None:
    # Without properties (MQTT 5.0, 3.2).
    assert last_word(authority, lambda _: [bytes((CONNACK, 3, 0, *codes, 0))]).refused == refused


@pytest.mark.parametrize(("code", "refused"), [(0x87, True), (0x80, False), (0x97, False)])
def test_a_broker_on_whose_list_it_is_not(code: int, refused: bool, authority: Authority) -> None:
    def answers(asked: bytes) -> list[bytes]:
        # The SUBSCRIBE's own number (3.8.2) stands behind its first byte and a length of two bytes.
        return [bytes((SUBACK, 3 + len(DOWN), *asked[3:5], 0, *([code] * len(DOWN))))]

    accepted = bytes((CONNACK, 3, 0, 0, 0))
    assert last_word(authority, lambda _: [accepted], answers).refused == refused


def last_word(authority: Authority, *turns: Callable[[bytes], list[bytes]]) -> LinkDown:
    """Let a link connect to a broker that answers what it is asked by ``turns``; return how the attempt ended."""
    server, own = authority.issue("broker", host="127.0.0.1"), authority.issue(STATION)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with context.wrap_socket(listener.accept()[0], server_side=True) as secured:
                for turn in turns:
                    for said in turn(secured.recv(4096)):
                        secured.sendall(said)
                secured.recv(4096)

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
    return down
