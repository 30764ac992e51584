"""The menu of home: a cap and words in two columns, spread over the room there is."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import pad
from kiosk_tui.views.common import MenuLine

COLUMNS = 2
_GAP = 2


class Menu(Widget):
    """Ways from home, read as a page is: 1 and 2 above, then 3 and 4."""

    lines: reactive[tuple[MenuLine, ...]] = reactive((), layout=True)
    count: reactive[bool] = reactive(False)
    """While no key counts, no key is named."""

    def show(self, lines: tuple[MenuLine, ...]) -> None:
        """Show other ways."""
        self.lines = lines

    def render(self) -> Content:
        """Draw the rows, with a blank line after each if there is room."""
        rows = [self.lines[at : at + COLUMNS] for at in range(0, len(self.lines), COLUMNS)]
        spread = self.content_size.height >= 2 * len(rows)
        return Content("\n\n" if spread else "\n").join([self._row(row) for row in rows])

    def _row(self, row: tuple[MenuLine, ...]) -> Content:
        width = (self.content_size.width - _GAP * (COLUMNS - 1)) // COLUMNS
        parts: list[str | tuple[str, str]] = []
        for line in row:
            if parts:
                parts.append(" " * _GAP)
            cap = f"  {line.key if self.count else ' '}  "
            parts += [(cap, theme.CAP), (pad(f"  {line.word}", width - len(cap)), theme.BUTTON)]
        return Content.assemble(*parts)
