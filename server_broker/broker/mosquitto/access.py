"""Write the lists of stations that may connect and of certificates that may not, and have a running broker use them.

Mosquitto does not report when it has read its files again. So each version of the lists adds a user, named after the
version, to the local password file. As soon as the broker lets that user in, it uses this version.

A damaged journal never adds anyone to the lists. A station in doubt (`server_broker.trust.journal`) stays on the list
of stations if it is on it now, and is not added otherwise. A certificate that is on the revocation list now stays
on it.
"""

import datetime as dt
import time
from dataclasses import dataclass
from enum import Enum

from cryptography import x509

from protocol import topics
from server_broker.broker import refusals
from server_broker.broker.county_client import LOCAL_USER, county_client, probe
from server_broker.broker.lock import one_at_a_time
from server_broker.broker.mosquitto.config import (
    STATIONS_LIST,
    password_line,
    write_for_broker,
)
from server_broker.broker.mosquitto.orders import Order, running_broker, tell_broker
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import wait_gone
from server_broker.platform.shards import shard_of
from server_broker.trust.journal import JournalStation, StationJournal, StationRoll
from server_broker.trust.keys import county_keys
from server_broker.trust.reserve import write_with_reserve

RELOAD_TIMEOUT_S = 4.0
"""Short, because a person waits in front of the page until a revocation is done. If the broker takes longer,
`ListKeeper` finishes it."""
_PAUSE_S = 0.02
_EARLIER_LIST = "stations.acl"
"""In earlier releases Mosquitto's own access list named the stations: ``user NAME``, and then each of its topics."""


class BrokerState(Enum):
    """Whether a running broker uses the lists on disk."""

    DOWN = "down"
    """No broker runs. It reads the lists when it starts."""
    SILENT = "silent"
    """It does not answer: it is reading its files, or it hangs."""
    BEHIND = "behind"
    """It uses other lists than those on disk."""
    IN_FORCE = "in force"


def refresh(home: CountyHome, *, now: dt.datetime) -> bool:
    """Write the lists that follow from the journal and have a running broker use them, unless both is so already.

    Returns:
        Whether a running broker is known to use them. A broker that is down reads them when it starts.

    Raises:
        OSError: The lists could not be written, not even into the reserved disk space.
        ServiceError: ``county.toml`` cannot be read, or the county's keys or password are missing.
    """
    with one_at_a_time(home):
        roll = StationJournal(home).read()
        lists = lists_on_disk(home)
        # Asked even if the lists have to be replaced anyway: a broker that answers is not reading its files at this
        # moment, so it can't read a mixture of old and new ones.
        state = broker_state(home, lists.version)
        if state is BrokerState.IN_FORCE and lists.match(roll):
            return True
        version = write_with_reserve(home.broker, lambda: write_lists(home, roll, lists, now=now))
        return bring_into_force(home, version=version)


def follows_journal(home: CountyHome) -> bool:
    """Tell whether a broker runs and lets in exactly the stations that the journal allows."""
    lists = lists_on_disk(home)
    return lists.match(StationJournal(home).read()) and broker_state(home, lists.version) is BrokerState.IN_FORCE


@dataclass(frozen=True)
class BrokerLists:
    """The content of the lists on disk: the list of stations, the revoked certificates, and the lists' version."""

    listed: str = ""
    revoked_serials: frozenset[str] = frozenset()
    version: int = 0

    @property
    def stations(self) -> set[str]:
        """The stations that may connect."""
        return {line.partition(" ")[0] for line in self.listed.splitlines() if not line.startswith("#")}

    def match(self, roll: StationRoll) -> bool:
        """Tell whether these are the lists that follow from ``roll``."""
        return (self.listed, self.revoked_serials) == (self.due_list(roll), self.due_serials(roll))

    def due_list(self, roll: StationRoll) -> str:
        """Return the list of stations that replaces this one."""
        return station_list(roll.live(witnessed=self.stations))

    def due_serials(self, roll: StationRoll) -> frozenset[str]:
        """Return the serials on the revocation list that replaces this one."""
        # A damaged line may have held a revocation, so what was revoked stays revoked.
        kept = self.revoked_serials if roll.bad_lines else frozenset()
        return roll.revoked_serials_in_use() | kept


