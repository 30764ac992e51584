"""公示 at the kiosk: the list, the pages of a document, the rows that open, and what is taken away while it is read."""

import io
import time
from collections import Counter
from typing import get_args

import msgspec
import pytest
from PIL import Image

from kiosk_tui.drawing.document_pages import OPENABLE, At, Layout, Page
from kiosk_tui.drawing.half_blocks import draw
from kiosk_tui.drawing.typeset import cells
from kiosk_tui.places.keeping import decode, encode, make_again
from kiosk_tui.places.room import Room
from kiosk_tui.screens.documents import DocumentBody, hints
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import AwayView, HelpView, HomeView
from kiosk_tui.views.feedback import AskView, ReceiptView
from kiosk_tui.views.reading import DocumentView, ShelfView
from kiosk_tui.widgets.bars import KeyBar
from kiosk_tui.words import documents as words
from protocol.documents import Block, Column, Heading, Paragraph, Picture, Row, Table
from protocol.kiosk_documents import AskPicture, CloseDocument, DocumentGone, GoneWhy, OpenDocument, OpenShelf
from protocol.kiosk_feedback import GiveFeedback
from tests.kiosk_tui import document_samples as samples
from tests.kiosk_tui.rig import SIZES, OpenKiosk, Rig
from tests.kiosk_tui.samples import HOME, RECEIPT

BODIES = [(74, 16), (56, 14), (51, 13)]


class Kiosk(OpenKiosk):
    """A kiosk at the list of documents, with an agent that has the samples."""

    def __init__(self, *, picture: bytes = b"") -> None:
        super().__init__("home")
        self.agent = samples.DocumentAgent(self.flow, picture=picture)
        self.press("4")

    def press(self, *keys: Key) -> None:
        for key in keys:
            super().press(key)
            self.agent.answer(self.said)

    @property
    def read(self) -> DocumentView:
        view = self.flow.view()
        assert isinstance(view, DocumentView)
        return view

    def open(self, document: str) -> None:
        keys: tuple[Key, ...] = ("1", "2", "3", "4", "5", "6")
        self.press(keys[[one.id for one in samples.SHELF].index(document)])

    def text(self) -> str:
        return "".join(line.text for line in self.read.page.lines).replace(" ", "")


def test_a_document_of_the_list_is_read_and_0_leads_back() -> None:
    kiosk = Kiosk()
    assert isinstance(kiosk.flow.view(), ShelfView)
    kiosk.open("finance")
    assert kiosk.read.head is not None
    assert "修路灯" in kiosk.text()
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), ShelfView)
    assert kiosk.agent.asked[-2:] == [CloseDocument(), OpenShelf(what="all")]
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), HomeView)


def test_two_of_one_name_are_told_apart_by_the_day_of_publication() -> None:
    first, *_, last = samples.shelf().entries
    again = msgspec.structs.replace(first, bundle="again", published="2026-12-01")
    lines = words.entries([first, last, again])
    assert lines[0] != lines[2]
    assert "2026年12月1日公布" in lines[2]
    assert "公布" not in lines[1]


def test_the_sum_stands_above_its_rows_with_source_and_day() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    text = kiosk.text()
    assert text.index("合计金额2,100.00元") < text.index("修路灯")
    head = kiosk.read.head
    assert head is not None
    assert words.said_by(head.source, head.published) == "来源：示例东村村委会  2026年11月20日公布"
    assert words.DOES_NOT_ADD_UP in text, "the rows make up 2,000.00 元"


def test_a_row_opens_its_items_and_says_if_their_sum_is_another() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.press("1")
    assert (kiosk.read.document, kiosk.read.note, kiosk.read.depth) == ("lamps", "", 2)
    assert "灯泡" in kiosk.text()
    kiosk.press("0", "2")
    assert (kiosk.read.document, kiosk.read.note) == ("sweeping", words.OTHER_SUM)
    kiosk.press("3", "5")
    assert kiosk.read.document == "sweeping"
    kiosk.press("0")
    assert kiosk.read.document == "finance"
    kiosk.press("9")
    assert isinstance(kiosk.flow.view(), HelpView)
    kiosk.press("0", "0")
    assert isinstance(kiosk.flow.view(), ShelfView)


