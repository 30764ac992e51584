"""The journal of stations and the database, in step again soon after one was away.

An alarm stands while a line of the journal is damaged, and one while the broker does not follow it.
"""

import datetime as dt

from server_broker.enrolment.revocation import Reconciled, reconcile
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.models import Alarm
from server_broker.home import CountyHome
from server_broker.trust.journal import MEND_JOURNAL, StationJournal

JOURNAL, LISTS = "station_journal", "broker_lists"
UNDER_WAY = dt.timedelta(seconds=10)
"""Longer than a revocation takes from the journal to the database: it waits for the broker in between."""


def watch_journal(home: CountyHome, *, now: dt.datetime, lists_problem: str = "") -> Reconciled | None:
    """Raise or close the alarms and reconcile; return what was not in step, if anything was.

    Args:
        lists_problem: Why the broker does not follow the journal, as `broker.ListKeeper` says it.
    """
    damage = StationJournal(home).read().damage()
    _tell(JOURNAL, f"{damage}。处理：{MEND_JOURNAL}" if damage else "", now)
    _tell(LISTS, lists_problem, now)
    outcome = reconcile(home, until=now - UNDER_WAY)
    return outcome if outcome.journal_revoked or outcome.revoked or outcome.enrolled else None


def _tell(code: str, detail: str, now: dt.datetime) -> None:
    """Once for each detail, not at each look."""
    if not detail:
        resolve(station=None, code=code, at=now)
    elif not Alarm.objects.filter(station=None, code=code, resolved_at=None, detail=detail).exists():
        raise_alarm(station=None, code=code, severity="critical", detail=detail, at=now)
