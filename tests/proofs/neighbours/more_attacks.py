"""More attacks: what costs the broker much, facts that cost the county much, pictures, and requests to the web."""

import contextlib
import hashlib
import http.client
import io
import itertools
import os
import socket
import ssl
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from PIL import Image

from protocol.blobs import MAX_CHUNK_BYTES, BlobChunk
from protocol.codec import encode
from protocol.enrolment import RenewRequest, sign_request
from protocol.facts import BlobAnnounced, ClockCorrected, NumberEntered, PinSet, RequestMade, encode_fact
from protocol.facts_requests import RequestKind
from protocol.fetch import sign_fetch
from protocol.pins import PinVerifier
from protocol.topics import DOWN
from protocol.twin import PackState, Reported
from protocol.units import FactRef
from tests.proofs.neighbours import packets
from tests.proofs.neighbours.stream import Stream
from tests.proofs.strangers.station import make_csr
from tests.server_broker.station_double import BOOT, moment, touch

if TYPE_CHECKING:
    from tests.proofs.neighbours.rogue import Rogue

PING = b"\xc0\x00"
SCANS = 1_200
ADMITTED_SCANS = 7
"""Of the last scan, beside the 5 others of a grey picture: the most that the county decodes at this size."""
TOUCHES_OF_A_BOOT = 60_000
ASKED_FOR: tuple[RequestKind, ...] = ("leave", "swap", "card_lost")
OF_EACH = 70
"""Facts of each of three kinds in one envelope, which they fill."""
FILTERS_A_PACKET = 1_200
REPORTS_A_SECOND = 14
DOWNLOADS, REQUESTS_EACH = 120, 200
"""Connections that read nothing, and the requests on each: their answers fill all buffers on the way."""
_SMALL_WINDOW_BYTES = 2_048


def pings_across_records(rogue: "Rogue") -> Iterator[bytes]:
    """PINGREQs of which one lies across each border of two TLS records, so that the broker reads on and on."""
    yield PING[:1]
    yield b""
    while True:
        yield PING[1:] + PING[:1]


def own_filters(rogue: "Rogue") -> list[str]:
    """Return as many filters as a packet holds; each is one of the six that it may have."""
    return [rogue.topic(DOWN[number % len(DOWN)]) for number in range(FILTERS_A_PACKET)]


def own_subscriptions(rogue: "Rogue") -> Iterator[bytes]:
    """Subscriptions to its own six topics, again and again."""
    one = packets.subscribe(own_filters(rogue))
    while True:
        yield one


def own_unsubscriptions(rogue: "Rogue") -> Iterator[bytes]:
    """The opposite of these, for which no access list has a line."""
    one = packets.unsubscribe(own_filters(rogue))
    while True:
        yield one


def boot_dated_again(rogue: "Rogue") -> Iterator[bytes]:
    """Touches of one boot that did not know the time; then words of the county, each with another time for all."""
    stream = Stream(rogue)
    for first in range(0, TOUCHES_OF_A_BOOT, 200):
        yield stream.envelope(*(encode_fact(touch(first + one, quality="unknown")) for one in range(200)))
        yield b""
        time.sleep(0.1)
    for number in itertools.count():
        at = moment(10**8 - number, wall=moment().wall + 3_600_000 * (number % 1_000))
        word = ClockCorrected(at=at, boot=BOOT, mono=at.mono, wall=at.wall, source="county", before="unknown")
        yield stream.envelope(encode_fact(word))
        yield b""
        time.sleep(0.2)


def requests_in_names(rogue: "Rogue") -> Iterator[bytes]:
    """Leave, swaps and lost cards that whoever touches asks for: people read and decide each, and some hold at once."""
    stream = Stream(rogue)
    while True:
        by = FactRef(epoch=stream.epoch, seq=stream.through + 1)
        begin = moment().wall
        asked = (
            RequestMade(
                at=moment(),
                request=os.urandom(16),
                by=by,
                request_kind=kind,
                begin=begin,
                end=None if kind == "card_lost" else begin + 3_600_000,
            )
            for kind in itertools.islice(itertools.cycle(ASKED_FOR), 150)
        )
        yield stream.envelope(encode_fact(touch()), *map(encode_fact, asked))


def pins_and_numbers(rogue: "Rogue") -> Iterator[bytes]:
    """PINs that are set, PINs that are tried, and touches by number, of people of whom most do not exist."""
    stream = Stream(rogue)
    for first in itertools.count(step=OF_EACH):
        people = [f"A{number}" for number in range(first, first + OF_EACH)]
        yield stream.envelope(
            *(encode_fact(NumberEntered(at=moment(), person=one, answer="accepted", clocks=True)) for one in people),
            *(encode_fact(NumberEntered(at=moment(), person=one, answer="wrong_pin")) for one in people),
            *(encode_fact(PinSet(at=moment(), person=one, verifier=a_verifier())) for one in people),
        )


