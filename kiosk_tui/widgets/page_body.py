"""A page of text. If the text does not fit, it goes on to a next page; it never scrolls."""

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui.drawing.placing import GAP, Placed
from kiosk_tui.drawing.typeset import Block, Line, cells, set_blocks


class PageBody(Widget):
    """Blocks of text set into the room there is.

    ``centred`` puts each line into the middle; the page as a whole then stands in the middle too. A ``picture`` takes
    its room beside the text or above it.
    """

    class Turned(Message):
        """Another page is shown, or the number of pages has changed."""

    blocks: reactive[tuple[Block, ...]] = reactive(())
    page: reactive[int] = reactive(0)
    centred: reactive[bool] = reactive(False)
    picture: reactive[Placed | None] = reactive(None)

    def __init__(self, *, centred: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.centred = centred

    @property
    def more(self) -> bool:
        """Whether there is a page after this one."""
        return self.page + 1 < self.pages

    @property
    def pages(self) -> int:
        """How many pages the blocks take in the present room."""
        return len(self._set())

    def turn(self, by: int) -> bool:
        """Show the page after this one (1) or before it (-1); return False if there is none."""
        # In a window that has become larger the text may take fewer pages than before.
        shown = min(self.page, self.pages - 1)
        if not 0 <= shown + by < self.pages:
            return False
        self.page = shown + by
        self.post_message(self.Turned())
        return True

    def show(self, *blocks: Block, page: int = 0) -> None:
        """Show other blocks, at first this page of them."""
        if blocks != self.blocks:
            self.page = page
            self.blocks = blocks
            self.post_message(self.Turned())

    def on_resize(self) -> None:
        """Tell the screen that the pages may have changed."""
        self.post_message(self.Turned())

    def render(self) -> Content:
        """Draw the page."""
        pages = self._set()
        # In a window that has become larger the text may take fewer pages than before.
        lines = pages[min(self.page, len(pages) - 1)]
        above = (self.content_size.height - len(lines)) // 2 if self.centred else 0
        drawn = [Content()] * above + [self._draw(line) for line in lines]
        return Content("\n").join(drawn if self.picture is None else self._with_picture(self.picture, drawn))

    def _with_picture(self, picture: Placed, lines: list[Content]) -> list[Content]:
        if not picture.beside:
            left = (self.content_size.width - picture.width) // 2
            return [*(Content.assemble(" " * left, line) for line in picture.lines), *lines]
        rows = []
        for row in range(max(len(lines), len(picture.lines))):
            text = lines[row] if row < len(lines) else Content()
            gap = " " * (self._text_width - text.cell_length + GAP)
            rows.append(Content.assemble(text, gap, picture.lines[row]) if row < len(picture.lines) else text)
        return rows

    @property
    def _text_width(self) -> int:
        beside = self.picture is not None and self.picture.beside
        return self.content_size.width - (self.picture.width + GAP if beside and self.picture else 0)

    def _set(self) -> list[list[Line]]:
        above = len(self.picture.lines) if self.picture is not None and not self.picture.beside else 0
        return set_blocks(self.blocks, self._text_width, self.content_size.height - above)

    def _draw(self, line: Line) -> Content:
        width = self._text_width
        room = width - cells(line.cap) - cells(line.text)
        left = room // 2 if self.centred else 0
        filled = line.text + " " * (room - left if line.style else 0)
        return Content.assemble(" " * left, (line.cap, line.cap_style or line.style), (filled, line.style))
