"""Read query and form values within bounds. Any text gives a valid value, so that a page never fails because of it."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from protocol.plain_text import one_line

_FIRST_DAY = dt.date(2020, 1, 1)
# ASCII only, because ``\d`` alone also matches digits of other scripts.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def text(values: QueryDict, name: str, *, longest: int = 64) -> str:
    """Return a text in Unicode's form NFKC, trimmed, without control characters, and cut to ``longest`` characters."""
    return plain(values.get(name, ""), longest=longest)


def plain(given: str, *, longest: int) -> str:
    """Return what somebody typed in Unicode's form NFKC, trimmed, without control characters, and cut."""
    # Cut before, because NFKC of a very long text takes long. Afterwards again, because NFKC may lengthen a text.
    normal = unicodedata.normalize("NFKC", given[: 4 * longest])
    return one_line(normal).strip()[:longest]


def prose(values: QueryDict, name: str, *, longest: int = 64) -> str:
    """Return something for people to read as it was typed: a full-width colon or bracket stays what it is."""
    return as_typed(values.get(name, ""), longest=longest)


def as_typed(given: str, *, longest: int) -> str:
    """Return what somebody typed trimmed, without control characters, and cut."""
    return one_line(given[: 4 * longest]).strip()[:longest]


def choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """Return the given value if it is in ``allowed``, otherwise the first one of these."""
    given = values.get(name, "")
    return given if given in allowed else allowed[0]


def day(values: QueryDict, name: str = "date", *, ahead: int = 0) -> dt.date:
    """Return a local date from 2020 to today, or so many days ``ahead``. For anything else return today."""
    today = timezone.localdate()
    given = values.get(name, "")
    if not _DATE.fullmatch(given):
        return today
    try:
        asked = dt.date.fromisoformat(given)
    except ValueError:
        return today
    return asked if _FIRST_DAY <= asked <= today + dt.timedelta(days=ahead) else today


def day_refused(values: QueryDict, name: str = "date", *, ahead: int = 0) -> str:
    """Return in Chinese why `day` gives today and not the date that was asked for; empty if it gives that date."""
    given = values.get(name, "")
    if not given or given == str(day(values, name, ahead=ahead)):
        return ""
    try:
        asked = dt.date.fromisoformat(given) if _DATE.fullmatch(given) else None
    except ValueError:
        asked = None
    if asked is None:
        return "没有这个日期，已显示今天"
    late = f"最远看到 {ahead} 天以后，已显示今天" if ahead else "还没有到这一天，已显示今天"
    return late if asked > _FIRST_DAY else f"{_FIRST_DAY.year} 年以前没有记录，已显示今天"


def number(values: Mapping[str, str], name: str) -> int:
    """Return a whole number of at most 18 digits, such as the key of a row; 0 for anything else."""
    given = values.get(name, "")
    return int(given) if re.fullmatch(r"\d{1,18}", given, re.ASCII) else 0


def token(values: QueryDict, name: str) -> bytes | None:
    """Return a card token given as 32 hex digits, or None."""
    given = values.get(name, "")
    return bytes.fromhex(given) if re.fullmatch(r"[0-9a-f]{32}", given, re.ASCII) else None


def page_of[M: Model](request: HttpRequest, rows: QuerySet[M], *, size: int, count: int | None = None) -> Page[M]:
    """Return the page that ``?page=`` asks for. If there is no such page, return the last one.

    Args:
        count: The number of rows, if the caller has counted them already. This saves a query.
    """
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count
    return paginator.get_page(page_number(request.GET))


def page_number(values: QueryDict) -> int:
    """Return the number of the page that ``?page=`` asks for, or 1 if it is no number."""
    given = values.get("page", "1")
    return int(given) if re.fullmatch(r"\d{1,7}", given, re.ASCII) else 1