def changing_packs(rogue: "Rogue") -> Iterator[bytes]:
    """What it runs with, another 400 packs each time, and births by turns of two contracts: rows and a new state each.

    It keeps below the pace at which `MANY_LET_GO` would name it.
    """
    stream = Stream(rogue)
    for number in itertools.count():
        packs = [PackState(id=f"{number:x}-{one:x}", version=number + 1, state="whole") for one in range(400)]
        said = Reported(station=rogue.station.id, version=number % 7, at=moment().wall, packs=packs)
        yield rogue.message("reported", encode(said))
        yield stream.birth(contract=number % 2)
        yield b""
        time.sleep(1 / REPORTS_A_SECOND)


def a_verifier() -> PinVerifier:
    """Return what a station keeps of a PIN, of no PIN at all."""
    return PinVerifier(log2_n=12, r=8, p=4, salt=os.urandom(16), digest=os.urandom(32))


def bomb(scans: int = SCANS) -> bytes:
    """Return a picture of 2,000 by 2,000 whose last refinement is repeated, each time a scan over all of it."""
    written = io.BytesIO()
    Image.new("L", (2_000, 2_000), 128).save(written, "jpeg", progressive=True)
    plain = written.getvalue()
    last = plain.rindex(b"\xff\xda")
    return plain[:last] + plain[last:-2] * scans + b"\xff\xd9"


def pictures_hard_to_open(rogue: "Rogue") -> Iterator[bytes]:
    """Pictures that were announced, are whole, have the right hash, and are small for what it takes to open them.

    Every other one is refused before it is decoded. The rest is as hard to open as the county allows.
    """
    stream = Stream(rogue)
    for one in itertools.cycle((bomb(ADMITTED_SCANS), bomb())):
        # A comment (JPEG, B.2.4.5) makes each another picture.
        data = one[:2] + b"\xff\xfe\x00\x12" + os.urandom(16) + one[2:]
        sha256 = hashlib.sha256(data).digest()
        yield stream.envelope(
            encode_fact(
                BlobAnnounced(at=moment(), sha256=sha256, size=len(data), media_type="image/jpeg", purpose="touch")
            )
        )
        for offset in range(0, len(data), MAX_CHUNK_BYTES):
            piece = data[offset : offset + MAX_CHUNK_BYTES]
            chunk = BlobChunk(station=rogue.station.id, sha256=sha256, size=len(data), offset=offset, data=piece)
            yield rogue.message("blob", encode(chunk))
        yield b""


def renewals(rogue: "Rogue") -> Iterator[bytes]:
    """Signed requests for the next certificate, as fast as the county answers."""
    csr = make_csr("any-name", rogue.tls_key())
    link = http.client.HTTPSConnection("127.0.0.1", rogue.web_port, timeout=20, context=rogue.web_context())
    while True:
        request = RenewRequest(station=rogue.station.id, csr=csr, nonce=os.urandom(16), signature=bytes(64))
        body = msgspec.json.encode(sign_request(rogue.station.key, request))
        with contextlib.suppress(OSError, http.client.HTTPException):
            link.request("POST", "/renew", body, {"Content-Type": "application/json"})
            link.getresponse().read()
        yield b""


def unread_downloads(rogue: "Rogue") -> Iterator[bytes]:
    """Its roster, asked for again and again on many connections, and never read."""
    held: list[ssl.SSLSocket] = []
    while True:
        with contextlib.suppress(OSError):
            held.append(_ask_and_never_read(rogue))
        if len(held) > DOWNLOADS:
            held.pop(0).close()
        yield b""


def _ask_and_never_read(rogue: "Rogue") -> ssl.SSLSocket:
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW_BYTES)
    plain.settimeout(2)
    plain.connect(("127.0.0.1", rogue.web_port))
    link = rogue.web_context().wrap_socket(plain, server_hostname="127.0.0.1")
    with contextlib.suppress(TimeoutError):
        link.sendall(b"".join(download_request(rogue) for _ in range(REQUESTS_EACH)))
    return link


def download_request(rogue: "Rogue") -> bytes:
    """Return its signed request for its roster."""
    now = time.time_ns() // 1_000_000
    signed = sign_fetch(rogue.station.key, station=rogue.station.id, path=rogue.roster, nonce=os.urandom(16), wall=now)
    return f"GET {rogue.roster} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {signed}\r\n\r\n".encode()
