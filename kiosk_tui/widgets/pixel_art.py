"""Large signs and digits from half blocks, see `kiosk_tui.pixels`."""

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget


class PixelArt(Widget):
    """Lines of half blocks in the widget's colour, as large as they are."""

    lines: reactive[tuple[str, ...]] = reactive((), layout=True)

    def show(self, lines: list[str]) -> None:
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
