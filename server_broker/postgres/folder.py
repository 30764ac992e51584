"""Make a cluster's data folder and write its configuration.

The server is started in its data folder and uses the path ``/proc/self/cwd`` for it. If we are root it runs under the
account ``postgres``, and that account may not be allowed to enter the folders above the county's folder.
"""

import os
import shutil
import subprocess

from server_broker.platform.files import write_atomically
from server_broker.platform.home import ROLE, CountyHome
from server_broker.platform.processes import Account, ServiceError, account_for, own_name
from server_broker.postgres.debian import bin_folder

DATA = "/proc/self/cwd"
SUPERUSER = "postgres"

_SERVER = """\
# Written by cunhui-server at each start; put your own settings into postgresql.auto.conf (ALTER SYSTEM).
listen_addresses = ''
unix_socket_directories = '../run'
unix_socket_permissions = 0777
port = 5432
fsync = on
full_page_writes = on
synchronous_commit = on
max_connections = 100
shared_buffers = {buffers_mb}MB
jit = off
wal_level = replica
archive_mode = on
archive_command = '{archive}'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%a '
"""
"""``buffers_mb`` is `_buffers_mb`, ``archive`` is `_ARCHIVE`. ``fsync``, ``full_page_writes`` and
``synchronous_commit`` are PostgreSQL's defaults. They are written all the same, because a receipt promises that facts
survive a power cut after the COMMIT. By the socket's mode every account may connect; ``pg_hba.conf`` decides which of
them gets in. Most queries here take milliseconds, and compiling one (``jit``) takes longer than it saves.
"""

PGBACKREST = f"pgbackrest --config={DATA}/../backup/work/pgbackrest.conf --stanza=county"
"""How pgBackRest is called in the data folder. All its paths are relative to that folder: it is `DATA` for it too."""
_ARCHIVE = f"test ! -e ../backup/work/pgbackrest.conf || exec {PGBACKREST} archive-push %p"
"""Where no backup is set up there is no such file, and PostgreSQL may forget its log: to begin with one needs no
restart then."""

_ACCESS = "# TYPE DATABASE USER METHOD\nlocal all all peer map=county\n"
"""No passwords: the kernel tells the server which account connects, and ``pg_ident.conf`` which role it may use."""


def prepare(home: CountyHome, *, service: str = "") -> None:
    """Make the data folder if it does not exist, and write the configuration.

    Args:
        service: The account of the county's service, if it is not the caller's. It gets the county's database and no
            more.

    Raises:
        ServiceError: PostgreSQL is not installed, or initdb failed; nothing that it made is left then.
    """
    account = account_for("postgres")
    if not home.by_units:  # tmpfiles.d(5) has made them, and the server's unit sees no more than it needs
        _make_folders(home, account)
    if not (home.postgres_data / "PG_VERSION").exists():
        _initialise(home, account)
    roles = {own_name(): (ROLE, SUPERUSER), "postgres": (ROLE, SUPERUSER)} | ({service: (ROLE,)} if service else {})
    mapping = "".join(f"county {name} {role}\n" for name in sorted(roles) for role in roles[name])
    # Written at each start, so that an upgrade's changes come into force.
    for name, text in (
        ("postgresql.conf", _SERVER.format(buffers_mb=_buffers_mb(), archive=_ARCHIVE)),
        ("pg_hba.conf", _ACCESS),
        ("pg_ident.conf", mapping),
    ):
        # In its place: whoever writes through it would follow a link, which the server's account may have put there.
        write_atomically(home.postgres_data / name, text.encode("ascii"), account=account)


def _make_folders(home: CountyHome, account: Account) -> None:
    home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.logs.mkdir(exist_ok=True, mode=0o700)
    home.postgres_socket.mkdir(exist_ok=True, mode=0o700)
    if account.gid is not None:
        home.root.chmod(0o711)  # the other accounts may enter their own folders below, but not list this one
        # The server makes its socket here.
        os.chown(home.postgres_socket, -1, account.gid)
        home.postgres_socket.chmod(0o770)


def _buffers_mb() -> int:
    """Return how much memory PostgreSQL shares among its processes: a sixteenth of the machine's, from 128 to 512 MB.

    A month of a large county's results is about 150 MB, and is read again for each sheet.
    """
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(512, max(128, machine // 16 // 2**20))


def _initialise(home: CountyHome, account: Account) -> None:
    programs = bin_folder(home.postgres_data)
    home.postgres_data.mkdir(exist_ok=True, mode=0o700)
    account.own(home.postgres_data, 0o700)
    made = subprocess.run(  # noqa: S603 - argv is ours, no shell
        [
            str(programs / "initdb"),
            "--pgdata", DATA,
            "--username", SUPERUSER,
            "--encoding", "UTF8",
            "--locale", "C.UTF-8",
            "--auth", "peer",
            "--data-checksums",
            "--no-instructions",
        ],
        cwd=home.postgres_data,
        capture_output=True,
        text=True,
        check=False,
        user=account.uid,
        group=account.gid,
        extra_groups=None if account.uid is None else [],
    )  # fmt: skip
    # A half-made folder would look like a cluster at the next start.
    if made.returncode != 0:
        # The folder itself stays where its account may not remove it, and initdb takes an empty one.
        shutil.rmtree(home.postgres_data, ignore_errors=True)
        raise ServiceError(f"数据库没有建成（initdb）：{made.stderr.strip()[-400:]}")
