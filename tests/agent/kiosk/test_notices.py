"""A kiosk that asks gets the lines of what can be shown now, and the text of one; nobody else gets it."""

import pytest

from agent.kiosk.notices import NoticeRoom
from agent.shelf.gist import NoticeLine as HeldLine
from agent.shelf.gist import gist_of, lines_in
from agent.shelf.state import HeldBundle
from protocol.bundle_contents import Notice, Notices
from protocol.bundles import Bundle
from protocol.codec import encode
from protocol.kiosk import MAX_LINE_BYTES, ToKiosk, encode_line
from protocol.kiosk_notices import AskNotices, NoticeLine, NoticeShown, NoticesShown, OpenNotice
from protocol.refusal import Refused

END = 2_000_000_000_000
CUT = Notice(
    id="n1", line="明天停电", text="一组、二组。", not_after=END, urgent=True, kind="power_cut", source="示例供电所"
)
FAIR = Notice(id="n2", line="腊月十六赶集", not_after=END, kind="market")


def bundle(*notices: Notice) -> Bundle:
    content = encode(Notices(notices=list(notices)))
    return Bundle(id="notices", kind="notices", version=1, title="示例", not_after=END, content=content)


class Shelf:
    """A shelf with one bundle of notices."""

    def __init__(self, *notices: Notice) -> None:
        self.bundle = bundle(*notices)
        self.broken = False
        self.held = HeldBundle(
            id="notices",
            kind="notices",
            version=1,
            sha256=bytes(32),
            size=1,
            not_before=0,
            not_after=END,
            via="line",
            items=0,
            gist=gist_of(self.bundle),
        )

    def notices(self) -> list[tuple[HeldBundle, HeldLine]]:
        return [(self.held, line) for line in lines_in(self.held.gist)]

    def read(self, held: HeldBundle) -> Bundle:
        if self.broken:
            raise Refused("wrong_hash", "示例")
        return self.bundle


class Screens:
    def __init__(self) -> None:
        self.answers: list[tuple[int, ToKiosk]] = []

    def show(self, message: ToKiosk) -> None:
        raise AssertionError("told to all")

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        self.answers.append((kiosk, message))


@pytest.fixture
def screens() -> Screens:
    return Screens()


def ask(shelf: Shelf, screens: Screens, *messages: AskNotices | OpenNotice) -> None:
    rows = NoticeRoom(offered=shelf, screens=screens).rows()
    for message in messages:
        rows[type(message)](7, message)


def test_the_lines_go_to_the_kiosk_that_asks(screens: Screens) -> None:
    ask(Shelf(CUT, FAIR), screens, AskNotices())
    lines = [
        NoticeLine(id="n1", line="明天停电", kind="power_cut", urgent=True),
        NoticeLine(id="n2", line="腊月十六赶集", kind="market"),
    ]
    assert screens.answers == [(7, NoticesShown(notices=lines))]


def test_the_text_is_read_when_somebody_opens_it(screens: Screens) -> None:
    ask(Shelf(CUT, FAIR), screens, OpenNotice(id="n1"))
    shown = NoticeShown(id="n1", line="明天停电", text="一组、二组。", kind="power_cut", source="示例供电所", until=END)
    assert screens.answers == [(7, shown)]


def test_a_notice_that_is_gone_or_unreadable_is_said_to_be_gone(screens: Screens) -> None:
    shelf = Shelf(FAIR)
    ask(shelf, screens, OpenNotice(id="n1"))
    shelf.broken = True
    ask(shelf, screens, OpenNotice(id="n2"))
    assert screens.answers == [(7, NoticeShown(id="n1")), (7, NoticeShown(id="n2"))]


def test_a_hundred_of_the_longest_fit_one_line() -> None:
    lines = [NoticeLine(id=f"{n:064}", line="很" * 40, kind="k" * 16, urgent=True) for n in range(100)]
    assert len(encode_line(NoticesShown(notices=lines))) < MAX_LINE_BYTES
    text = NoticeShown(id="n" * 64, line="很" * 40, text="很" * 2_000, source="很" * 64, owner="很" * 64)
    assert len(encode_line(text)) < MAX_LINE_BYTES
