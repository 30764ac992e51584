"""What the county publishes while people stand at the kiosk: documents, notices, and new versions of them."""

from collections.abc import Sequence

from protocol.bundle_contents import Month
from protocol.codec import encode
from protocol.documents import Block, Column, Document, Documents, Heading, Paragraph, Row, Table
from protocol.finding import FindEntry
from protocol.meetings import AgendaItem, Expected, Meeting, Meetings, Quorum
from protocol.months import MonthTouch
from protocol.units import PersonId, WallMs
from tests.agent.bench import Bench
from tests.agent.shelf.test_change_of_bundle import take
from tests.fakes.shelf_source import ShelfCounty

CHAIR = 0
"""Who is in the chair of the meeting."""
EXPECTED = 10
"""So many are expected there: these, counted from the first."""
_MONTH_MS = 1_794_247_200_000
"""10 November 2026, two o'clock in the night, by the village's clock."""
_MONEY = [Column(title="项目"), Column(title="金额", kind="yuan")]


class News:
    """A county that goes on publishing for one station, whose agent may be another each time."""

    def __init__(self, county: ShelfCounty) -> None:
        self._county = county
        self._version = 0

    def publish(self, station: Bench, *, withdrawn: bool = False) -> None:
        """Publish a new version of everything, or all but the library, which is taken back."""
        self._version += 1
        # Each agent's bench has a county of its own; this one goes on with what was published before.
        vars(station.county).update(vars(self._county))
        put_out(station.county, self._version, withdrawn=withdrawn)
        take(station)
        self._county = station.county


def put_out(county: ShelfCounty, version: int, *, withdrawn: bool = False) -> None:
    """Publish a new version of everything, or all but the library, which is taken back."""
    county.publish("money", version, encode(Documents(documents=_money(version))), kind="disclosure", find=_FIND)
    county.notice("notes", version, f"示例停水 {version}", "示例赶集")
    if withdrawn:
        county.entries.pop("guides", None)
    else:
        guide = _document("guide", Heading(text="示例办法"), *[Paragraph(text="示例正文。" * 60)] * 8)
        county.publish("guides", version, encode(Documents(documents=[guide])), kind="library")


def month_of(person: str, place: int) -> Month:
    """Return what the county has of somebody: one touch of two weeks ago, at a minute and in a village that are no one
    else's."""
    return Month(
        person=person,
        month="2026-11",
        as_of=_MONTH_MS,
        touches=[MonthTouch(at=_MONTH_MS + place * 60_000, direction="in", where=village_of(place))],
    )


def meeting_of(people: Sequence[tuple[PersonId, str]], *, now: WallMs) -> Meetings:
    """Return a meeting of these people that goes on for hours."""
    hands = [AgendaItem(id=f"{n}", title=f"示例事项{n}", options=["同意", "不同意"] if n % 2 else []) for n in range(8)]
    meeting = Meeting(
        id="m1",
        title="示例会",
        kind="members",
        begin=now - 30 * 60_000,
        end=now + 12 * 3_600_000,
        chair=people[CHAIR][0],
        expected=[Expected(person=person, name=name) for person, name in people],
        quorum=Quorum(rule="more_than", numerator=1, denominator=2),
        agenda=hands,
    )
    return Meetings(meetings=[meeting])


def village_of(place: int) -> str:
    """Return where that touch was made."""
    return f"示例{place:03}村"


def minute_of(place: int) -> str:
    """Return when it was made, as the list shows it, without blanks."""
    return f"11月10日周二{place // 60 + 2:02}:{place % 60:02}"


_FIND = [
    FindEntry(of="sum", title="示例收支", digits=["7578"]),
    FindEntry(of="part", title="示例明细", digits=["7569"]),
]


def _money(version: int) -> list[Document]:
    rows = [Row(cells=[f"示例支出 {number}", 100 * number], opens="part") for number in range(30)]
    table = Table(columns=_MONEY, rows=rows, sums=[None, sum(100 * number for number in range(30))])
    items = Table(columns=_MONEY, rows=[Row(cells=[f"示例一笔 {number}", number]) for number in range(2_000)])
    return [
        _document("sum", table, title=f"示例收支 {version}"),
        _document("part", items, part_of="sum"),
        *[_document(f"more{number}", Paragraph(text="示例。")) for number in range(8)],
    ]


def _document(name: str, *blocks: Block, title: str = "", part_of: str = "") -> Document:
    return Document(
        id=name,
        title=title or f"示例{name}",
        kind="finance",
        published="2026-11-20",
        source="示例村委会",
        sample=True,
        part_of=part_of,
        blocks=list(blocks),
    )
