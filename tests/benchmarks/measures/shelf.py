"""The agent's memory with a full shelf: 200 bundles, 20 of them packs of 1,000 questions each, 50 with documents."""

import shutil
import socket
import time
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.report import Value
from protocol.codec import encode
from protocol.documents import MAX_ROWS, Column, Document, Documents, Paragraph, Row, Table
from protocol.kiosk import Home, decode_from_agent, encode_line
from protocol.kiosk_documents import DocumentShown, OpenDocument
from protocol.kiosk_learning import MapShown, OpenLevel, OpenMap, OpenPack, PackShown, QuestionShown
from protocol.packs import Level, Pack, Question
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.measures.memory import AGENT_GOAL_MB, resident
from tests.benchmarks.stage.station import BenchStation
from tests.fakes.filled_shelf import fill_shelf
from tests.fakes.shelf_source import ShelfCounty

BUNDLES, PACKS, DOCUMENTS = 200, 20, 50
ROWS = 200
"""Of each document's table; that of the first is as long as the contract allows."""
LEVELS, QUESTIONS = 10, 100
"""Of each pack: 1,000 questions."""
_REST_S = 5.0


def measure(station: BenchStation, *, key: Ed25519PrivateKey) -> Figure:
    """Fill the shelf of a station that rests, start it, open a level of every pack, read every document to its end, and
    measure.

    Args:
        key: The county's signing key.
    """
    fill(station, key=key)
    with station.running():
        started = resident(station.pid)["VmRSS"]
        opened = _open_levels(station)
        read, slowest_ms = _read_documents(station)
        time.sleep(_REST_S)
        memory = resident(station.pid)
    detail: dict[str, Value] = {
        **memory,
        "started": started,
        "bundles": BUNDLES,
        "packs": PACKS,
        "levels_opened": opened,
        "documents": DOCUMENTS,
        "parts_read": read,
        "slowest_part_ms": slowest_ms,
    }
    return Figure(name="agent_rss_shelf_mb", value=memory["VmRSS"], unit="MB", goal=AGENT_GOAL_MB, detail=detail)


def fill(station: BenchStation, *, key: Ed25519PrivateKey) -> None:
    """Put the bundles on the station's shelf by one trip."""
    county = ShelfCounty(key, station.cast.id)
    for number in range(PACKS):
        county.publish(f"pack-{number:02}", 1, encode(question_pack(number)), kind="questions")
    county.notice("news", 1, *(f"示例通知{number}" for number in range(20)))
    for number in range(DOCUMENTS):
        shown = Documents(documents=[_document(MAX_ROWS if number == 0 else ROWS)])
        county.publish(f"document-{number:02}", 1, encode(shown), kind="disclosure")
    for number in range(BUNDLES - PACKS - DOCUMENTS - 1):
        items = [county.item(f"{place}.jpg", b"%d %d" % (number, place) * 500) for place in range(3)]
        county.publish(f"library-{number:03}", 1, encode(Documents()), items=items)
    put_on_shelf(station, county)


def put_on_shelf(station: BenchStation, county: ShelfCounty) -> None:
    """Have everything that a county has published come on the shelf of a station that rests."""
    folder = station.outbox.parent / "shelf"
    fill_shelf(folder, county, station=station.cast.id)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, station.outbox.stat().st_uid)


def question_pack(number: int, *, questions: int = QUESTIONS) -> Pack:
    """Return a pack of ten levels.

    Args:
        questions: Of each level.
    """
    levels = [
        Level(
            id=f"{level}",
            name=f"第{level}关",
            draw=10,
            questions=[_question(number, level, place) for place in range(questions)],
        )
        for level in range(LEVELS)
    ]
    return Pack(id=f"pack-{number:02}", version=1, title=f"示例学习包{number}", sample=True, levels=levels)


def _document(rows: int) -> Document:
    columns = [Column(title="示例项目"), Column(title="日期", kind="date"), Column(title="金额", kind="yuan")]
    return Document(
        id="d1",
        title="示例收支",
        kind="finance",
        published="2026-11-28",
        source="示例村村委会",
        sample=True,
        blocks=[
            Paragraph(text="示例正文。" * 100),
            Table(
                columns=columns,
                rows=[Row(cells=[f"示例支出第{number}项，说明" * 2, "2026-11-03", number]) for number in range(rows)],
                sums=[None, None, rows * (rows - 1) // 2],
            ),
        ],
    )


def _question(number: int, level: int, place: int) -> Question:
    stem = f"示例题 {number} {level} {place}：" + "示例" * 20
    return Question(
        id=f"q{level}-{place}",
        kind="single",
        stem=stem[:60],
        options=["示例选项甲", "示例选项乙", "示例选项丙", "示例选项丁"],
        answer=[1],
        explanation="示例解释" * 20,
        source="示例来源",
    )


def _open_levels(station: BenchStation) -> int:
    """Open the first level of each pack on the map; return how many showed a question."""
    opened = 0
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.settimeout(20)
        kiosk.connect(str(station.kiosk_socket))
        lines = _lines(kiosk)
        page, pages = 0, 1
        while page < pages:
            kiosk.sendall(encode_line(OpenMap(page=page)))
            shown = next(line for line in lines if isinstance(line, MapShown))
            page, pages = page + 1, shown.pages
            for pack in shown.packs:
                kiosk.sendall(encode_line(OpenPack(pack=pack.pack)))
                levels = next(line for line in lines if isinstance(line, PackShown)).levels
                kiosk.sendall(encode_line(OpenLevel(pack=pack.pack, level=levels[0].level)))
                opened += any(isinstance(line, QuestionShown) for line in _until_answered(lines))
    return opened


def _read_documents(station: BenchStation) -> tuple[int, float]:
    """Read each document to its end; return how many parts came, and how long the slowest took."""
    read, slowest = 0, 0.0
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.settimeout(20)
        kiosk.connect(str(station.kiosk_socket))
        lines = _lines(kiosk)
        for number in range(DOCUMENTS):
            part, more = 0, True
            while more:
                began = time.perf_counter()
                kiosk.sendall(encode_line(OpenDocument(bundle=f"document-{number:02}", document="d1", part=part)))
                shown = next(line for line in lines if isinstance(line, DocumentShown))
                slowest = max(slowest, time.perf_counter() - began)
                part, more = part + 1, shown.more
            read += part
    return read, round(slowest * 1000, 1)


def _lines(kiosk: socket.socket) -> Iterator[object]:
    with kiosk.makefile("rb") as file:
        for line in file:
            yield decode_from_agent(line)


def _until_answered(lines: Iterator[object]) -> Iterator[object]:
    for line in lines:
        if not isinstance(line, Home):
            yield line
            return
