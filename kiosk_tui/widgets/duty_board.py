"""Who is on duty today and who has touched: one row for each person and window, on pages that turn.

A row is one line. If a name is too long for that, each row is two lines: the name, then the window and the times.
"""

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import cells, clean, fit, pad
from kiosk_tui.words import common as words
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words import duty as words_duty
from protocol.kiosk import GRACE_MIN
from protocol.kiosk_duty import DutyRow

_TIME = 8
_GAP = 2
_WINDOW = 24
_SPAN = 11
"""Cells of a window's times, which are never cut."""
_NAME = 8
_LEAST_NAME = 4
"""With less room than this a window's name is left out, because the rest of it would say nothing."""
_RULE_FROM_HEIGHT = 6


class DutyBoard(Widget):
    """Today's duty. ``turn`` counts page turns and never starts again, so it also says which page is shown."""

    class Fitted(Message):
        """The board's size has changed, and with it how many pages there are."""

    rows: reactive[tuple[DutyRow, ...]] = reactive(())
    turn: reactive[int] = reactive(0)
    dated: reactive[bool] = reactive(True)
    """Whether today is known."""
    shows: reactive[str] = reactive("")
    """What the county lets everybody see of it, as in `protocol.kiosk.Home.board`."""

    @property
    def pages(self) -> int:
        """How many pages the rows take in the present room."""
        return max(1, -(-len(self.rows) // self._rows_a_page()))

    @property
    def page(self) -> int:
        """The page shown, from 0."""
        return self.turn % self.pages

    def on_resize(self) -> None:
        """Tell the screen that the pages have changed."""
        self.post_message(self.Fitted())

    def render(self) -> Content:
        """Draw the heads and one page of rows."""
        a_page = self._rows_a_page()
        shown = self.rows[self.page * a_page : (self.page + 1) * a_page]
        body = [self._row(row) for row in shown]
        if not body:
            body = [Content.styled(self._why_empty(), theme.QUIET)]
        return Content("\n").join([*self._heads(), *body])

    def _why_empty(self) -> str:
        if not self.dated:
            return words.NO_DATE
        return words.NO_DUTY if self.shows in ("", "names", "presence") else words.DUTY_NOT_PUBLIC

    def _rows_a_page(self) -> int:
        return max(1, (self.content_size.height - len(self._heads())) // (1 if self._names_fit() else 2))

    def _heads(self) -> list[Content]:
        touches = (words.COLUMN_IN, words.COLUMN_OUT) if self._has_touches() else ("", "")
        heads = [Content.styled(self._line(words.COLUMN_NAME, words.COLUMN_WINDOW, *touches), theme.TITLE)]
        # On a low screen a row of people is worth more than a rule.
        if self.content_size.height >= _RULE_FROM_HEIGHT:
            heads.append(Content.styled("─" * self.content_size.width, theme.RULE))
        return heads

    def _row(self, row: DutyRow) -> Content:
        apart = words_duty.beside_name(row)
        fits = self._names_fit()
        # The end of the number tells two people of one name apart, so the name is cut and never the number.
        person = fit(row.name, (self._name_width() if fits else self.content_size.width) - cells(apart)) + apart
        window = f"{words_dates.clock(row.start)}-{words_dates.clock(row.end)}"
        room = self._window_width() - len(window) - 1
        if row.window and room >= _LEAST_NAME:
            window = f"{fit(row.window, room)} {window}"
        touches = (_arrival(row), _departure(row)) if self._has_touches() else ("", "")
        line = self._line(person if fits else "", window, *touches)
        if not fits:
            line = f"{person}\n{line}"
        strong = row.arrived is not None or not self._has_touches()
        return Content(line) if strong else Content.styled(line, theme.QUIET)

    def _has_touches(self) -> bool:
        return self.shows in ("", "presence")

    def _line(self, name: str, window: str, arrived: str, left: str) -> str:
        room = self.content_size.width - self._name_width() - self._window_width() - 2 * _TIME
        gap = " " * max(_GAP, room // 3)
        columns = (pad(name, self._name_width()), pad(window, self._window_width()), pad(arrived, _TIME))
        return "".join(column + gap for column in columns) + pad(left, _TIME)

    def _names_fit(self) -> bool:
        """Return whether the longest name has room on the line of its times."""
        return self._longest_name() <= self._room_for_names()

    def _name_width(self) -> int:
        """Return the width of the longest name. The names of windows are cut to make room for it, their times never."""
        return max(_NAME, self._longest_name()) if self._names_fit() else _NAME

    def _longest_name(self) -> int:
        return max((cells(clean(row.name)) + cells(words_duty.beside_name(row)) for row in self.rows), default=0)

    def _room_for_names(self) -> int:
        return self.content_size.width - _SPAN - 2 * _TIME - 3 * _GAP

    def _window_width(self) -> int:
        room = self.content_size.width - self._name_width() - 2 * _TIME - 3 * _GAP
        return max(_SPAN, min(_WINDOW, room))


def _arrival(row: DutyRow) -> str:
    if row.arrived is None:
        if row.away:
            return words_duty.EXCUSED.get(row.away, words_duty.NOT_HERE)
        return words.NOT_DONE if row.arrivals_over else words.NOT_YET
    late = row.arrived > row.start + GRACE_MIN
    return _touched(row.arrived, words.LATE_SIGN if late else words.IN_TIME_SIGN, by_time=row.arrived_by_time)


def _departure(row: DutyRow) -> str:
    if not row.departs or (row.away and row.arrived is None):
        return words.NOTHING
    if row.left is None:
        return words.NOT_DONE if row.closed else words.NOT_YET if row.arrived is not None else words.NOTHING
    early = row.left < row.end - GRACE_MIN
    return _touched(row.left, words.EARLY_SIGN if early else words.IN_TIME_SIGN, by_time=row.left_by_time)


def _touched(minutes: int, sign: str, *, by_time: bool) -> str:
    """Return a time with its sign; without a sign if only the county can say what the touch was."""
    return words.touched_at(words_dates.clock(minutes), sign=words.NO_SIGN if by_time else sign)