def lists_on_disk(home: CountyHome) -> BrokerLists:
    """Return the lists on disk. If they can't be read they count as empty."""
    try:
        listed = _listed(home)
        crl = x509.load_pem_x509_crl((home.broker / "stations.crl").read_bytes())
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (FileNotFoundError, ValueError):
        # Empty lists match no journal, because a list that was written has a first line. So they are written anew.
        return BrokerLists()
    return BrokerLists(listed, frozenset(f"{one.serial_number:x}" for one in crl), number)


def _listed(home: CountyHome) -> str:
    try:
        return (home.broker / STATIONS_LIST).read_text("ascii", errors="replace")
    except FileNotFoundError:
        # Without a first line, so that it matches no journal and is written anew in today's form.
        earlier = (home.broker / _EARLIER_LIST).read_text("ascii", errors="replace")
        return "\n".join(line.removeprefix("user ") for line in earlier.splitlines() if line.startswith("user "))


def write_lists(home: CountyHome, roll: StationRoll, before: BrokerLists, *, now: dt.datetime) -> int:
    """Write the list of stations, the revocation list and the local passwords, and return their version.

    The version is higher than the last one even if the journal has become shorter, because a running broker ignores a
    revocation list with a lower number. The passwords are written last. So if the broker lets in the version's user, it
    has read the other files too.
    """
    version = max(roll.entries, before.version + 1)
    local = county_client(home)
    authority = county_keys(home).authority
    passwords = password_line(LOCAL_USER, local.password)
    passwords += password_line(version_user(version), local.password)
    files = {
        "stations.crl": authority.revocation_list(before.due_serials(roll), number=version, now=now),
        STATIONS_LIST: before.due_list(roll).encode("ascii"),
        "local.acl": local_access().encode("ascii"),
        "local.passwords": passwords.encode("ascii"),
    }
    for name, content in files.items():
        write_for_broker(home, name, content)
    (home.broker / _EARLIER_LIST).unlink(missing_ok=True)
    return version


def broker_state(home: CountyHome, version: int) -> BrokerState:
    """Ask the running broker whether it uses the lists of ``version``."""
    if running_broker(home) is None:
        return BrokerState.DOWN
    let_in = probe(county_client(home), username=version_user(version), timeout_s=1.0)
    if let_in is None:
        return BrokerState.SILENT
    return BrokerState.IN_FORCE if let_in else BrokerState.BEHIND


def bring_into_force(home: CountyHome, *, version: int) -> bool:
    """Have a running broker read its files again, and return whether it uses the lists of ``version`` in time.

    The broker is told again if it answers but still uses other lists, because it loses a SIGHUP that comes while it
    reads. It is not told while it does not answer, because then it may be reading.
    """
    pid = running_broker(home)
    if pid is None:
        return False
    state = BrokerState.BEHIND
    tell_from = 0.0
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    while time.monotonic() < deadline:
        if state is BrokerState.BEHIND and time.monotonic() >= tell_from:
            pause_s = tell_broker(home, pid, Order.RELOAD)
            if pause_s is None:
                return False
            tell_from = time.monotonic() + pause_s
        state = broker_state(home, version)
        if state is BrokerState.IN_FORCE:
            return True
        # A pause that ends at once if the broker dies.
        if wait_gone(pid, timeout_s=_PAUSE_S):
            return False
    return False


def version_user(version: int) -> str:
    """Return the local user that exists only in this version of the lists."""
    return f"version-{version}"


def station_list(live: dict[str, JournalStation]) -> str:
    """Return the list of the plugin: each live station with the shards in which it may speak.

    They are the one that it was enrolled in and the one that a county with several workers gives it at its next renewal
    (`server_broker.platform.shards`). So nobody has to write the list anew when a station moves. Who is not on the list
    may do nothing.
    """
    lines = [f"{station} {known.enrolled.shard} {shard_of(station)}" for station, known in sorted(live.items())]
    return "\n".join(["# Written by cunhui-server; whoever is not named may do nothing.", *lines]) + "\n"


def local_access() -> str:
    """Return the access list of the county's own clients.

    They read what stations send and what the plugin tells, and write to stations.
    """
    lines = ["# Written by cunhui-server.", f"user {LOCAL_USER}"]
    lines += [f"topic read cunhui/1/+/+/{leaf}" for leaf in (*topics.UP, refusals.LEAF)]
    lines += [f"topic write cunhui/1/+/+/{leaf}" for leaf in topics.DOWN]
    return "\n".join(lines) + "\n"
