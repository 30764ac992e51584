"""Days and times as people say them."""

from datetime import datetime

from kiosk_tui.catalogue import _

WEEKDAYS = (_("星期一"), _("星期二"), _("星期三"), _("星期四"), _("星期五"), _("星期六"), _("星期日"))
WEEKDAYS_IN_SHORT = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
MONTHS = (
    _("1月"),
    _("2月"),
    _("3月"),
    _("4月"),
    _("5月"),
    _("6月"),
    _("7月"),
    _("8月"),
    _("9月"),
    _("10月"),
    _("11月"),
    _("12月"),
)


def clock(minutes: int) -> str:
    """Return minutes after midnight as a clock shows them."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def month_day(month: int, day: int) -> str:
    """Return a day of this year; both count from 1."""
    return _("{month}{day}日").format(month=MONTHS[month - 1], day=day)


def with_weekday(day: str, weekday: str) -> str:
    """Return a day with its weekday."""
    return _("{day} {weekday}").format(day=day, weekday=weekday)


def with_year(day: str, year: int | str) -> str:
    """Return a day with its year."""
    return _("{year}年{day}").format(year=year, day=day)


def month_of(month: int, year: str) -> str:
    """Return a month, counted from 1, with its year."""
    return _("{year}年{month}").format(year=year, month=MONTHS[month - 1])


def quarter_of(quarter: str, year: str) -> str:
    """Return a quarter with its year."""
    return _("{year}年第{quarter}季度").format(year=year, quarter=quarter)


def whole_year(year: str) -> str:
    """Return a year."""
    return _("{year}年").format(year=year)


def date(moment: datetime, *, year: bool) -> str:
    """Return the date with its weekday."""
    day = month_day(moment.month, moment.day)
    return with_weekday(with_year(day, moment.year) if year else day, WEEKDAYS[moment.weekday()])


def moment(at: datetime) -> str:
    """Return a day and its time."""
    return f"{month_day(at.month, at.day)} {at:%H:%M}"
