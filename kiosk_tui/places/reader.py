"""Read one document: its pages, the rows that open what they are made of, and its end when it is taken away.

A place that shows documents keeps a reader and gives it keys and the agent's messages. The document comes in parts; the
next one is asked for while the page before it is read, so that no page is waited for.
"""

from collections.abc import Callable

import msgspec

from kiosk_tui.drawing.document_pages import At, Layout, Page
from kiosk_tui.drawing.typeset import clean
from kiosk_tui.places.asking import About, Questions
from kiosk_tui.places.place import Move
from kiosk_tui.places.room import Body, Room
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.reading import DocumentView
from kiosk_tui.words import documents as words
from protocol.documents import Block, Row, Table, figure_of, total_of
from protocol.kiosk import Home, ToAgent, ToKiosk
from protocol.kiosk_documents import AskPicture, CloseDocument, DocumentGone, DocumentShown, OpenDocument, PictureShown

ASK: Key = "6"
FOOTER = 1
"""Lines below a page, for who says so."""


class DocumentKept(msgspec.Struct, frozen=True, array_like=True):
    """A document, and where the page begins that is read."""

    document: str
    at: At


class ReadingKept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a reader is made from again: the documents that lie over one another, the lowest first."""

    bundle: str
    documents: tuple[DocumentKept, ...]


class _Open:
    """A document, as far as it has come."""

    def __init__(self, bundle: str, document: str, version: int, figure: int | None) -> None:
        self.bundle = bundle
        self.document = document
        self.version = version
        self.figure = figure
        """The sum of the row that opened it."""
        self.head: DocumentShown | None = None
        self.blocks: list[Block] = []
        self.wrong: list[list[int]] = []
        self.parts = 0
        self.asked = False
        self.starts = [At()]
        """Where the pages up to the present one begin."""
        self.sought: At | None = None
        """The place that was read before; pages are turned to it once it has come."""
        self.laid: tuple[Body, Layout] | None = None
        self.page: tuple[Body, At, int, Page] | None = None

    @property
    def more(self) -> bool:
        """Whether parts are still to come."""
        return self.head is None or self.head.more

    def take(self, shown: DocumentShown) -> None:
        """Add the next part."""
        blocks, wrong = list(shown.blocks), list(shown.wrong)
        if shown.continues and blocks and self.blocks:
            last, rest = self.blocks[-1], blocks[0]
            if isinstance(last, Table) and isinstance(rest, Table) and len(last.columns) == len(rest.columns):
                last.rows.extend(rest.rows)
                blocks, wrong = blocks[1:], wrong[1:]
        self.blocks += blocks
        self.wrong += wrong + [[]] * (len(self.blocks) - len(self.wrong) - len(wrong))
        self.head = msgspec.structs.replace(shown, blocks=[], wrong=[])
        self.parts += 1
        self.asked = False


class Reader:
    """What somebody reads, and what they opened from it."""

    def __init__(self, *, say: Callable[[ToAgent], None], room: Room, bundle: str, document: str) -> None:
        self._say = say
        self._room = room
        self._stack = [_Open(bundle, document, 0, None)]
        self._pictures: dict[tuple[str, str], bytes | None] = {}
        self._agent_was_away = False
        self.gone = ""
        """Why nothing can be read any more; empty while something can."""
        self._ask()

    def kept(self) -> ReadingKept:
        """Return what this reader is made from again."""
        documents = tuple(DocumentKept(one.document, one.sought or one.starts[-1]) for one in self._stack)
        return ReadingKept(self._stack[0].bundle, documents)

    @classmethod
    def again(cls, kept: ReadingKept, *, say: Callable[[ToAgent], None], room: Room) -> "Reader":
        """Make a reader that reads on; what it had is asked for anew."""
        reader = cls(say=say, room=room, bundle=kept.bundle, document=kept.documents[-1].document)
        reader._stack = [_Open(kept.bundle, one.document, 0, None) for one in kept.documents]
        for opened, one in zip(reader._stack, kept.documents, strict=True):
            opened.sought = one.at if one.at != At() else None
        reader._stack[-1].asked = True
        return reader

    def view(self) -> DocumentView:
        """Return the page that is read."""
        at = self._stack[-1]
        page = self._page(at)
        picture = None if page.picture is None else self._pictures.get((at.bundle, page.picture.item))
        note = words.OTHER_SUM if self._differs(at) else ""
        return DocumentView(
            at.bundle, at.document, at.version, at.head, page, len(at.starts), len(self._stack), picture, note
        )

    def key(self, key: Key) -> Move:
        """Take a key: read on, open a row, ask about what is read, or leave."""
        at = self._stack[-1]
        page = self._page(at)
        number = digit(key)
        if key == BACK:
            return self._back()
        if key == ASK and at.head is not None:
            about = About(at.bundle, at.document, clean(at.head.title), at.head.kind)
            return Questions(say=self._say, about=about)
        if key == "enter" or number == 8:
            self._forward(at, page)
        elif number == 7 and len(at.starts) > 1:
            at.starts.pop()
        elif number is not None and 1 <= number <= len(page.opens):
            self._open(at, page.opens[number - 1])
        self._look()
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take what the agent says of this document."""
        at = self._stack[-1]
        match message:
            case DocumentShown() if at.asked and message.bundle == at.bundle and message.part == at.parts:
                if at.document in ("", message.document) and at.version in (0, message.version):
                    at.document, at.version = message.document, message.version
                    at.take(message)
                    self._seek(at)
                    self._look()
            case DocumentGone() if message.bundle == at.bundle:
                self.gone = message.why
            case PictureShown():
                self._pictures[message.bundle, message.item] = message.content
            case Home() if self._agent_was_away:
                # The agent that came back knows of no reader.
                self._agent_was_away = False
                self._say(OpenDocument(bundle=at.bundle, document=at.document, version=at.version))
                if at.asked:
                    self._ask()

    def agent_away(self) -> None:
        """Read on what is here; what was asked for is asked for again."""
        self._agent_was_away = True
        self._pictures = {of: content for of, content in self._pictures.items() if content is not None}

    def _back(self) -> Move:
        if len(self._stack) > 1:
            self._stack.pop()
            above = self._stack[-1]
            if not above.parts:
                self._ask()
                return "stay"
            # So the agent tells of the end of the one that is read now.
            self._say(OpenDocument(bundle=above.bundle, document=above.document, version=above.version))
            return "stay"
        self._say(CloseDocument())
        return "leave"

    def _seek(self, at: _Open) -> None:
        """Turn to the place that is sought, as far as the document has come."""
        if at.sought is not None:
            layout = self._layout(at)
            at.starts = _starts_up_to(at.sought, layout, at.blocks, at.wrong)
            if not at.more or layout.page(at.blocks, at.wrong, at.starts[-1]).next is not None:
                at.sought = None

    def _forward(self, at: _Open, page: Page) -> None:
        if page.next is not None:
            at.starts.append(page.next)

    def _open(self, at: _Open, row: Row) -> None:
        tables = (one for one in at.blocks if isinstance(one, Table))
        figure = next(figure_of(one, row)[1] for one in tables if any(row is each for each in one.rows))
        self._stack.append(_Open(at.bundle, row.opens, at.version, figure))
        self._ask()

    def _ask(self) -> None:
        at = self._stack[-1]
        at.asked = True
        self._say(OpenDocument(bundle=at.bundle, document=at.document, part=at.parts, version=at.version))

    def _look(self) -> None:
        """Ask for what the next page needs, and for the picture of this one."""
        at = self._stack[-1]
        page = self._page(at)
        coming = None if page.next is None else self._layout(at).page(at.blocks, at.wrong, page.next)
        if at.more and not at.asked and (coming is None or coming.next is None):
            self._ask()
        for shown in (page, coming):
            if shown is not None and shown.picture is not None:
                self._ask_picture(at.bundle, shown.picture.item)

    def _ask_picture(self, bundle: str, item: str) -> None:
        if (bundle, item) not in self._pictures:
            # One at a time, so that a document full of pictures needs no more memory than one with two.
            while len(self._pictures) > 1:
                del self._pictures[next(iter(self._pictures))]
            self._pictures[bundle, item] = None
            self._say(AskPicture(bundle=bundle, item=item))

    def _layout(self, at: _Open) -> Layout:
        body = self._room.body
        if at.laid is None or at.laid[0] != body:
            year = at.head.published[:4] if at.head is not None else ""
            layout = Layout(width=body.width, height=body.height - FOOTER, year=year)
            if at.laid is not None:
                at.starts = _starts_up_to(at.starts[-1], layout, at.blocks, at.wrong)
            at.laid = body, layout
        return at.laid[1]

    def _page(self, at: _Open) -> Page:
        if not at.blocks:
            return Page((), (), None)
        layout = self._layout(at)
        start = at.starts[-1]
        if at.page is None or at.page[:3] != (self._room.body, start, at.parts):
            page = layout.page(at.blocks, at.wrong, start)
            at.page = self._room.body, start, at.parts, page
        return at.page[3]

    def _differs(self, at: _Open) -> bool:
        """Return whether the row that opened this document says another sum than the document."""
        if at.figure is None or at.head is None:
            return False
        total = total_of(at.blocks)
        return total is not None and total != at.figure


def _starts_up_to(place: At, layout: Layout, blocks: list[Block], wrong: list[list[int]]) -> list[At]:
    """Return where the pages begin, up to the one that has ``place`` on it."""
    starts = [At()]
    while (after := layout.page(blocks, wrong, starts[-1]).next) is not None and after <= place:
        starts.append(after)
    return starts
