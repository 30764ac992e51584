"""Raise an alarm while one of the county's disks runs short, long before it is full: a full one takes no alarm."""

import datetime as dt
import shutil
from pathlib import Path

from protocol.facts import Severity
from server_broker.fleet.alarm_codes import COUNTY_DISK
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.models import Alarm
from server_broker.platform.home import CountyHome

SHORT = 0.10
"""Raise below this part of a disk, as the rule ``CunhuiDiskShort`` of Prometheus does."""
WELL = 0.12
"""Close above this one, so that a disk that plays about the limit is one alarm."""
NEARLY_FULL = 0.04


def watch_disks(home: CountyHome, *, now: dt.datetime) -> str:
    """Raise or close the alarm; return what it says, for the log."""
    is_open = Alarm.objects.filter(station=None, origin="county", code=COUNTY_DISK, resolved_at=None).exists()
    limit = WELL if is_open else SHORT
    short = [
        (free, folder)
        for folder in home.disk_places.values()
        if folder.exists() and (free := _free_part(folder)) < limit
    ]
    if not short:
        resolve(station=None, code=COUNTY_DISK, at=now)
        return ""
    free, folder = min(short)
    detail = f"{folder} 所在的磁盘只剩 {free:.0%}（{shutil.disk_usage(folder).free / 2**30:.1f} GB）"
    severity: Severity = "critical" if free < NEARLY_FULL else "major"
    raise_alarm(station=None, code=COUNTY_DISK, severity=severity, detail=detail, at=now)
    return COUNTY_DISK


def _free_part(folder: Path) -> float:
    disk = shutil.disk_usage(folder)
    return disk.free / disk.total
