"""Who is on duty today, and who has touched: pages that turn, one line a person and window."""

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui import theme, words
from kiosk_tui.typeset import fit, pad
from protocol.kiosk import DutyRow

_TIME = 8
_GAP = 2
_WINDOW = 24
_RULE_FROM_HEIGHT = 6


class DutyBoard(Widget):
    """Today's duty; ``turn`` counts page turns for ever."""

    class Fitted(Message):
        """The room has changed, and with it how many pages there are."""

    rows: reactive[tuple[DutyRow, ...]] = reactive(())
    turn: reactive[int] = reactive(0)

    @property
    def pages(self) -> int:
        """How many pages the rows take in the present room."""
        return max(1, -(-len(self.rows) // self._rows_a_page()))

    @property
    def page(self) -> int:
        """The page shown, from 0."""
        return self.turn % self.pages

    def on_resize(self) -> None:
        """Say that the pages are others now."""
        self.post_message(self.Fitted())

    def render(self) -> Content:
        """Draw the heads and one page of rows."""
        a_page = self._rows_a_page()
        shown = self.rows[self.page * a_page : (self.page + 1) * a_page]
        body = [self._row(row) for row in shown] or [Content.styled(words.NO_DUTY, theme.QUIET)]
        return Content("\n").join([*self._heads(), *body])

    def _rows_a_page(self) -> int:
        return max(1, self.content_size.height - len(self._heads()))

    def _heads(self) -> list[Content]:
        columns = (words.DUTY_TODAY, words.COLUMN_WINDOW, words.COLUMN_IN, words.COLUMN_OUT)
        heads = [Content.styled(self._line(*columns), theme.TITLE)]
        if self.content_size.height >= _RULE_FROM_HEIGHT:
            heads.append(Content.styled("─" * self.content_size.width, theme.RULE))
        return heads

    def _row(self, row: DutyRow) -> Content:
        arrived = words.touched_at(_clock(row.arrived)) if row.arrived is not None else words.NOT_YET
        left = words.touched_at(_clock(row.left)) if row.left is not None else _lacking(row)
        line = self._line(row.name, self._window(row), arrived, left)
        return Content(line) if row.arrived is not None else Content.styled(line, theme.QUIET)

    def _window(self, row: DutyRow) -> str:
        span = f"{_clock(row.start)}-{_clock(row.end)}"
        return f"{fit(row.window, max(self._window_width() - len(span) - 1, 0))} {span}".strip()

    def _line(self, name: str, window: str, arrived: str, left: str) -> str:
        columns = (pad(name, self._name_width()), pad(window, self._window_width()), pad(arrived, _TIME))
        return "".join(column + " " * self._gap() for column in columns) + pad(left, _TIME)

    def _name_width(self) -> int:
        return max(4, self.content_size.width * 8 // 51)

    def _window_width(self) -> int:
        room = self.content_size.width - self._name_width() - 2 * _TIME - 3 * _GAP
        return max(11, min(_WINDOW, room))

    def _gap(self) -> int:
        room = self.content_size.width - self._name_width() - self._window_width() - 2 * _TIME
        return max(_GAP, room // 3)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _lacking(row: DutyRow) -> str:
    return words.NOT_YET if row.arrived is not None else words.NOTHING
