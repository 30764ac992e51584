"""Keep the users of the county's own RabbitMQ in step with the journal, and end the sessions of stations that are out.

Nothing about it is stored here: RabbitMQ's users are compared with the roll at each change of the journal and every
half minute. So whatever broke off, and whoever changed a user by hand, the next comparison mends it.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from server_broker.broker.county_client import county_client
from server_broker.broker.lock import one_at_a_time
from server_broker.broker.rabbit.management import RabbitManagement
from server_broker.broker.rabbit.users import STATION_TAG, difference, put_user, users_connected
from server_broker.platform.files import file_version
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.platform.processes import ServiceError
from server_broker.trust.board_name import is_board_name
from server_broker.trust.journal import StationJournal
from server_broker.trust.reserve import JOURNAL_RESERVE_BYTES, reserved_after

COMPARED_EVERY_S = 30.0
AT_ONCE = 200
"""Most users made in one go: two seconds, so that a revocation beside it need not wait until 10,000 are made."""
_AGAIN_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Followed:
    """What one go did.

    Attributes:
        changed: RabbitMQ had to change.
        whole: It is now as the roll has it. If not, users are still to be made; whoever is out is out in any case.
    """

    changed: bool
    whole: bool


def follow_roll(home: CountyHome, rabbit: OwnBroker) -> Followed:
    """Have RabbitMQ let in whom the journal allows and nobody else of ours, up to `AT_ONCE` new users.

    Raises:
        ServiceError: RabbitMQ does not answer or refuses. What was done stays done.
    """
    password = county_client(home).password
    with one_at_a_time(home), RabbitManagement(rabbit, home.root) as management:
        found = difference(management, StationJournal(home).read(), password)
        # First those who are out: they wait for nobody.
        for name in found.needless:
            management.delete("users", name)
            management.delete("connections", "username", name)
        chosen = list(found.due)[:AT_ONCE]
        for name in chosen:
            put_user(management, name, found.due[name], password)
        if found:
            _log.info("RabbitMQ: deleted %d users, made or changed %d", len(found.needless), len(chosen))
        return Followed(changed=bool(found), whole=len(chosen) == len(found.due))


def end_stray_sessions(home: CountyHome, rabbit: OwnBroker) -> int:
    """End the sessions of users that are not there any more; return of how many.

    RabbitMQ ends them when it deletes the user. A node that was cut off from the others then may not have.
    """
    with RabbitManagement(rabbit, home.root) as management:
        # Asked first: who is enrolled between the two questions must not look like a stray.
        connected = users_connected(management)
        there = {user["name"] for user in management.get("users") or ()}
        strays = {name for name in connected - there if is_board_name(name)}
        for name in strays:
            management.delete("connections", "username", name)
        return len(strays)


def end_all_sessions(home: CountyHome, rabbit: OwnBroker) -> None:
    """End the sessions of all stations, so that each connects again.

    Raises:
        ServiceError: RabbitMQ does not answer or refuses.
    """
    with RabbitManagement(rabbit, home.root) as management:
        for user in management.get("users") or ():
            if STATION_TAG in user["tags"]:
                management.delete("connections", "username", user["name"])


def is_followed(home: CountyHome, rabbit: OwnBroker) -> bool:
    """Tell whether RabbitMQ answers and lets in exactly whom the journal allows."""
    try:
        with RabbitManagement(rabbit, home.root) as management:
            return not difference(management, StationJournal(home).read(), county_client(home).password)
    except ServiceError:
        return False


class RabbitKeeper:
    """Compares RabbitMQ with the journal, as `ListKeeper` does Mosquitto's lists."""

    def __init__(
        self, home: CountyHome, rabbit: OwnBroker, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._home = home
        self._rabbit = rabbit
        self._monotonic_s = monotonic_s
        self._seen: tuple[int, ...] | None = None
        self._next_s = monotonic_s()
        self.problem = ""
        """Chinese: why RabbitMQ does not follow the journal. Empty if it does."""

    def look(self, *, now: dt.datetime) -> bool:
        """Bring RabbitMQ in step with the journal, and return whether it had to change.

        Raises:
            OSError: Disk space for the next revocation could not be reserved. Everything else was done.
        """
        with reserved_after(self._home.trust, JOURNAL_RESERVE_BYTES):
            return self._follow_journal()

    def _follow_journal(self) -> bool:
        # Read before anything is compared, so that a change that comes meanwhile is seen at the next look.
        seen = file_version(StationJournal(self._home).path)
        if seen == self._seen and self._monotonic_s() < self._next_s:
            return False
        try:
            followed = follow_roll(self._home, self._rabbit)
            if strays := end_stray_sessions(self._home, self._rabbit):
                _log.warning("RabbitMQ: ended the sessions of %d users that are not there any more", strays)
        except ServiceError as error:
            self.problem = f"县里自己的消息服务没有照名册办，吊销的站点可能还连着：{error}"
            self._seen, self._next_s = None, self._monotonic_s() + _AGAIN_S
            return False
        self.problem = ""
        self._seen = seen if followed.whole else None
        self._next_s = self._monotonic_s() + COMPARED_EVERY_S
        return followed.changed
