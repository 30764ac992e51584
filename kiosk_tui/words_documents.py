"""Every Chinese sentence of the list of documents, and of a document that is read."""

from protocol.documents import ColumnKind
from protocol.kiosk_documents import ShelfEntry

SHELF = "公示"
NOTHING_HERE = "现在没有公示。县里发来以后，这里就有。"
CHOOSE = "按数字看一份"
NEW = "新"
SAMPLE = "示例"
OPENING = "正在打开…"
KEY_ITEMS, KEY_ASK, KEY_TURN = "明细", "问这项", "翻页"
TOTAL = "合计"
DOES_NOT_ADD_UP = "！合计与各项不符"
OTHER_SUM = "！与上一页的数不符"
NO_ROWS = "（没有内容）"
NO_PICTURE = "图片："
YUAN = "元"

GONE = {
    "withdrawn": "这一份已收回，不再公示。",
    "replaced": "这一份已换成新的，请重新打开。",
    "over": "这一份已过期，不再公示。",
    "unreadable": "这一份现在打不开，请过一会儿再试。",
}

KINDS = {
    "finance": "财务",
    "subsidy": "补贴",
    "policy": "政策",
    "prices": "价格",
    "project": "项目",
    "land": "土地",
    "notice": "通知",
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
    year, _, part = text.partition("-")
    if not year:
        return ""
    if part.startswith("Q"):
        return f"{year}年第{part[1:]}季度"
    return f"{year}年{int(part)}月" if part else f"{year}年"


def day(text: str, *, this_year: str = "") -> str:
    """Return a date as people write it; without the year if it is ``this_year``."""
    year, _, rest = text.partition("-")
    month, _, of_month = rest.partition("-")
    if not (month.isdigit() and of_month.isdigit()):
        return text
    short = f"{int(month)}月{int(of_month)}日"
    return short if year == this_year else f"{year}年{short}"


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
    unit = YUAN if of == "yuan" else ""
    return f"{TOTAL}  {column} {value}{unit}"


def column(title: str, of: ColumnKind) -> str:
    """Return a column's head, with the unit of money."""
    return title if of != "yuan" or YUAN in title else f"{title}({YUAN})"


def said_by(source: str, published: str) -> str:
    """Return who says so, and since when."""
    return f"来源：{source}  {day(published)}公布"


def page(number: int) -> str:
    """Return which page is shown, from 1."""
    return f"第{number}页"


def place(number: int, of: int) -> str:
    """Return which page of the list is shown, from 1."""
    return f"第{number}/{of}页"


def keys_of(rows: int) -> str:
    """Return the keys that open so many rows."""
    return "1" if rows == 1 else f"1-{rows}"


def entry(shown: ShelfEntry) -> str:
    """Return a line of the list: what it is, of when, and its title."""
    sample = f"{SAMPLE}·" if shown.sample and SAMPLE not in shown.title else ""
    about = "".join(one for one in (kind(shown.kind), period(shown.period)) if one and one not in shown.title)
    return f"{sample}{shown.title}" + (f"（{about}）" if about else "")
