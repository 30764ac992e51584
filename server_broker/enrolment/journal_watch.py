"""Compare the journal of stations with the database every few seconds, and bring them in step.

One alarm is open while a line of the journal is damaged, another while the broker does not follow the journal.
"""

import datetime as dt
from collections.abc import Callable

from server_broker.enrolment.revocation import Reconciled, reconcile
from server_broker.fleet.alarm_codes import BROKER_LISTS, STATION_JOURNAL
from server_broker.fleet.alarms import raise_or_resolve
from server_broker.platform.files import file_version
from server_broker.platform.home import CountyHome
from server_broker.trust.journal import MEND_JOURNAL, StationJournal

AT_LEAST_EVERY = dt.timedelta(seconds=5)
UNDER_WAY = dt.timedelta(seconds=10)
"""A revocation is left alone for so long: it writes the journal, waits for the broker, and then writes the database."""


class JournalWatch:
    """Compares journal and database whenever the journal has changed, and at least every few seconds.

    A process may die after it wrote an enrolment to the journal and before its COMMIT. Then the earlier board may still
    be connected, and only a comparison with the database shows that. So a changed journal is compared at once. If the
    enrolment is still under way it holds a lock on the station's row, and the comparison waits for it.
    """

    def __init__(self, home: CountyHome, *, lists_problem: Callable[[], str]) -> None:
        self._home = home
        self._lists_problem = lists_problem
        self._seen: tuple[int, ...] = ()
        self._looked_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    def look(self, *, now: dt.datetime) -> Reconciled | None:
        """Compare if it is time, bring both in step, and return the differences; None if there were none."""
        seen = file_version(StationJournal(self._home).path)
        # abs, because the county's clock may be set back: the next comparison must not wait for the old time.
        if seen == self._seen and abs(now - self._looked_at) < AT_LEAST_EVERY:
            return None
        outcome = watch_journal(self._home, now=now, lists_problem=self._lists_problem())
        self._seen, self._looked_at = seen, now
        return outcome


def watch_journal(home: CountyHome, *, now: dt.datetime, lists_problem: str = "") -> Reconciled | None:
    """Raise or close the alarms and reconcile; return the differences, or None if there were none.

    Args:
        lists_problem: Why the broker does not follow the journal, as the broker's keeper says it (`broker.Keeper`).
    """
    damage = StationJournal(home).read().damage()
    damaged = f"{damage}。处理：{MEND_JOURNAL}" if damage else ""
    for code, detail in ((STATION_JOURNAL, damaged), (BROKER_LISTS, lists_problem)):
        raise_or_resolve(station=None, code=code, severity="critical", detail=detail, at=now)
    outcome = reconcile(home, until=now - UNDER_WAY)
    return outcome if outcome.journal_revoked or outcome.revoked or outcome.enrolled else None
