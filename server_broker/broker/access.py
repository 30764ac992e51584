"""The lists that say who may connect and on which topics, and how they reach a running broker.

Mosquitto does not tell when it has read its files again. So each version of the lists adds a user of its own,
named after the version, to the local password file: once that user is let in, the version is in force.

A damaged journal never widens them: who is in doubt by it stays on the list only who is on it, and whose certificate
is revoked stays so.
"""

import datetime as dt
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from cryptography import x509

from protocol import topics
from server_broker.broker.config import ACCOUNT, LOCAL_USER, local_client_settings, password_line
from server_broker.broker.local import probe
from server_broker.platform.control import pid_file
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import account_for, alive, read_pid, wait_gone
from server_broker.trust.journal import JournalStation, StationJournal, StationRoll
from server_broker.trust.keys import county_keys
from server_broker.trust.reserve import write_with_reserve

RELOAD_TIMEOUT_S = 4.0
_PAUSE_S = 0.02
_USER = "user "


class BrokerState(Enum):
    """What a running broker makes of the lists on disk."""

    DOWN = "down"
    """None runs: it reads them when it starts."""
    SILENT = "silent"
    """It does not answer, as long as it reads its files or is stuck."""
    BEHIND = "behind"
    """It follows others."""
    IN_FORCE = "in force"


def refresh(home: CountyHome, *, now: dt.datetime) -> bool:
    """Have the lists on disk and a running broker follow the journal; what does so already is left as it is.

    Returns:
        Whether a running broker is known to follow them. One that is down reads them when it starts.

    Raises:
        OSError: They could not be written, not even in the room that is kept for them.
    """
    with _one_at_a_time(home):
        roll = StationJournal(home).read()
        lists = lists_on_disk(home)
        # Asked in any case: a broker that answers is not half through reading what is replaced below.
        state = broker_state(home, lists.version)
        if state is BrokerState.IN_FORCE and lists.match(roll):
            return True
        version = write_with_reserve(home.broker, lambda: write_lists(home, roll, lists, now=now))
        return bring_into_force(home, version=version)


def follows_journal(home: CountyHome) -> bool:
    """Tell whether a broker runs and lets in whom the journal lets in, and nobody else."""
    lists = lists_on_disk(home)
    return lists.match(StationJournal(home).read()) and broker_state(home, lists.version) is BrokerState.IN_FORCE


@dataclass(frozen=True)
class BrokerLists:
    """What the lists say that lie on disk: who may do what, which certificates count no more, and their version."""

    access: str = ""
    revoked_serials: frozenset[str] = frozenset()
    version: int = 0

    @property
    def stations(self) -> set[str]:
        """Who may connect."""
        return {line.removeprefix(_USER) for line in self.access.splitlines() if line.startswith(_USER)}

    def match(self, roll: StationRoll) -> bool:
        """Tell whether they are what follows from ``roll``."""
        return (self.access, self.revoked_serials) == (self.due_access(roll), self.due_serials(roll))

    def due_access(self, roll: StationRoll) -> str:
        """Return the access list that is to follow this one."""
        return station_access(roll.live(witnessed=self.stations))

    def due_serials(self, roll: StationRoll) -> frozenset[str]:
        """Return what the revocation list that is to follow this one names."""
        kept = self.revoked_serials if roll.bad_lines else frozenset()
        return frozenset(roll.revoked_serials) | kept


def lists_on_disk(home: CountyHome) -> BrokerLists:
    """Return what lies there; lists that nobody can read say nothing."""
    try:
        access = (home.broker / "stations.acl").read_text("ascii", errors="replace")
        crl = x509.load_pem_x509_crl((home.broker / "stations.crl").read_bytes())
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (FileNotFoundError, ValueError):
        return BrokerLists()
    return BrokerLists(access, frozenset(f"{one.serial_number:x}" for one in crl), number)


def write_lists(home: CountyHome, roll: StationRoll, before: BrokerLists, *, now: dt.datetime) -> int:
    """Write access list, revocation list and local passwords for what the journal says; return their version.

    The version grows whatever became of the journal, because a running broker heeds no list with a lower number. The
    passwords name it and come last: whoever finds the broker letting that user in knows that it has read the rest.
    """
    version = max(roll.entries, before.version + 1)
    account = account_for(ACCOUNT)
    local = local_client_settings(home)
    authority = county_keys(home).authority
    passwords = password_line(LOCAL_USER, local.password)
    passwords += password_line(version_user(version), local.password)
    files = {
        "stations.crl": authority.revocation_list(before.due_serials(roll), number=version, now=now),
        "stations.acl": before.due_access(roll).encode("ascii"),
        "local.acl": local_access().encode("ascii"),
        "local.passwords": passwords.encode("ascii"),
    }
    for name, content in files.items():
        write_atomically(home.broker / name, content, account=account)
    return version


def running_broker(home: CountyHome) -> int | None:
    """Return the process id of the broker that runs."""
    pid = read_pid(pid_file(home, "mosquitto"))
    return pid if pid is not None and alive(pid) else None


def broker_state(home: CountyHome, version: int) -> BrokerState:
    """Ask the running broker whether it follows the lists of ``version``."""
    if running_broker(home) is None:
        return BrokerState.DOWN
    let_in = probe(local_client_settings(home), username=version_user(version), timeout_s=1.0)
    if let_in is None:
        return BrokerState.SILENT
    return BrokerState.IN_FORCE if let_in else BrokerState.BEHIND


def bring_into_force(home: CountyHome, *, version: int) -> bool:
    """Have a running broker read its files again and wait until it has.

    It is asked again where it still follows others, because it forgets a SIGHUP that comes while it reads; not where
    it does not answer, because then it may be reading.
    """
    pid = running_broker(home)
    if pid is None:
        return False
    state = BrokerState.BEHIND
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    while time.monotonic() < deadline:
        if state is BrokerState.BEHIND:
            try:
                os.kill(pid, signal.SIGHUP)
            except ProcessLookupError:
                return False
        state = broker_state(home, version)
        if state is BrokerState.IN_FORCE:
            return True
        if wait_gone(pid, timeout_s=_PAUSE_S):
            return False
    return False


def version_user(version: int) -> str:
    """Return the local user that exists from one version of the lists on until the next."""
    return f"version-{version}"


def station_access(live: dict[str, JournalStation]) -> str:
    """Return Mosquitto's access list: for each live station its own topics in full, nothing for anyone else."""
    blocks = []
    for station, known in sorted(live.items()):
        shard = known.enrolled.shard
        lines = [f"{_USER}{station}"]
        lines += [f"topic write {topics.topic(shard=shard, station=station, leaf=leaf)}" for leaf in topics.UP]
        lines += [f"topic read {topics.topic(shard=shard, station=station, leaf=leaf)}" for leaf in topics.DOWN]
        blocks.append("\n".join(lines))
    return "\n\n".join(["# Written by cunhui-server; whoever is not named may do nothing.", *blocks]) + "\n"


def local_access() -> str:
    """Return the access list of the county's own clients: they hear what stations say, and answer."""
    lines = ["# Written by cunhui-server.", f"user {LOCAL_USER}"]
    lines += [f"topic read cunhui/1/+/+/{leaf}" for leaf in topics.UP]
    lines += [f"topic write cunhui/1/+/+/{leaf}" for leaf in topics.DOWN]
    return "\n".join(lines) + "\n"


@contextmanager
def _one_at_a_time(home: CountyHome) -> Iterator[None]:
    descriptor = os.open(home.trust / "access.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