def test_2000_rows_are_read_page_by_page_to_the_end_and_back() -> None:
    kiosk = Kiosk()
    kiosk.flow.room.resize(80, 22)
    kiosk.open("long")
    seen, slowest = "", 0.0
    while True:
        page = kiosk.read.page
        seen += "".join(line.text for line in page.lines)
        if page.next is None:
            break
        began = time.perf_counter()
        kiosk.press("8" if len(seen) % 2 else "enter")
        slowest = max(slowest, time.perf_counter() - began)
        assert kiosk.read.page.lines, "no page waits for the agent"
    plain = seen.replace(" ", "")
    assert [f"示例支出第{number}项" in plain for number in range(2_000)] == [True] * 2_000
    number = kiosk.read.number
    assert slowest < 0.5
    kiosk.press("7")
    assert kiosk.read.number == number - 1
    parts = [asked.part for asked in kiosk.agent.asked if isinstance(asked, OpenDocument)]
    assert parts == list(range(len(parts))), "each part is asked for once"


def test_another_size_shows_the_same_place() -> None:
    kiosk = Kiosk()
    kiosk.flow.room.resize(80, 22)
    kiosk.open("long")
    for _ in range(9):
        kiosk.press("8")
    first = kiosk.read.page.lines[1].text.split()[0]
    kiosk.flow.room.resize(53, 15)
    assert first[:8] in kiosk.text()
    assert kiosk.read.number > 10
    kiosk.press("7")
    assert kiosk.read.page.next is not None


def test_a_kiosk_that_takes_anothers_place_reads_on_at_the_same_page() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.press("1")
    again = Kiosk()
    again.flow._over = make_again(
        kiosk.flow.kept(), visit="", say=again.said.append, opening=again.flow._home.opening()
    )
    again.agent.answer(again.said)
    assert again.read.page == kiosk.read.page
    again.press("0")
    assert (again.read.document, again.read.depth) == ("finance", 1)
    assert "修路灯" in again.text()


def test_a_place_deep_in_a_long_document_is_found_again() -> None:
    kiosk = Kiosk()
    kiosk.open("long")
    for _ in range(60):
        kiosk.press("8")
    state = encode(kiosk.flow.kept())
    kept = decode(state)
    assert kept is not None
    again = Kiosk()
    again.flow._over = make_again(kept, visit="", say=again.said.append, opening=again.flow._home.opening())
    again.agent.answer(again.said)
    assert (again.read.page, again.read.number) == (kiosk.read.page, kiosk.read.number)


@pytest.mark.parametrize("why", get_args(GoneWhy.__value__))
def test_what_is_taken_away_while_it_is_read_says_so_and_leads_back(why: GoneWhy) -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.press("1")
    kiosk.flow.agent_said(DocumentGone(bundle=samples.BUNDLE, document="finance", why=why))
    view = kiosk.flow.view()
    assert isinstance(view, ShelfView)
    assert view.note == words.GONE[why]
    kiosk.open("finance")
    assert kiosk.read.document == "finance"


def test_the_end_of_another_bundle_ends_nothing_here() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.flow.agent_said(DocumentGone(bundle="another", document="finance", why="withdrawn"))
    assert kiosk.read.document == "finance"


def test_items_of_a_version_that_is_no_more_are_not_mixed_in() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.agent.version = 4
    kiosk.press("1")
    view = kiosk.flow.view()
    assert isinstance(view, ShelfView)
    assert view.note == words.GONE["replaced"]


def test_the_page_is_still_there_after_the_agent_was_away() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    before = kiosk.read.page
    kiosk.flow.agent_away()
    assert isinstance(kiosk.flow.view(), AwayView)
    kiosk.flow.agent_said(HOME)
    assert OpenDocument(bundle=samples.BUNDLE, document="finance", version=3) in kiosk.said
    kiosk.agent.answer(kiosk.said)
    assert kiosk.read.page == before


def test_what_was_asked_for_is_asked_again_after_the_agent_was_away() -> None:
    kiosk = Kiosk()
    OpenKiosk.press(kiosk, "1")
    kiosk.said.clear()
    assert kiosk.read.head is None
    kiosk.flow.agent_away()
    kiosk.flow.agent_said(HOME)
    kiosk.agent.answer(kiosk.said)
    assert "修路灯" in kiosk.text()


