"""The county's own table as a signed file: out of this county, and in from another one."""

import datetime as dt

from django.conf import settings

from protocol.calendar_table import CalendarDay, fingerprint, seal_table, unseal_table
from protocol.china_time import milliseconds
from protocol.plain_text import is_clean
from protocol.refusal import Refused
from server_broker.regions.models import Region
from server_broker.sheets.importing import ImportRefused
from server_broker.sheets.row_errors import RowError
from server_broker.trust import county_keys
from server_broker.workdays.county_table import county_days
from server_broker.workdays.sheet import FIRST, LAST, LONGEST_NAME, SHEET, CalendarPlan, DayRow

ENDING = ".calendar"
_REFUSED = {
    "bad_signature": "签名不对：文件在签发以后被改过，或者不完整。请向签发单位重新要一份",
    "unknown_key": "签名不对：签名用的不是文件里写的密钥。请向签发单位重新要一份",
    "unknown_version": "文件是更新的版本做的，请先升级本县的系统",
}


def export_signed(*, now: dt.datetime) -> bytes:
    """Return all that the county itself says of its working days, signed with its key.

    Raises:
        ServiceError: The key is missing.
    """
    county = Region.objects.counties().first()
    days = [CalendarDay(date=date, working=bool(word.working), name=word.name) for date, word in county_days().items()]
    key = county_keys(settings.HOME).signing_key
    return seal_table(key, issuer=county.name if county else "", made_at=milliseconds(now), days=days)


def read_signed(raw: bytes) -> CalendarPlan:
    """Read a signed file. The plan's note says who has signed, so that a person can ask them.

    Raises:
        ImportRefused: It is no such file, or its signature does not fit.
    """
    try:
        table = unseal_table(raw)
    except Refused as refusal:
        why = _REFUSED.get(refusal.reason, "这不是签发的工作日历文件，或者文件不完整")
        raise ImportRefused([RowError("", 0, why)]) from refusal
    plan = CalendarPlan(days=[DayRow(n, day.date, day.working, day.name) for n, day in enumerate(table.days, 1)])
    plan.errors.extend(
        RowError(SHEET, day.row, f"{day.date} 不能导入：年份不对，或名称太长、有看不见的字符")
        for day in plan.days
        if not (FIRST <= day.date <= LAST and len(day.name) <= LONGEST_NAME and is_clean(day.name))
    )
    if table.key in county_keys(settings.HOME).public_keys.values():
        plan.notes.append("文件是本县自己签发的，签名对。")
    else:
        issuer = table.issuer if is_clean(table.issuer) else "（名称显示不出）"
        plan.notes.append(
            f"文件自称由“{issuer}”签发，签名对；签名的密钥指纹是 {fingerprint(table.key)}。"
            "请打电话向签发单位核对指纹，一样才导入。"
        )
    return plan
