"""Raise an alarm when copies stop leaving the machine, or when nobody has proven for long that they can be restored."""

import datetime as dt

from server_broker.backup.state import backup_status, overdue, unproven
from server_broker.fleet.alarm_codes import BACKUP_OVERDUE, BACKUP_UNPROVEN
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.platform.home import CountyHome


def watch_backups(home: CountyHome, *, now: dt.datetime) -> str:
    """Raise and close the alarms; return what is wrong, for the log."""
    status = backup_status(home)
    found = []
    for code, words in ((BACKUP_OVERDUE, overdue(status, now=now)), (BACKUP_UNPROVEN, unproven(status, now=now))):
        if words:
            detail = f"{words}。{status.problem}" if status.problem else words
            raise_alarm(station=None, code=code, severity="major", detail=detail, at=now)
            found.append(code)
        else:
            resolve(station=None, code=code, at=now)
    return ", ".join(found)
