"""The verb of ``cunhui-server`` that settles a village's month as the county knew it at any moment."""

import argparse
import datetime as dt
import re

from django.utils import timezone

from server_broker.audit.log import record
from server_broker.closing.models import ClosedMonth
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region, region_once
from server_broker.settling.horizon import settled_horizon
from server_broker.settling.sheet import sheet_of
from server_broker.settling.sheet_csv import sheet_csv
from server_broker.supervisor.people_cli import moment_typed, write_new

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])\Z")


def _content(village: Region, month: str, known: dt.datetime) -> tuple[bytes, str]:
    """Return a month as it was signed, where that was by ``known``, else settled as it was known then; and which."""
    closed = ClosedMonth.objects.filter(village=village, month=month, closed_at__lte=known).first()
    if closed is None:
        return sheet_csv(sheet_of(village.identity, month, known)), f"按县里到 {_said(known)} 所知"
    return bytes(closed.content), f"{_said(closed.closed_at)} 定稿的"


def _said(at: dt.datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")


def settle_month(chosen: argparse.Namespace, *, actor: str) -> tuple[bytes, str]:
    """Return the sheet, or write it to the file that was named and say so. It is put on record first.

    Of a month that was closed by then it is what was signed, as the pages have it.

    Raises:
        ServiceError: There is no such village or month, the time can't be read or lies ahead, or the file is there.
    """
    village = region_once(chosen.village)
    if village is None:
        raise ServiceError(f"没有区划 {chosen.village}")
    if not _MONTH.match(chosen.month):
        raise ServiceError("请写月份，例如 --month 2026-03")
    horizon = settled_horizon()
    known = moment_typed(chosen.as_of) or horizon
    if known > horizon:
        raise ServiceError("--as-of 的时间还没到，或刚过几秒，请稍后再试")
    content, which = _content(village, chosen.month, known)
    # Recorded first, so that no personal data leaves the county without an entry.
    record(actor, "sheet.exported", village.code, {"month": chosen.month, "as_of": known.isoformat()})
    if not chosen.csv:
        return content, ""
    write_new(chosen.csv, content)
    return b"", f"已写入 {chosen.csv}：{village.name} {chosen.month}，{which}"
