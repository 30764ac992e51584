"""Keep the broker's lists in step with the journal, and end the sessions of stations that are out.

A revocation or a new board is written to the journal first, and then changes the broker's lists. In between the process
may be killed, or the disk may be full. So the county's chores compare again and again, and complete what is missing:
the lists, the broker that must read them, and the sessions that must end. Nothing here needs the database.
"""

import datetime as dt

from server_broker.broker.county_client import cut_off
from server_broker.broker.mosquitto.access import BrokerState, broker_state, lists_on_disk, refresh
from server_broker.broker.mosquitto.config import STATIONS_LIST
from server_broker.broker.mosquitto.orders import running_broker
from server_broker.platform.files import file_version
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import log_of
from server_broker.trust.journal import StationJournal, StationRoll
from server_broker.trust.reserve import JOURNAL_RESERVE_BYTES, LISTS_RESERVE_BYTES, reserved_after

_AT_ONCE = 20
"""Most sessions to end in one look, so that a new revocation does not wait until all old ones are through."""
_READ_BY_BROKER = ("stations.crl", STATIONS_LIST, "local.acl", "local.passwords")

type _State = tuple[int | None, ...]


class ListKeeper:
    """Compares lists, broker and sessions with the journal.

    A new keeper ends the sessions of all revoked stations again, because it doesn't know which were ended before.
    """

    def __init__(self, home: CountyHome) -> None:
        self._home = home
        self._at_rest: _State | None = None
        self._ended: set[str] = set()
        self._to_end: set[str] = set()
        self.problem = ""
        """Chinese: why the broker does not follow the journal. Empty if it does, or if no broker runs."""

    def look(self, *, now: dt.datetime) -> bool:
        """Bring lists, broker and sessions in step with the journal, and return whether lists or broker had to change.

        Raises:
            OSError, ServiceError: The lists could not be written, or disk space for the next revocation could not be
                reserved. Sessions of stations that are out were ended all the same.
        """
        journal, lists = (self._home.trust, JOURNAL_RESERVE_BYTES), (self._home.broker, LISTS_RESERVE_BYTES)
        with reserved_after(*journal), reserved_after(*lists):
            return self._follow_journal(now)

    def _follow_journal(self, now: dt.datetime) -> bool:
        # Read before anything is compared, so that a change that comes meanwhile is seen at the next look.
        state = self._state()
        if state == self._at_rest:
            return False
        roll = StationJournal(self._home).read()
        try:
            done = self._bring_into_force(roll, now)
        except (OSError, ServiceError):
            why = log_of(self._home, "chores")
            self.problem = f"消息服务的名单写不进去，吊销的站点可能还连着。处理：腾出磁盘空间；原因看 {why}"
            self._end_sessions(roll, for_good=False)
            raise
        if done is None:
            why = log_of(self._home, "mosquitto")
            self.problem = f"消息服务没有照名册办，吊销的站点可能还连着。处理：看 {why}，或者重启服务"
            self._end_sessions(roll, for_good=False)
            return False
        self.problem = ""
        self._end_sessions(roll, for_good=True)
        # If anything was done the state read above is out of date, so the next look compares again.
        self._at_rest = None if done or self._to_end else state
        return done

    def _state(self) -> _State:
        files = [StationJournal(self._home).path, *(self._home.broker / name for name in _READ_BY_BROKER)]
        return (running_broker(self._home), *(one for path in files for one in file_version(path)))

    def _bring_into_force(self, roll: StationRoll, now: dt.datetime) -> bool | None:
        """Return whether the lists or the broker had to change; None if the broker does not use the lists yet."""
        lists = lists_on_disk(self._home)
        # Serials that the lists on disk do not have yet: their boards may still be connected. Those that have ended are
        # on no list any more, and the station has had another board for long.
        fresh = roll.revoked_serials_in_use() - lists.revoked_serials
        self._to_end |= {name for name, one in roll.stations.items() if fresh & one.superseded}
        self._to_end |= roll.revoked.keys() - self._ended
        if lists.match(roll):
            state = broker_state(self._home, lists.version)
            if state is BrokerState.SILENT:
                return None
            if state is not BrokerState.BEHIND:
                return False
        refreshed = refresh(self._home, now=now)
        return True if refreshed or running_broker(self._home) is None else None

    def _end_sessions(self, roll: StationRoll, *, for_good: bool) -> None:
        """End the sessions of up to `_AT_ONCE` stations that are out, the last revoked first.

        If not ``for_good`` they stay to be ended again, because they may come back until the broker uses the new lists.
        """
        runs = running_broker(self._home) is not None
        revoked_as = {name: place for place, name in enumerate(roll.revoked)}
        newest_first = sorted(self._to_end, key=lambda name: revoked_as.get(name, len(revoked_as)), reverse=True)
        for name in newest_first[:_AT_ONCE]:
            # If the broker does not answer for one, it would not answer for the others either.
            if runs and not cut_off(self._home, name):
                return
            if for_good:
                self._to_end.remove(name)
                self._ended |= {name} & roll.revoked.keys()
