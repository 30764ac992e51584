"""The journal of stations and the database, in step again soon after one was away; an alarm while a line is damaged."""

import datetime as dt

from server_broker.enrolment.revocation import Reconciled, reconcile
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.models import Alarm
from server_broker.home import CountyHome
from server_broker.trust.journal import MEND_JOURNAL, StationJournal

JOURNAL = "station_journal"
UNDER_WAY = dt.timedelta(seconds=10)
"""Longer than a revocation takes from the journal to the database: it waits for the broker in between."""


def watch_journal(home: CountyHome, *, now: dt.datetime) -> Reconciled | None:
    """Raise or close the alarm and reconcile; return what was not in step, if anything was."""
    _tell_of_damage(StationJournal(home).read().damage(), now)
    outcome = reconcile(home, until=now - UNDER_WAY)
    return outcome if outcome.journal_revoked or outcome.revoked or outcome.enrolled else None


def _tell_of_damage(damage: str, now: dt.datetime) -> None:
    """Once for each damage, not at each look."""
    if not damage:
        resolve(station=None, code=JOURNAL, at=now)
        return
    detail = f"{damage}。处理：{MEND_JOURNAL}"
    if not Alarm.objects.filter(station=None, code=JOURNAL, resolved_at=None, detail=detail).exists():
        raise_alarm(station=None, code=JOURNAL, severity="critical", detail=detail, at=now)
