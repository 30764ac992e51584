"""The verb of ``cunhui-server`` that settles a village's month as the county knew it at any moment."""

import argparse
import re

from django.utils import timezone

from server_broker.audit.log import record
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import region_once
from server_broker.settling.horizon import settled_horizon
from server_broker.settling.sheet import sheet_of
from server_broker.settling.sheet_csv import sheet_csv
from server_broker.supervisor.people_cli import moment_typed, write_new

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])\Z")


def settle_month(chosen: argparse.Namespace, *, actor: str) -> tuple[bytes, str]:
    """Return the sheet, or write it to the file that was named and say so. It is put on record first.

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
    content = sheet_csv(sheet_of(village.identity, chosen.month, known))
    # Recorded first, so that no personal data leaves the county without an entry.
    record(actor, "sheet.exported", village.code, {"month": chosen.month, "as_of": known.isoformat()})
    if not chosen.csv:
        return content, ""
    write_new(chosen.csv, content)
    until = timezone.localtime(known).strftime("%Y-%m-%d %H:%M:%S")
    return b"", f"已写入 {chosen.csv}：{village.name} {chosen.month}，按县里到 {until} 所知"
