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

from cryptography import x509

from protocol import topics
from server_broker.broker.config import ACCOUNT, LOCAL_USER, local_client_settings, password_line
from server_broker.broker.local import probe
from server_broker.home import CountyHome
from server_broker.service.control import pid_file
from server_broker.service.processes import account_for, alive, read_pid, wait_gone
from server_broker.trust.files import write_atomically
from server_broker.trust.journal import KnownStation, Standing, StationJournal
from server_broker.trust.keys import county_keys

RELOAD_TIMEOUT_S = 4.0
_PAUSE_S = 0.02
_USER = "user "


def refresh(home: CountyHome, *, now: dt.datetime) -> bool:
    """Write the lists from the journal and have a running broker take them.

    Returns:
        Whether a running broker is known to follow them. One that is down reads them when it starts.
    """
    with _one_at_a_time(home):
        standing = StationJournal(home).read()
        return bring_into_force(home, version=write_lists(home, standing, now=now))


def write_lists(home: CountyHome, standing: Standing, *, now: dt.datetime) -> int:
    """Write access list, revocation list and local passwords for what the journal says; return their version.

    The version grows whatever became of the journal, because a running broker heeds no list with a lower number.
    """
    before = _lists_before(home)
    version = max(standing.entries, before.version + 1)
    revoked = standing.revoked_serials | (before.revoked_serials if standing.bad_lines else set())
    account = account_for(ACCOUNT)
    local = local_client_settings(home)
    authority = county_keys(home).authority
    crl = authority.revocation_list(revoked, number=version, now=now)
    passwords = password_line(LOCAL_USER, local.password)
    passwords += password_line(version_user(version), local.password)
    files = {
        "stations.crl": crl,
        "stations.acl": station_access(standing.live(witnessed=before.stations)).encode("ascii"),
        "local.acl": local_access().encode("ascii"),
        "local.passwords": passwords.encode("ascii"),
    }
    for name, content in files.items():
        write_atomically(home.broker / name, content, account=account)
    return version


@dataclass(frozen=True)
class _Lists:
    """What the lists say that lie there now."""

    stations: frozenset[str] = frozenset()
    revoked_serials: frozenset[str] = frozenset()
    version: int = 0


def _lists_before(home: CountyHome) -> _Lists:
    try:
        access = (home.broker / "stations.acl").read_text("ascii", errors="replace")
        crl = x509.load_pem_x509_crl((home.broker / "stations.crl").read_bytes())
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (FileNotFoundError, ValueError):
        return _Lists()
    stations = (line.removeprefix(_USER) for line in access.splitlines() if line.startswith(_USER))
    return _Lists(frozenset(stations), frozenset(f"{one.serial_number:x}" for one in crl), number)


def bring_into_force(home: CountyHome, *, version: int) -> bool:
    """Have a running broker read its files again and wait until it has."""
    pid = read_pid(pid_file(home, "mosquitto"))
    if pid is None or not alive(pid):
        return False
    local = local_client_settings(home)
    deadline = time.monotonic() + RELOAD_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            os.kill(pid, signal.SIGHUP)
        except ProcessLookupError:
            return False
        if probe(local, username=version_user(version), timeout_s=1.0):
            return True
        if wait_gone(pid, timeout_s=_PAUSE_S):
            return False
    return False


def version_user(version: int) -> str:
    """Return the local user that exists from one version of the lists on until the next."""
    return f"version-{version}"


def station_access(live: dict[str, KnownStation]) -> str:
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
