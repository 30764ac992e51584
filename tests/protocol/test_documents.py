"""Documents that contradict themselves are refused, and a sum that its rows do not make up is named."""

from typing import Any

import msgspec
import pytest

from protocol.bundle_contents import read_content
from protocol.bundles import Bundle, Item
from protocol.codec import decode, encode
from protocol.documents import (
    MAX_ROWS,
    Column,
    Document,
    Documents,
    Paragraph,
    Picture,
    Row,
    Table,
    read_document,
    total_of,
    wrong_sums,
)
from protocol.refusal import Refused
from tests.golden.vectors_1_1 import MESSAGES

COLUMNS = [Column(title="项目"), Column(title="金额", kind="yuan"), Column(title="日期", kind="date")]


def table(**changed: Any) -> dict[str, Any]:
    usual = Table(columns=COLUMNS, rows=[Row(cells=["示例支出", 100, "2026-11-03"])], sums=[None, 100, None])
    return {**msgspec.to_builtins(usual), **changed}


def document(*blocks: Any, **changed: Any) -> dict[str, Any]:
    usual = {"id": "a", "title": "示例", "kind": "finance", "published": "2026-11-28", "source": "示例村"}
    return {**usual, "blocks": list(blocks) or [{"block": "paragraph", "text": "示例"}], **changed}


def read(*documents: dict[str, Any]) -> Documents:
    raw = msgspec.msgpack.encode({"v": 1, "documents": list(documents)})
    return decode(raw, Documents, limit=2**21)


def test_a_document_is_read_as_it_was_written() -> None:
    content = encode(MESSAGES["documents"])
    read = decode(content, Documents)
    assert read == MESSAGES["documents"]
    assert read_document(content, "lamps") == read.documents[1]
    with pytest.raises(KeyError):
        read_document(content, "lamp")


ROW = ["示例", 1, "2026-11-03"]
BAD: dict[str, list[dict[str, Any]]] = {
    "text for money": [document(table(rows=[[["示例", "一百", ""], ""]]))],
    "a fraction of a 分": [document(table(rows=[[["示例", 1.5, ""], ""]]))],
    "money for text": [document(table(rows=[[[5, 1, ""], ""]]))],
    "no day": [document(table(rows=[[["示例", 1, "十一月三日"], ""]]))],
    "a cell too few": [document(table(rows=[[["示例", 1], ""]]))],
    "a sum too few": [document(table(sums=[None, 1]))],
    "a sum of text": [document(table(sums=[1, 1, None]))],
    "nine columns": [document(table(columns=[["列", "text"]] * 9, rows=[], sums=[]))],
    "2,001 rows": [document(table(rows=[[ROW, ""]] * (MAX_ROWS + 1)))],
    "a column of a kind that is none": [document(table(columns=[["列", "Money!"]], rows=[], sums=[]))],
    "2,001 characters": [document({"block": "paragraph", "text": "字" * 2_001})],
    "nothing to read": [document(blocks=[])],
    "no source": [document(source="")],
    "a thirteenth month": [document(period="2026-13")],
    "the same id twice": [document(), document()],
    "a row that opens nothing": [document(table(rows=[[ROW, "b"]]))],
    "a row that opens what is not part of it": [document(table(rows=[[ROW, "b"]])), document(id="b")],
    "a row that opens its own document": [document(table(rows=[[ROW, "a"]]))],
    "part of nothing": [document(part_of="b")],
    "parts of one another": [document(part_of="b"), document(id="b", part_of="a")],
    "too deep": [document(), *(document(id=n, part_of=of) for n, of in ("ba", "cb", "dc"))],
    "an id that is a path": [document(id="../a")],
}


@pytest.mark.parametrize("name", BAD)
def test_what_contradicts_itself_is_refused(name: str) -> None:
    with pytest.raises(Refused, match=r"malformed|unknown_value"):
        read(*BAD[name])


def test_the_samples_are_good_where_nothing_is_changed() -> None:
    good = read(document(table(rows=[[ROW, "b"]])), document(id="b", part_of="a"))
    assert [one.part_of for one in good.documents] == ["", "a"]


def bundle(*items: str) -> Bundle:
    shown = Documents(
        documents=[
            Document(
                id="a",
                title="示例",
                kind="notice",
                published="2026-11-28",
                source="示例村",
                blocks=[Paragraph(text="示例"), Picture(item="a.png", words="示例图")],
            )
        ]
    )
    named = [Item(name=name, sha256=bytes(32), size=1, media_type="image/png") for name in items]
    return Bundle(id="b", kind="library", version=1, title="示例", not_after=1, items=named, content=encode(shown))


def test_a_picture_is_an_item_of_its_bundle() -> None:
    assert isinstance(read_content(bundle("a.png", "b.png")), Documents)
    with pytest.raises(Refused, match="malformed"):
        read_content(bundle("b.png"))


def test_a_bundle_of_files_alone_has_no_documents() -> None:
    assert read_content(msgspec.structs.replace(bundle("a.pdf"), content=b"")) == Documents()


def finance(rows: list[Row], total: int | None, **changed: Any) -> Document:
    shown = Table(columns=COLUMNS, rows=rows, sums=[None, total, None])
    usual: dict[str, Any] = {"id": "a", "title": "示例", "kind": "finance", "published": "2026-11-28", "source": "示例"}
    return Document(**{**usual, **changed}, blocks=[shown])


def test_a_sum_that_does_not_add_up_is_named() -> None:
    rows = [Row(cells=["甲", 100, ""]), Row(cells=["乙", -30, ""]), Row(cells=["丙", "", ""])]
    assert wrong_sums([finance(rows, 70)]) == []
    assert wrong_sums([finance(rows, None)]) == []
    assert wrong_sums([finance(rows, 71)]) == [("a", "金额", "yuan", 71, 70)]
    assert total_of(finance(rows, 71).blocks) == 71


def test_a_row_and_what_it_opens_have_the_same_sum() -> None:
    below = finance([Row(cells=["甲", 60, ""]), Row(cells=["乙", 40, ""])], 100, id="b", part_of="a")
    assert wrong_sums([finance([Row(cells=["丙", 100, ""], opens="b")], 100), below]) == []
    assert wrong_sums([finance([Row(cells=["丙", 90, ""], opens="b")], 90), below]) == [("a", "金额", "yuan", 90, 100)]
