"""Lines that are drawn as they are given: a few words, or large signs and digits from half blocks."""

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget


class TextLine(Widget):
    """A few words of known length, without markup and without line breaks."""

    text: reactive[Content] = reactive(Content(), layout=True)

    def show(self, text: Content) -> None:
        """Show other text."""
        self.text = text

    def render(self) -> Content:
        """Draw the text."""
        return self.text


class PixelArt(Widget):
    """Lines of half blocks in the widget's colour, as large as they are (`kiosk_tui.drawing.pixels`)."""

    lines: reactive[tuple[str, ...]] = reactive((), layout=True)

    def show(self, lines: Sequence[str]) -> None:
        """Show other lines."""
        self.lines = tuple(lines)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the lines' width in cells."""
        return max(map(len, self.lines), default=0)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are."""
        return len(self.lines)

    def render(self) -> Content:
        """Draw the lines."""
        return Content("\n".join(self.lines))
