"""See that the broker follows the journal, whoever wrote its last line and died, and that who is out has no session.

A revocation and a new board are a line of the journal first and a change of the broker's lists after it. Between the
two a process may be killed or the disk be full. So somebody looks again and again, and where lists, broker or sessions
are not what follows from the journal, makes them so. Nothing here needs the database.
"""

import datetime as dt
from contextlib import ExitStack

from server_broker.broker.access import BrokerState, broker_state, lists_on_disk, refresh, running_broker
from server_broker.broker.local import cut_off
from server_broker.platform.files import file_version
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust.journal import StationJournal, StationRoll
from server_broker.trust.reserve import JOURNAL_RESERVE_BYTES, LISTS_RESERVE_BYTES, reserve_space

_AT_ONCE = 20
"""Sessions that are ended between two looks: the next revocation must not wait for all that there ever were."""
_READ_BY_BROKER = ("stations.crl", "stations.acl", "local.acl", "local.passwords")

type _State = tuple[int | None, ...]


class ListKeeper:
    """Looks again and again. One that has just started ends once more whatever revoked stations may have open."""

    def __init__(self, home: CountyHome) -> None:
        self._home = home
        self._at_rest: _State | None = None
        self._ended: set[str] = set()
        self._to_end: set[str] = set()
        self.problem = ""
        """In Chinese, why the broker does not follow the journal; empty while it does or does not run."""

    def look(self, *, now: dt.datetime) -> bool:
        """Bring lists, broker and sessions in step with the journal, and return whether anything had to be done.

        Raises:
            OSError, ServiceError: The lists could not be written, or room for the next revocation could not be kept;
                who is out is thrown out all the same.
        """
        with ExitStack() as afterwards:
            # Whatever the disk says to this, sessions have been ended before.
            afterwards.callback(reserve_space, self._home.trust, JOURNAL_RESERVE_BYTES)
            afterwards.callback(reserve_space, self._home.broker, LISTS_RESERVE_BYTES)
            return self._follow_journal(now)

    def _follow_journal(self, now: dt.datetime) -> bool:
        state = self._state()
        if state == self._at_rest:
            return False
        roll = StationJournal(self._home).read()
        try:
            done = self._bring_into_force(roll, now)
        except (OSError, ServiceError):
            self.problem = "消息服务的名单写不进去，吊销的站点可能还连着。处理：腾出磁盘空间；原因在 logs/chores.log"
            self._end_sessions(roll, for_good=False)
            raise
        if done is None:
            self.problem = "消息服务没有照名册办，吊销的站点可能还连着。处理：看 logs/mosquitto.log，或者重启服务"
            self._end_sessions(roll, for_good=False)
            return False
        self.problem = ""
        self._end_sessions(roll, for_good=True)
        self._at_rest = None if done or self._to_end else state
        return done

    def _state(self) -> _State:
        files = [StationJournal(self._home).path, *(self._home.broker / name for name in _READ_BY_BROKER)]
        return (running_broker(self._home), *(one for path in files for one in file_version(path)))

    def _bring_into_force(self, roll: StationRoll, now: dt.datetime) -> bool | None:
        """Return whether lists or broker had to be changed; None while the broker does not follow them yet."""
        lists = lists_on_disk(self._home)
        fresh = roll.revoked_serials - lists.revoked_serials
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
        """Throw some out who are out, last revoked first. While the lists are not in force they may come back."""
        runs = running_broker(self._home) is not None
        order = {name: place for place, name in enumerate(roll.revoked)}
        newest_first = sorted(self._to_end, key=lambda name: order.get(name, len(order)), reverse=True)
        for name in newest_first[:_AT_ONCE]:
            if runs and not cut_off(self._home, name):
                return
            if for_good:
                self._to_end.remove(name)
                self._ended |= {name} & roll.revoked.keys()
