"""Plainly fictional documents, and an agent that hands them out in parts as the real one does."""

from agent.kiosk.document_parts import parts_of
from kiosk_tui.flow import Flow
from protocol.documents import Block, Column, Document, Heading, Paragraph, Picture, Row, Table
from protocol.kiosk import ToAgent, ToKiosk
from protocol.kiosk_documents import (
    AskPicture,
    DocumentGone,
    DocumentShown,
    OpenDocument,
    OpenShelf,
    PictureShown,
    ShelfEntry,
    ShelfShown,
)

MONEY = [
    Column(title="项目"),
    Column(title="日期", kind="date"),
    Column(title="笔数", kind="number"),
    Column(title="金额", kind="yuan"),
]


def document(name: str, *blocks: Block, title: str = "", part_of: str = "") -> Document:
    """Return a document of the sample village."""
    return Document(
        id=name,
        title=title or f"示例{name}",
        kind="finance",
        period="2026-11",
        published="2026-11-20",
        source="示例东村村委会",
        sample=True,
        part_of=part_of,
        blocks=list(blocks) or [Paragraph(text="示例正文。")],
    )


FINANCE = document(
    "finance",
    Heading(text="支出"),
    Table(
        columns=MONEY,
        rows=[
            Row(cells=["修路灯", "2026-11-03", 2, 123_450], opens="lamps"),
            Row(cells=["很长很长的示例支出项目，要折成两行才放得下，一个字也不少", "2026-11-05", 1, 50_000]),
            Row(cells=["打扫", "", "", 26_550], opens="sweeping"),
        ],
        sums=[None, None, 3, 210_000],
    ),
    Paragraph(text="以上为示例，没有一个数是真的。"),
    title="示例村十一月收支",
)
LAMPS = document(
    "lamps",
    Table(
        columns=[Column(title="示例票据"), Column(title="金额", kind="yuan")],
        rows=[Row(cells=["灯泡", 23_450]), Row(cells=["人工", 100_000])],
        sums=[None, 123_450],
    ),
    title="修路灯的明细",
    part_of="finance",
)
SWEEPING = document(
    "sweeping",
    Table(
        columns=[Column(title="示例票据"), Column(title="金额", kind="yuan")],
        rows=[Row(cells=["扫帚", 20_000])],
        sums=[None, 20_000],
    ),
    title="打扫的明细",
    part_of="finance",
)
WIDE = document(
    "wide",
    Table(
        columns=[
            Column(title="姓名"),
            Column(title="补贴名称"),
            Column(title="发放日期", kind="date"),
            Column(title="面积（亩）", kind="number"),
            Column(title="标准", kind="yuan"),
            Column(title="金额", kind="yuan"),
            Column(title="账号末四位"),
            Column(title="备注"),
        ],
        rows=[
            Row(cells=[f"示例{number}", "示例耕地补贴", "2026-10-15", 12, 9_500, 114_000, "0000", ""])
            for number in range(30)
        ],
        sums=[None, None, None, 360, None, 3_420_000, None, None],
    ),
    title="示例补贴发放表",
)
LONG = document(
    "long",
    Table(
        columns=[Column(title="项目"), Column(title="金额", kind="yuan")],
        rows=[Row(cells=[f"示例支出第{number}项" + "，说明" * (number % 9), number]) for number in range(2_000)],
        sums=[None, 1_999_000],
    ),
    title="示例长表",
)
PICTURED = document("pictured", Paragraph(text="看图。"), Picture(item="lamp.png", words="示例图：修好的路灯"))
DOCUMENTS = [FINANCE, LAMPS, SWEEPING, WIDE, LONG, PICTURED]
SHELF = [one for one in DOCUMENTS if not one.part_of]
BUNDLE = "示例公示"


class DocumentAgent:
    """Answers what a flow says about documents."""

    def __init__(self, flow: Flow, *, picture: bytes = b"") -> None:
        self.flow = flow
        self.version = 3
        self.picture = picture
        self.asked: list[ToAgent] = []

    def answer(self, said: list[ToAgent]) -> None:
        """Answer all that was said, and what is said thereupon."""
        while said:
            asked = said.pop(0)
            self.asked.append(asked)
            answer = self._answer(asked)
            if answer is not None:
                self.flow.agent_said(answer)

    def _answer(self, asked: ToAgent) -> ToKiosk | None:
        match asked:
            case OpenShelf():
                return shelf(asked.start)
            case OpenDocument() if asked.version not in (0, self.version):
                return DocumentGone(bundle=asked.bundle, document=asked.document, why="replaced")
            case OpenDocument():
                return part(asked.document, asked.part, version=self.version)
            case AskPicture():
                return PictureShown(bundle=asked.bundle, item=asked.item, content=self.picture)
            case _:
                return None


def shelf(start: int = 0, total: int | None = None) -> ShelfShown:
    """Return a page of the list."""
    entries = [
        ShelfEntry(
            bundle=BUNDLE,
            document=one.id,
            title=one.title,
            kind=one.kind,
            period=one.period,
            published=one.published,
            source=one.source,
            sample=one.sample,
            new=one is FINANCE,
        )
        for one in SHELF
    ]
    return ShelfShown(
        what="all", start=start, total=len(entries) if total is None else total, entries=entries[start : start + 6]
    )


def part(document: str, number: int = 0, *, version: int = 3) -> DocumentShown:
    """Return a part of a sample document."""
    one = next(one for one in DOCUMENTS if one.id == document)
    parts = parts_of(one)
    return DocumentShown(
        bundle=BUNDLE,
        version=version,
        document=one.id,
        part=number,
        more=number + 1 < len(parts),
        title=one.title,
        kind=one.kind,
        period=one.period,
        published=one.published,
        source=one.source,
        sample=one.sample,
        blocks=parts[number].blocks,
        continues=parts[number].continues,
        wrong=parts[number].wrong,
    )
