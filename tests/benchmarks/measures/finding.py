"""How long somebody waits for what fits their letters, with 50 documents and 20,000 titles on the shelf."""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.report import Value
from protocol.codec import encode
from protocol.documents import Column, Document, Documents, Heading, Paragraph, Row, Table
from protocol.finding import FindEntry
from protocol.kiosk import ToAgent, decode_from_agent, encode_line
from protocol.kiosk_documents import DocumentShown, OpenDocument
from protocol.kiosk_find import Found, Search
from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.measures.memory import AGENT_GOAL_MB, resident
from tests.benchmarks.measures.shelf import put_on_shelf, question_pack
from tests.benchmarks.stage.station import BenchStation
from tests.fakes.shelf_source import ShelfCounty

DOCUMENTS, BUNDLES = 50, 200
TITLES = 20_000
SEARCHES, LONGEST = 100, 5
"""People who search, and how many letters each types."""
GOAL_MS = 200.0
_ROWS = 60
_READY_S = 60.0
_REST_S = 5.0


def fill(station: BenchStation, *, key: Ed25519PrivateKey) -> None:
    """Put the bundles on the shelf of a station that rests."""
    county, chance = ShelfCounty(key, station.cast.id), random.Random(0)
    # The last bundle is the questions that the kiosk is measured with.
    shown = BUNDLES - 1
    for number in range(shown):
        titles = [_title(chance, f"d{number}") for _ in range(number, TITLES, shown)]
        written = [_document(number)] if number < DOCUMENTS else []
        county.publish(f"shown-{number:03}", 1, encode(Documents(documents=written)), kind="disclosure", find=titles)
    county.publish("pack-00", 1, encode(question_pack(0)), kind="questions")
    put_on_shelf(station, county)


def _title(chance: random.Random, document: str) -> FindEntry:
    digits = ["".join(chance.choices("23456789", k=16)) for _ in range(chance.choice((1, 1, 2, 4, 8)))]
    return FindEntry(of=document, title="示例" * 8, digits=digits)


def _document(number: int) -> Document:
    rows = [Row(cells=[f"示例事项{place}", place * 100]) for place in range(_ROWS)]
    table = Table(columns=[Column(title="事项"), Column(title="金额", kind="yuan")], rows=rows)
    return Document(
        id=f"d{number}",
        title=f"示例公示{number}",
        kind="finance",
        published="2026-11-24",
        source="示例村委会",
        sample=True,
        blocks=[Heading(text="示例小标题"), Paragraph(text="示例" * 500), table],
    )


def measure(station: BenchStation, *, seed: int) -> tuple[Figure, ...]:
    """Type letters as the kiosk sends them, open every document, and measure the agent afterwards."""
    chance = random.Random(seed)
    with _talking(station) as ask:
        _until_ready(ask)
        before = resident(station.pid)["VmRSS"]
        waited = []
        for _ in range(SEARCHES):
            letters = "".join(chance.choices("23456789", k=LONGEST))
            for end in range(1, LONGEST + 1):
                began = time.monotonic_ns()
                ask(Search(digits=letters[:end]), Found)
                waited.append((time.monotonic_ns() - began) / 1e6)
        opened = [
            ask(OpenDocument(bundle=f"shown-{number:03}", document=f"d{number}"), DocumentShown)
            for number in range(DOCUMENTS)
        ]
    time.sleep(_REST_S)
    memory = resident(station.pid)
    hits: dict[str, Value] = {
        "p50_ms": round(median(waited), 2),
        "slowest_ms": round(max(waited), 2),
        "searches": len(waited),
        "titles": TITLES,
    }
    rss: dict[str, Value] = {**memory, "before_searching": before, "documents_opened": len(opened), "titles": TITLES}
    return (
        Figure(name="search_first_hits_ms", value=percentile(waited, 0.99), unit="ms", goal=GOAL_MS, detail=hits),
        Figure(name="agent_rss_50_documents_mb", value=memory["VmRSS"], unit="MB", goal=AGENT_GOAL_MB, detail=rss),
    )


class _Ask:
    """Asks the agent as a kiosk does, and waits for the answer."""

    def __init__(self, kiosk: socket.socket, lines: Iterator[bytes]) -> None:
        self._kiosk = kiosk
        self._lines = lines

    def __call__[A](self, message: ToAgent, answer: type[A]) -> A:
        self._kiosk.sendall(encode_line(message))
        for line in self._lines:
            if isinstance(said := decode_from_agent(line), answer):
                return said
        raise RuntimeError(f"the agent hung up instead of answering {type(message).__name__}")


@contextmanager
def _talking(station: BenchStation) -> Iterator[_Ask]:
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.settimeout(20)
        kiosk.connect(str(station.kiosk_socket))
        with kiosk.makefile("rb") as lines:
            yield _Ask(kiosk, lines)


def _until_ready(ask: _Ask) -> None:
    """Wait until all titles can be searched."""
    until = time.monotonic() + _READY_S
    while not ask(Search(digits="2"), Found).ready:
        if time.monotonic() > until:
            raise RuntimeError(f"after {_READY_S:.0f} s not all titles can be searched")
        time.sleep(0.2)
