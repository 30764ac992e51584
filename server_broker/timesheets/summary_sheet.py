"""The tab that adds up the months of villages: a row for each, a row for each township, and one for all of them."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from server_broker.regions.models import TOWNSHIP_DIGITS, Region
from server_broker.settlement.states import CLOSED
from server_broker.timesheets.heads import put_figure_heads, put_title
from server_broker.timesheets.paper import Book, Look, Page
from server_broker.timesheets.summary import Added, VillageRow, together
from server_broker.timesheets.words import SIGNATURES, Figure, figures_of, known_words, month_words

_NOTE = Look(size=9, boxed=False, across="left")
_HEAD, _CELL, _NAME = Look(bold=True, fits=True), Look(fits=True), Look(across="left", fits=True)
_SUM, _SUM_NAME = Look(bold=True, fits=True, shaded=True), Look(bold=True, across="left", fits=True, shaded=True)
_SIGNED = Look(size=11, boxed=False, across="left")
_HEADS = (("代码", 26.0), ("区划", 30.0), ("状态", 16.0), ("人数", 11.0))
_WIDER = 1.3
"""Of the figures of a person's month: sums are longer."""
_HEAD_ROWS, _ROW_PT, _SIGN_PT = 4, 15.0, 28.0


def add_summary(
    book: Book, of: Region, month: str, rows: Sequence[VillageRow], *, rules: str, known: dt.datetime
) -> None:
    """Add the tab of the villages of a region. Townships and villages stand by their codes, never by a figure.

    Args:
        of: The township or county.
        month: Such as ``2026-03``.
        rows: By code.
    """
    all_of_it = together(row.added for row in rows)
    figures = figures_of(all_of_it.totals)
    widths = [*(width for _, width in _HEADS), *(_WIDER * figure.width_mm for figure in figures)]
    page = book.page("汇总", widths)
    closed = sum(row.state == CLOSED for row in rows)
    title = f"{of.name} {month_words(month)} 考勤汇总表"
    put_title(page, title, is_closed=closed == len(rows))
    said = f"考勤规则 {rules} 版　{known_words(known)}　{len(rows)} 个村，已定稿 {closed} 个"
    page.put_over((2, 2), (1, page.columns), said, _NOTE)
    _heads(page, figures)
    row = _HEAD_ROWS + 1
    by_township = [(code, list(some)) for code, some in groupby(rows, key=_township)]
    names = dict(Region.objects.filter(pk__in=[code for code, _ in by_township]).values_list("pk", "name"))
    for township, some in by_township:
        for one in some:
            _row(page, row, (one.code, one.name, one.state), one.added, figures, (_NAME, _CELL))
            row += 1
        if len(by_township) > 1:
            name = (township, f"{names.get(township, '')} 合计", "")
            _row(page, row, name, together(one.added for one in some), figures, (_SUM_NAME, _SUM))
            row += 1
    _row(page, row, (of.pk, f"{of.name} 总计", ""), all_of_it, figures, (_SUM_NAME, _SUM))
    row += 1
    note = "一人在两个村有班的，两个村各计一次。区划按代码排列，不作排名。天数按班次折算，先相加再取两位小数。"
    page.put_over((row, row), (1, page.columns), note, _NOTE)
    row += 1
    page.put_over((row, row), (1, page.columns), SIGNATURES, _SIGNED)
    page.high(row, _SIGN_PT)
    foot = f"村慧 考勤规则 {rules} 版　{title}"
    page.finish(head_rows=_HEAD_ROWS, frozen_columns=2, last_row=row, foot=foot, on_one_page=False)


def _township(row: VillageRow) -> str:
    """Return the code of the township of a village, or of an office with windows of its own, which is itself."""
    return f"{row.code[:TOWNSHIP_DIGITS]}000"


def _heads(page: Page, figures: Sequence[Figure]) -> None:
    for column, (head, _) in enumerate(_HEADS, start=1):
        page.put_over((3, 4), (column, column), head, _HEAD)
    put_figure_heads(page, len(_HEADS) + 1, figures)


def _row(
    page: Page,
    row: int,
    said: tuple[str, str, str],
    added: Added,
    figures: Sequence[Figure],
    looks: tuple[Look, Look],
) -> None:
    name, cell = looks
    for column, text in enumerate(said, start=1):
        page.put(row, column, text, name if column < len(said) else cell)
    page.put(row, len(said) + 1, added.people, cell)
    for column, figure in enumerate(figures, start=len(_HEADS) + 1):
        page.put(row, column, figure.value(added.totals), cell)
    page.high(row, _ROW_PT)
