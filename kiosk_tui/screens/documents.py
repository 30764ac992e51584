"""The documents that can be read, and a page of one, with pictures in half blocks."""

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.document_pages import Page, PageLine, Role
from kiosk_tui.drawing.half_blocks import draw
from kiosk_tui.drawing.typeset import Block, cells, clean, fit
from kiosk_tui.places.reader import ASK, FOOTER
from kiosk_tui.places.room import Room
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.reading import DocumentView, ShelfView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.words import common
from kiosk_tui.words import documents as words
from protocol.kiosk_documents import SHELF_PAGE, ShelfEntry


def shelf_text(view: ShelfView, _: Room) -> ScreenText:
    """Offer up to six documents a page, chosen by their number."""
    shown = view.shown
    pages = 1 if shown is None else max(1, -(-shown.total // SHELF_PAGE))
    place = "" if shown is None or pages == 1 else words.place(shown.start // SHELF_PAGE + 1, pages)
    turn = (KeyHint("7", common.KEY_EARLIER), KeyHint("8", common.KEY_LATER)) if pages > 1 else ()
    hints = (KeyHint("0", common.KEY_BACK), *turn, KeyHint("9", common.KEY_HELP))
    return ScreenText(words.SHELF, tuple(_offer(view)), hints, right=place)


def _offer(view: ShelfView) -> list[Block]:
    shown = view.shown
    note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
    if shown is None:
        return [*note, Block(words.OPENING, style=theme.QUIET)]
    if not shown.entries:
        return [*note, Block(words.NOTHING_HERE, gap=2)]
    heading = note or [Block(words.CHOOSE, style=theme.TITLE, gap=2)]
    lines = zip(words.entries(shown.entries), shown.entries, strict=True)
    return [*heading, *(_entry(number, line, entry) for number, (line, entry) in enumerate(lines, 1))]


def _entry(number: int, line: str, entry: ShelfEntry) -> Block:
    new = f"  {words.NEW}" if entry.new else ""
    return Block(f" {line}{new}", f" {number} ", "", theme.CAP, gap=1)


_STYLES: dict[Role, str] = {
    "text": "",
    "title": theme.TITLE,
    "head": theme.QUIET,
    "sum": theme.STRONG,
    "wrong": theme.WARNING,
    "quiet": theme.QUIET,
    "row": "",
    "picture": "",
}


class DocumentBody(Widget):
    """A page as it is laid out, with who says so below it."""

    page: reactive[Page | None] = reactive(None)
    picture: reactive[bytes | None] = reactive(None)
    note: reactive[str] = reactive("")
    said_by: reactive[str] = reactive("")

    def render(self) -> Content:
        """Draw the page."""
        width, height = self.content_size
        lines: list[Content] = []
        if self.page is None:
            lines.append(Content.styled(words.OPENING, theme.QUIET))
        else:
            lines += [_line(line) for line in self.page.lines]
            self._lay_picture(self.page, lines, width)
        lines = lines[: height - FOOTER]
        lines += [Content()] * (height - FOOTER - len(lines))
        if self.note:
            footer = Content.styled(fit(self.note, width), theme.WARNING)
        else:
            footer = Content.styled(fit(self.said_by, width), theme.QUIET)
        return Content("\n").join([*lines, footer])

    def _lay_picture(self, page: Page, lines: list[Content], width: int) -> None:
        place = page.picture
        if place is None:
            return
        drawn = draw(self.picture, width, place.lines) if self.picture else None
        if drawn is None:
            # Words stand for a picture that is not here yet, or that can't be drawn.
            words_for = Content.styled(fit(words.NO_PICTURE + place.words, width), theme.QUIET)
            drawn = [words_for]
        lines[place.first : place.first + len(drawn)] = drawn


def _line(line: PageLine) -> Content:
    style = _STYLES[line.role]
    if line.cap:
        return Content.assemble((line.cap, theme.CAP), (line.text[cells(line.cap) :], style))
    return Content.assemble((line.text, style))


class DocumentScreen(KioskScreen[DocumentView]):
    """One page of a document."""

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._body = DocumentBody()
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._body
        yield self._keys

    def show(self, view: DocumentView) -> None:
        """Draw the page."""
        head, page = view.head, view.page
        if head is None:
            self._header.left, self._header.right = words.SHELF, ""
            self._body.page, self._body.said_by = None, ""
        else:
            sample = f"{words.SAMPLE}·" if head.sample and words.SAMPLE not in head.title else ""
            self._header.left = clean(sample + head.title)
            self._header.right = words.page(view.number) if view.number > 1 or page.next is not None else ""
            self._body.page, self._body.said_by = page, clean(words.said_by(head.source, head.published))
        self._body.picture, self._body.note = view.picture, view.note
        self._keys.hints = hints(view)


def hints(view: DocumentView) -> tuple[KeyHint, ...]:
    """Return what the keys do on this page."""
    page = view.page
    opens = (KeyHint(words.keys_of(len(page.opens)), words.KEY_ITEMS),) if page.opens else ()
    ask = (KeyHint(ASK, words.KEY_ASK),) if view.head is not None else ()
    turn = _turn(earlier=view.number > 1, later=page.next is not None)
    return (*opens, *ask, KeyHint("0", common.KEY_BACK), *turn, KeyHint("9", common.KEY_HELP))


def _turn(*, earlier: bool, later: bool) -> tuple[KeyHint, ...]:
    # In one, because two of them are too wide beside the others in the largest text.
    if earlier and later:
        return (KeyHint("7/8", common.KEY_NEXT_PAGE),)
    one = KeyHint("7", common.KEY_EARLIER) if earlier else KeyHint("8", common.KEY_LATER)
    return (one,) if earlier or later else ()
