"""Documents of the shelf are listed and read in parts, and whoever reads one that is taken away is told so."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from agent.kiosk.document_parts import Part, parts_of
from agent.shelf.gist import gist_of
from protocol.bundles import Bundle, BundleKind
from protocol.codec import encode
from protocol.documents import MAX_ROWS, Block, Column, Document, Documents, Heading, Paragraph, Picture, Row, Table
from protocol.kiosk import MAX_LINE_BYTES, ToAgent, decode_from_agent, encode_line
from protocol.kiosk_documents import (
    AskPicture,
    CloseDocument,
    DocumentGone,
    DocumentShown,
    OpenDocument,
    OpenShelf,
    PictureShown,
    ShelfShown,
)
from tests.agent.bench import Bench, bench
from tests.agent.shelf.test_change_of_bundle import take
from tests.fakes.clockwork import FakeSystemClock

COLUMNS = [Column(title="项目"), Column(title="金额", kind="yuan")]


def document(name: str = "a", *blocks: Block, published: str = "2026-11-20", part_of: str = "") -> Document:
    shown = list(blocks) or [Paragraph(text=f"示例 {name}")]
    return Document(
        id=name,
        title=f"示例 {name}",
        kind="finance",
        published=published,
        source="示例村",
        part_of=part_of,
        blocks=shown,
    )


def rows(count: int, *, words: str = "示例支出") -> Table:
    made = [Row(cells=[f"{words}{number}", number]) for number in range(count)]
    return Table(columns=COLUMNS, rows=made, sums=[None, count * (count - 1) // 2])


def publish(station: Bench, name: str, version: int, *documents: Document, kind: BundleKind = "disclosure") -> None:
    station.county.publish(name, version, encode(Documents(documents=list(documents))), kind=kind)
    take(station)


def answered[T](station: Bench, asked: ToAgent, kind: type[T], *, kiosk: int = 1) -> T:
    (answer,) = station.ask(asked, kiosk=kiosk)
    assert isinstance(answer, kind)
    return answer


def test_the_list_has_disclosures_first_and_the_newest_first(station: Bench) -> None:
    publish(station, "guides", 1, document("policy", published="2026-11-23"), kind="library")
    publish(
        station,
        "money",
        1,
        document("old", published="2026-10-01"),
        document("new", published="2026-11-23"),
        document("detail", part_of="new"),
    )
    shown = answered(station, OpenShelf(what="all"), ShelfShown)
    assert [(entry.document, entry.new) for entry in shown.entries] == [("new", True), ("old", False), ("policy", True)]
    assert [entry.document for entry in answered(station, OpenShelf(what="library"), ShelfShown).entries] == ["policy"]
    rest = answered(station, OpenShelf(what="all", start=2), ShelfShown)
    assert ([entry.document for entry in rest.entries], rest.total) == (["policy"], 3)


def test_nothing_is_called_new_while_the_date_is_not_known(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as unsure:
        publish(unsure, "money", 1, document(published="2026-11-23"))
        (entry,) = answered(unsure, OpenShelf(what="all"), ShelfShown).entries
        assert not entry.new


def test_a_document_of_2000_rows_is_read_whole_in_parts_that_fit_a_line(station: Bench) -> None:
    long = rows(MAX_ROWS, words="很长的示例支出项目名称" * 4)
    publish(station, "money", 1, document("a", Heading(text="支出"), long, Paragraph(text="完")))
    read: list[Row] = []
    part, more = 0, True
    while more:
        shown = answered(station, OpenDocument(bundle="money", document="a", part=part), DocumentShown)
        assert len(encode_line(shown)) <= MAX_LINE_BYTES
        tables = [block for block in shown.blocks if isinstance(block, Table)]
        assert shown.continues == (part > 0)
        assert [bool(table.sums) for table in tables] == [part == 0] * len(tables)
        read += [row for table in tables for row in table.rows]
        part, more = part + 1, shown.more
    assert read == long.rows
    assert part > 3
    assert shown.blocks[-1] == Paragraph(text="完")


def test_parts_hold_all_blocks_in_their_order() -> None:
    blocks: list[Block] = [
        Paragraph(text="字" * 2_000),
        rows(300),
        Heading(text="二"),
        rows(3),
        Paragraph(text="完"),
    ] * 8
    parts = parts_of(document("a", *blocks))
    assert all(len(part.blocks) == len(part.wrong) for part in parts)
    assert list(_joined(parts)) == blocks


def _joined(parts: Sequence[Part]) -> Iterator[Block]:
    table: Table | None = None
    for part in parts:
        for place, block in enumerate(part.blocks):
            if isinstance(block, Table) and place == 0 and part.continues:
                assert table is not None
                table = msgspec.structs.replace(table, rows=[*table.rows, *block.rows])
                continue
            if table is not None:
                yield table
            table = block if isinstance(block, Table) else None
            if table is None:
                yield block
    if table is not None:
        yield table


def test_the_longest_rows_fit_a_line() -> None:
    worst = Row(cells=["\x01" * 200] * 8)
    shown = Table(columns=[Column(title="列" * 24)] * 8, rows=[worst] * 50)
    for part in parts_of(document("a", *([shown] * 3))):
        assert len(msgspec.json.encode(part.blocks)) < 45_000


def test_signs_that_turn_text_round_reach_no_kiosk(station: Bench) -> None:
    bad = "示\u202e例\x1b[2J\u200b"
    shown = Table(columns=[Column(title=bad)], rows=[Row(cells=[bad])])
    blocks: list[Block] = [Heading(text="\u202e"), Paragraph(text=f"{bad}\n{bad}"), shown, Picture(item="a", words=bad)]
    made = msgspec.structs.replace(document("a", *blocks), title=bad, source=bad)
    item = station.county.item("a", b"a")
    station.county.publish("money", 1, encode(Documents(documents=[made])), kind="disclosure", items=[item])
    take(station)
    listed = answered(station, OpenShelf(what="all"), ShelfShown)
    read = answered(station, OpenDocument(bundle="money", document="a"), DocumentShown)
    for line in (encode_line(listed).decode(), encode_line(read).decode()):
        assert not any(sign in line for sign in ("\u202e", "\u200b", "\\u001b", "\x1b"))
    assert read.blocks[1] == Paragraph(text="示例[2J\n示例[2J")
    assert decode_from_agent(encode_line(read)) == read


def test_a_sum_that_does_not_add_up_is_told_with_its_table(station: Bench) -> None:
    wrong = msgspec.structs.replace(rows(3), sums=[None, 99])
    publish(station, "money", 1, document("a", Heading(text="支出"), wrong, rows(3)))
    shown = answered(station, OpenDocument(bundle="money", document="a"), DocumentShown)
    assert shown.wrong == [[], [1], []]


def test_whoever_reads_is_told_that_the_document_was_replaced_or_withdrawn(station: Bench) -> None:
    publish(station, "money", 1, document())
    for kiosk in (1, 2, 3):
        answered(station, OpenDocument(bundle="money", document="a"), DocumentShown, kiosk=kiosk)
    station.ask(CloseDocument(), kiosk=3)
    publish(station, "money", 2, document())
    station.kiosk.documents.look()
    assert station.recorded.answers[-2:] == [DocumentGone(bundle="money", document="a", why="replaced")] * 2
    stale = OpenDocument(bundle="money", document="a", part=1, version=1)
    assert answered(station, stale, DocumentGone).why == "replaced"
    answered(station, OpenDocument(bundle="money", document="a", version=2), DocumentShown)
    station.county.withdraw("money")
    take(station)
    station.kiosk.documents.look()
    assert station.recorded.answers[-1] == DocumentGone(bundle="money", document="a", why="withdrawn")
    told = len(station.recorded.answers)
    station.kiosk.documents.look()
    assert len(station.recorded.answers) == told
    assert answered(station, OpenShelf(what="all"), ShelfShown).total == 0


def test_a_document_that_is_over_says_so(station: Bench, system: FakeSystemClock) -> None:
    end = system.wall + 60_000
    content = encode(Documents(documents=[document()]))
    station.county.publish("money", 1, content, kind="disclosure", not_after=end)
    take(station)
    answered(station, OpenDocument(bundle="money", document="a"), DocumentShown)
    system.pass_ms(60_000)
    station.kiosk.documents.look()
    assert station.recorded.answers[-1] == DocumentGone(bundle="money", document="a", why="over")


@pytest.mark.parametrize("asked", [OpenDocument(bundle="money", document="x"), OpenDocument(bundle="money", part=7)])
def test_what_is_not_in_the_bundle_can_t_be_read(station: Bench, asked: OpenDocument) -> None:
    publish(station, "money", 1, document())
    assert answered(station, asked, DocumentGone).why == "unreadable"


def test_without_a_name_the_first_document_is_read(station: Bench) -> None:
    publish(station, "money", 1, document("detail", part_of="a"), document("a"))
    assert answered(station, OpenDocument(bundle="money"), DocumentShown).document == "a"


def test_a_picture_is_sent_and_one_that_is_too_large_is_not(station: Bench) -> None:
    items = [station.county.item("a.png", bytes(30_000)), station.county.item("b.png", bytes(30_001))]
    shown = document("a", Picture(item="a.png", words="示例图"), Picture(item="b.png", words="示例图"))
    station.county.publish("money", 1, encode(Documents(documents=[shown])), kind="disclosure", items=items)
    take(station)
    sizes = []
    for item in ("a.png", "b.png", "c.png"):
        answer = answered(station, AskPicture(bundle="money", item=item), PictureShown)
        assert len(encode_line(answer)) <= MAX_LINE_BYTES
        sizes.append(len(answer.content))
    assert sizes == [30_000, 0, 0]
    assert answered(station, AskPicture(bundle="none", item="a.png"), PictureShown).content == b""


def test_documents_that_a_release_without_a_reader_took_are_listed(station: Bench) -> None:
    publish(station, "money", 1, document())
    (held,) = station.shelf.offered.bundles("disclosure")
    old = msgspec.structs.replace(held, gist=b"")
    assert [head.id for head in station.shelf.offered.heads(old)] == ["a"]


def test_a_bundle_of_files_alone_lists_nothing() -> None:
    bare = Bundle(id="files", kind="library", version=1, title="示例", not_after=1)
    assert gist_of(bare)
