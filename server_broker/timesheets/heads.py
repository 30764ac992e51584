"""The heads that sheets share: a title that says whether it is final, and the two rows over the figures."""

from collections.abc import Iterable
from itertools import groupby

from server_broker.timesheets.paper import Look, Page
from server_broker.timesheets.words import NOT_CLOSED, Figure

_TITLE = Look(size=16, bold=True, boxed=False)
_TITLE_OPEN = Look(size=16, bold=True, boxed=False, red=True)
_GROUP, _HEAD = Look(size=8.5, bold=True, fits=True), Look(size=7.5, fits=True)
TITLE_PT = 24.0


def put_title(page: Page, title: str, *, is_closed: bool) -> None:
    """Put a title into the first row, which stands on each page, so that no open sheet passes for a signed one."""
    said = title if is_closed else f"{title}（{NOT_CLOSED}）"
    page.put_over((1, 1), (1, page.columns), said, _TITLE if is_closed else _TITLE_OPEN)
    page.high(1, TITLE_PT)


def put_figure_heads(page: Page, column: int, figures: Iterable[Figure]) -> None:
    """Put the heads of figures into rows 3 and 4, from a column on."""
    for group, some in groupby(figures, key=lambda figure: figure.group):
        heads = [figure.head for figure in some]
        page.put_over((3, 3), (column, column + len(heads) - 1), group, _GROUP)
        for place, head in enumerate(heads):
            page.put(4, column + place, head, _HEAD)
        column += len(heads)
