"""A cluster that is restored from a repository, started, and looked at: for a proof on trial, and for a county that
comes back."""

import json
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from server_broker import postgres
from server_broker.attendance.tables import TOUCHES
from server_broker.backup.repository import SEGMENT_BYTES, Repository, lsn_bytes, segment_number
from server_broker.ingest.tables import FACTS
from server_broker.platform.home import DATABASE, CountyHome
from server_broker.platform.processes import ServiceError, account_for, end
from server_broker.postgres.folder import SUPERUSER

RECOVERED_WITHIN_S = 6 * 3600.0
"""A week's log of a large county takes minutes; of what takes hours, somebody should hear."""
_ROOM = 1.2
"""How much more room than the database a restored one takes, for its log."""
_POLL_S = 0.2
_BEFORE_MOMENT = "recovery ended before configured recovery target was reached"
"""PostgreSQL's own words for a moment after the last commit in the log."""


class LogEndedEarly(ServiceError):
    """The log ended before the moment that was asked for."""


def prepare_folders(home: CountyHome) -> None:
    """Make the folders that the cluster of a county needs."""
    for folder in (home.root, home.logs, home.postgres_socket):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    account = account_for("postgres")
    if account.gid is not None:
        home.root.chmod(0o711)
    home.postgres_data.mkdir(exist_ok=True, mode=0o700)
    account.own(home.postgres_data, 0o700)


def require_room(home: CountyHome) -> None:
    """Check that there is room to restore the cluster of the county in ``home``.

    Raises:
        ServiceError: There is not.
    """
    said = json.loads(Repository(home).run("--output=json", "info"))
    size = max(backup["info"]["size"] for backup in said[0]["backup"]) * _ROOM
    if (free := shutil.disk_usage(home.root).free) < size:
        raise ServiceError(f"磁盘不够：恢复数据库要 {size / 2**30:.1f} GB，{home.root} 只剩 {free / 2**30:.1f} GB")


def confined(home: CountyHome, repository: Path) -> list[str]:
    """Return what stands before a command so that it may write to the cluster in ``home`` and read ``repository``.

    The files of a cluster say what programs it runs (``recovery_end_command``, triggers at sign-in, libraries), and
    they are another account's than ours. By landlock(7), for which setpriv(1) needs no privilege, whatever runs there
    opens neither the county's keys nor anything else of ours. Modes of files it could change: the unit has a read-only
    view.
    """
    own = (home.postgres_data, home.postgres_socket, home.backup / "work", Path("/dev/shm"))  # noqa: S108 - PostgreSQL's
    rules = [
        *(f"execute,read-file,read-dir:{folder}" for folder in ("/usr", "/etc", "/proc")),
        "read-file,write-file,read-dir:/dev",
        *(f"read-file,read-dir:{folder}" for folder in (home.backup / "work", repository)),
        *(f":{folder}" for folder in own),
    ]
    named = [word for rule in rules for word in ("--landlock-rule", f"path-beneath:{rule}")]
    return ["setpriv", "--no-new-privs", "--landlock-access", "fs", *named, "--"]


def restore_cluster(home: CountyHome, *words: str, within: Sequence[str] = ()) -> None:
    """Restore the cluster of the county in ``home`` from the repository beside it.

    Args:
        words: Further options of pgBackRest.
        within: `confined`, or nothing.

    Raises:
        ServiceError: It failed.
    """
    Repository(home).run(*words, "restore", within=within)


@contextmanager
def running(home: CountyHome, *, within: Sequence[str] = ()) -> Iterator[None]:
    """Run the restored cluster until the block ends. In the block it has recovered to the end of what there is.

    Args:
        within: `confined`, or nothing.

    Raises:
        LogEndedEarly: It was restored to a moment after the end of its log.
        ServiceError: It does not start, or does not come to the end.
    """
    postgres.prepare(home)
    log = home.logs / "postgres.log"
    # What an earlier try has said there is not about this one.
    log.unlink(missing_ok=True)
    deadline = time.monotonic() + RECOVERED_WITHIN_S
    program = postgres.program(home)
    process = replace(program, argv=[*within, *program.argv]).start(log)
    try:
        try:
            # It may answer while it still recovers, for reading alone.
            postgres.wait_ready(home, process, deadline=deadline)
            while recovers(home):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ServiceError("恢复出来的数据库没有恢复到底")
                time.sleep(_POLL_S)
        except (ServiceError, psycopg.Error) as error:
            said = _said(log)
            failed = LogEndedEarly if _BEFORE_MOMENT in said else ServiceError
            last = " / ".join(said.splitlines()[-3:])[-400:]
            raise failed(f"恢复出来的数据库启动不了：{error}。{last}") from error
        yield
    finally:
        if process.poll() is None:
            # Not by its own pid file, in which it may name another process.
            end(process.pid, first=signal.SIGINT, timeout_s=30.0)
        process.wait()


def recovers(home: CountyHome) -> bool:
    """Tell whether the running cluster still replays its log."""
    return bool(_asked(home, "SELECT pg_is_in_recovery()")[0])


def require_end(home: CountyHome, last_segment: str) -> None:
    """Check that the running cluster has replayed the log into its last segment.

    PostgreSQL ends its recovery at the first segment that is missing or damaged, and says so in its log alone.

    Raises:
        ServiceError: It ended earlier.
    """
    files = sorted((home.postgres_data / "pg_wal").glob("*.history"))
    lines = [line for line in files[-1].read_text(encoding="utf-8").splitlines() if line.strip()] if files else []
    ended = lines[-1].split("\t")[1] if lines else "0/0"
    if lsn_bytes(ended) <= segment_number(last_segment) * SEGMENT_BYTES:
        raise ServiceError(f"数据库只恢复到 {ended}，日志 {last_segment} 没有用上：备份不完整")


def counted(home: CountyHome) -> dict[str, int]:
    """Return how many facts, touches and entries of the audit log the running cluster has."""
    tables = {"facts": FACTS.name, "touches": TOUCHES.name, "audit": "audit_auditentry"}
    return {name: int(_asked(home, f"SELECT count(*) FROM {table}")[0]) for name, table in tables.items()}  # noqa: S608


def _asked(home: CountyHome, query: str) -> tuple[int, ...]:
    with psycopg.connect(host=str(home.postgres_socket), dbname=DATABASE, user=SUPERUSER, connect_timeout=30) as link:
        row = link.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def _said(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