def test_the_list_has_pages_and_nothing_to_read_says_so() -> None:
    kiosk = Kiosk()
    kiosk.flow.agent_said(samples.shelf(0, total=13))
    kiosk.flow.painted(kiosk.flow.view())
    OpenKiosk.press(kiosk, "8")
    assert kiosk.said[-1] == OpenShelf(what="all", start=6)
    OpenKiosk.press(kiosk, "7", "7")
    assert kiosk.said[-1] == OpenShelf(what="all", start=12)


def test_a_picture_is_asked_for_once_and_words_stand_for_it() -> None:
    kiosk = Kiosk(picture=b"no picture")
    kiosk.open("pictured")
    place = kiosk.read.page.picture
    assert place is not None
    assert place.words == "示例图：修好的路灯"
    assert [one for one in kiosk.agent.asked if isinstance(one, AskPicture)] == [
        AskPicture(bundle=samples.BUNDLE, item="lamp.png")
    ]
    assert kiosk.read.picture == b"no picture"
    assert draw(b"no picture", 40, 10) is None


def test_a_picture_is_drawn_in_half_blocks_and_keeps_its_shape() -> None:
    made = io.BytesIO()
    Image.new("RGB", (64, 32), (255, 0, 0)).save(made, "PNG")
    lines = draw(made.getvalue(), 40, 20)
    assert lines is not None
    assert (len(lines), {line.plain for line in lines}) == (10, {"▀" * 40})
    assert lines[0].spans[0].style == "#ff0000 on #ff0000"


def test_a_picture_with_more_pixels_than_there_is_memory_for_is_not_drawn() -> None:
    made = io.BytesIO()
    Image.new("1", (4_000, 4_000)).save(made, "PNG")
    assert draw(made.getvalue(), 40, 20) is None


def pages(blocks: list[Block], width: int, height: int) -> list[Page]:
    layout, at = Layout(width=width, height=height, year="2026"), At()
    found = []
    while True:
        page = layout.page(blocks, [[]] * len(blocks), at)
        found.append(page)
        if page.next is None:
            return found
        assert page.next > at, "each page ends after it began"
        at = page.next


HARD: dict[str, list[Block]] = {
    "the longest row": [
        Table(columns=[Column(title="很长的列名" * 4)] * 8, rows=[Row(cells=["字" * 200] * 8, opens="a")] * 3)
    ],
    "the largest figures": [
        Table(
            columns=[Column(title=f"列{n}", kind="yuan") for n in range(8)],
            rows=[Row(cells=[-(2**53) + 1] * 8)] * 3,
            sums=[2**53 - 1] * 8,
        )
    ],
    "headings alone": [Heading(text="标题" * 40)] * 9,
    "a heading before a picture": [
        Paragraph(text="字\n" * 9),
        Heading(text="图"),
        Picture(item="a.png", words="字" * 200),
        Paragraph(text="完"),
    ],
    "rows that all open": [Table(columns=[Column(title="项")], rows=[Row(cells=["甲"], opens="a")] * 20)],
    "no rows": [Table(columns=[Column(title="项")]), Paragraph(text="完")],
    "emoji and signs": [Paragraph(text="🧑‍🌾👨‍👩‍👧 \u202eabc\u0007" * 60)],
    "a long text": [Paragraph(text="这是一段示例正文，" * 220)],
}


@pytest.mark.parametrize("body", BODIES, ids=str)
@pytest.mark.parametrize("name", HARD)
def test_no_line_is_wider_and_no_page_higher_than_there_is_room(name: str, body: tuple[int, int]) -> None:
    for page in pages(HARD[name], *body):
        assert len(page.lines) <= body[1]
        assert all(cells(line.text) <= body[0] for line in page.lines)
        assert len(page.opens) <= OPENABLE
        assert len([line for line in page.lines if line.cap]) == len(page.opens)


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_no_figure_is_cut_and_nothing_is_left_out(body: tuple[int, int]) -> None:
    for one in samples.DOCUMENTS[:4]:
        text = "".join(line.text for page in pages(one.blocks, *body) for line in page.lines).replace(" ", "")
        for table in one.blocks:
            if not isinstance(table, Table):
                continue
            figures = [
                words.cell(cell, column.kind, this_year="2026")
                for row in table.rows
                for cell, column in zip(row.cells, table.columns, strict=True)
                if column.kind != "text" and cell != ""
            ]
            assert [figure for figure in figures if figure not in text] == []
            written = "".join(
                str(cell)
                for row in table.rows
                for cell, column in zip(row.cells, table.columns, strict=True)
                if column.kind == "text"
            )
            assert Counter(written) - Counter(text) == Counter()


