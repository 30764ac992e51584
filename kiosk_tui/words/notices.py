"""Every Chinese sentence about notices."""

from datetime import datetime

from kiosk_tui.catalogue import _
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words.common import labelled

KIND = {
    "power_cut": _("停电"),
    "water_cut": _("停水"),
    "weather": _("天气"),
    "market": _("赶集"),
    "bus": _("班车"),
    "jobs": _("招工"),
    "wanted": _("求租求购"),
    "notice": _("通知"),
}
"""What a notice is about, by its code."""
URGENT = _("急")
OVER = _("这条通知已经过期或者撤回了。")
WAKE = _("按任意键回首页，随时可以刷卡")
NO_NOTICES = _("现在没有通知。")


def kind(code: str) -> str:
    """Return what a notice is about; a code of a later release is a notice."""
    return KIND.get(code, KIND["notice"])


def row(code: str, line: str, *, urgent: bool) -> str:
    """Return a notice in a list."""
    return (f"{URGENT}·" if urgent else "") + labelled(kind(code), line)


def place(number: int, of: int) -> str:
    """Return which of the notices this is, counted from 1."""
    return _("第 {number}/{of} 条").format(number=number, of=of)


def about(source: str, owner: str, until: datetime | None) -> list[str]:
    """Return who says it, whom one asks, and the last day on which it holds."""
    lines = [_("来源：{source}").format(source=source)] if source else []
    lines += [_("有事问：{owner}").format(owner=owner)] if owner else []
    ends = _("有效到 {day}")
    return lines + (
        [ends.format(day=words_dates.with_year(words_dates.month_day(until.month, until.day), until.year))]
        if until
        else []
    )
