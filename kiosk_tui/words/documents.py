"""Every Chinese sentence of the list of documents, and of a document that is read."""

from collections import Counter
from collections.abc import Sequence

from kiosk_tui.catalogue import _
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words.common import bracketed, listed
from protocol.documents import ColumnKind
from protocol.kiosk_documents import ShelfEntry

SHELF = _("公示")
NOTHING_HERE = _("现在没有公示。县里发来以后，这里就有。")
CHOOSE = _("按数字看一份")
NEW = _("新")
SAMPLE = _("示例")
OPENING = _("正在打开…")
KEY_ITEMS, KEY_ASK = _("明细"), _("问这项")
TOTAL = _("合计")
DOES_NOT_ADD_UP = _("！合计与各项不符")
OTHER_SUM = _("！与上一页的数不符")
NO_ROWS = _("（没有内容）")
NO_PICTURE = _("图片：")
YUAN = _("元")

GONE = {
    "withdrawn": _("这一份已收回，不再公示。"),
    "replaced": _("这一份已换成新的，请重新打开。"),
    "over": _("这一份已过期，不再公示。"),
    "unreadable": _("这一份现在打不开，请过一会儿再试。"),
}

KINDS = {
    "finance": _("财务"),
    "subsidy": _("补贴"),
    "policy": _("政策"),
    "prices": _("价格"),
    "project": _("项目"),
    "land": _("土地"),
    "notice": _("通知"),
}
"""What a document is, by its code. One that is not here is named by its title alone."""


def kind(code: str) -> str:
    """Return what a document is, or nothing where its code is a later version's."""
    return KINDS.get(code, "")


def gone(why: str) -> str:
    """Return why a document can't be read any more."""
    return GONE.get(why, GONE["unreadable"])


def period(text: str) -> str:
    """Return a year, month or quarter as people write it."""
    year, dash, part = text.partition("-")
    if part.startswith("Q"):
        return words_dates.quarter_of(part[1:], year)
    if dash:
        return words_dates.month_of(int(part), year)
    return words_dates.whole_year(year) if year else ""


def day(text: str, *, this_year: str = "") -> str:
    """Return a date as people write it; without the year if it is ``this_year``."""
    year, *rest = text.split("-")
    if len(rest) != 2 or not all(part.isdecimal() for part in rest) or not 1 <= int(rest[0]) <= 12:
        return text
    short = words_dates.month_day(int(rest[0]), int(rest[1]))
    return short if year == this_year else words_dates.with_year(short, year)


def money(fen: int) -> str:
    """Return an amount of 分 in 元, with its thousands apart."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def cell(value: str | int, of: ColumnKind, *, this_year: str = "") -> str:
    """Return a cell of a table as it is read."""
    if isinstance(value, str):
        return day(value, this_year=this_year) if of == "date" and value else value
    return money(value) if of == "yuan" else f"{value:,}"


def total(column: str, value: str, of: ColumnKind) -> str:
    """Return a published sum. A column that is called a sum already is not called so twice."""
    return f"{TOTAL}  {column} {_('{amount}元').format(amount=value) if of == 'yuan' else value}"


def column(title: str, of: ColumnKind) -> str:
    """Return a column's head, with the unit of money."""
    return title if of != "yuan" or YUAN in title else f"{title}({YUAN})"


def said_by(source: str, published: str) -> str:
    """Return who says so, and since when."""
    return _("来源：{source}  {day}公布").format(source=source, day=day(published))


def page(number: int) -> str:
    """Return which page is shown, from 1."""
    return _("第{number}页").format(number=number)


def place(number: int, of: int) -> str:
    """Return which page of the list is shown, from 1."""
    return _("第{number}/{of}页").format(number=number, of=of)


def keys_of(rows: int) -> str:
    """Return the keys that open so many rows."""
    return "1" if rows == 1 else f"1-{rows}"


def entries(shown: Sequence[ShelfEntry]) -> list[str]:
    """Return the lines of a list. Where two have one name, each says when it was published."""
    names = Counter((one.title, one.period) for one in shown)
    return [_entry(one, is_one_of_two=names[one.title, one.period] > 1) for one in shown]


def _entry(shown: ShelfEntry, *, is_one_of_two: bool) -> str:
    sample = f"{SAMPLE}·" if shown.sample and SAMPLE not in shown.title else ""
    about = [one for one in (kind(shown.kind), period(shown.period)) if one and one not in shown.title]
    if is_one_of_two:
        about.append(_("{day}公布").format(day=day(shown.published)))
    return f"{sample}{shown.title}" + (bracketed(listed(about)) if about else "")