def test_a_heading_goes_over_to_the_page_of_what_it_heads() -> None:
    text = Paragraph(text="\n".join("字" * 11))
    first, second = pages([text, Heading(text="支出"), samples.FINANCE.blocks[1]], 51, 13)[:2]
    assert (first.lines[-1].text, second.lines[0].text) == ("字", "支出")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_room_that_is_reckoned_is_the_room_that_is_there(size: tuple[int, int]) -> None:
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        rig.app.flow.agent_said(HOME)
        await rig.settle(pilot)
        rig.app.flow.key("4")
        rig.app.flow.agent_said(samples.shelf())
        await rig.settle(pilot)
        rig.app.flow.key("1")
        rig.app.flow.agent_said(samples.part("finance"))
        await rig.settle(pilot)
        room = Room()
        room.resize(*size)
        assert rig.app.screen.query_one(DocumentBody).content_size == tuple(room.body)
        assert "来源：示例东村村委会" in rig.text()
        assert words.DOES_NOT_ADD_UP in rig.text()


def test_key_6_asks_about_the_item_that_is_read_and_leads_back_to_its_page() -> None:
    kiosk = Kiosk()
    kiosk.flow.room.resize(53, 15)
    kiosk.open("finance")
    kiosk.press("1", "8")
    before = kiosk.read
    kiosk.press("6")
    asked = kiosk.flow.view()
    assert isinstance(asked, AskView)
    assert asked.title == "提意见：修路灯的明细"
    kiosk.press("0")
    assert kiosk.read == before
    kiosk.press("6", "3", "enter")
    assert kiosk.agent.asked[-1] == GiveFeedback(
        topic="accounts", matter="question", about=samples.BUNDLE, item="lamps"
    )
    kiosk.flow.agent_said(RECEIPT)
    assert kiosk.flow.view() == ReceiptView(RECEIPT.number)
    kiosk.press("0")
    assert kiosk.read == before


def test_nothing_is_asked_about_a_document_that_has_not_come() -> None:
    kiosk = Kiosk()
    OpenKiosk.press(kiosk, "1", "6")
    assert kiosk.read.head is None


def test_a_question_about_an_item_and_what_lies_under_it_outlast_a_restart() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.press("1")
    before = kiosk.read
    kiosk.press("6", "3")
    asked = kiosk.flow.view()
    again = Kiosk()
    kept = decode(encode(kiosk.flow.kept()))
    assert kept is not None
    again.flow._over = make_again(kept, visit="", say=again.said.append, opening=again.flow._home.opening())
    again.agent.answer(again.said)
    assert again.flow.view() == asked
    again.press("enter", "0", "0")
    assert isinstance(again.flow.view(), AskView), "it is being recorded"
    again.flow.agent_said(RECEIPT)
    again.press("0")
    assert again.read == before


def test_what_is_taken_away_while_it_is_asked_about_leaves_the_question() -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    kiosk.press("6", "3")
    kiosk.flow.agent_said(DocumentGone(bundle=samples.BUNDLE, document="finance", why="withdrawn"))
    assert isinstance(kiosk.flow.view(), AskView)
    kiosk.press("enter")
    assert isinstance(kiosk.agent.asked[-1], GiveFeedback)
    kiosk.flow.agent_said(RECEIPT)
    kiosk.press("0")
    view = kiosk.flow.view()
    assert isinstance(view, ShelfView)
    assert view.note == words.GONE["withdrawn"]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_keys_of_the_fullest_page_fit_the_largest_text(size: tuple[int, int]) -> None:
    kiosk = Kiosk()
    kiosk.open("finance")
    row = Row(cells=["甲"], opens="lamps")
    for number, after in ((1, At(1)), (2, At(1)), (2, None)):
        page = Page((), (row,) * OPENABLE, after)
        shown = hints(msgspec.structs.replace(kiosk.read, page=page, number=number))
        room = Room()
        room.resize(*size)
        assert KeyBar()._keys(shown, 1).cell_length <= room.body.width
