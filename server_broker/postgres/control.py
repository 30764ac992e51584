"""Start, watch and stop the private cluster."""

import os
import shutil
import signal
import subprocess
import time

import psycopg
from psycopg import sql

from server_broker.platform.home import DATABASE, ROLE, CountyHome
from server_broker.platform.processes import Program, ServiceError, account_for, end, running_pid
from server_broker.postgres.debian import bin_folder
from server_broker.postgres.folder import DATA, SUPERUSER, prepare

START_TIMEOUT_S = 60.0
"""After a power cut the cluster first replays its log."""
_SOCKET_PATH_BYTES = 107
"""sun_path holds 108 bytes with the final zero (unix(7))."""
_POLL_S = 0.05


def program(home: CountyHome) -> Program:
    """Return the server of a prepared cluster, to be run in the foreground.

    Raises:
        ServiceError: PostgreSQL is not installed, or the socket's path is too long for the kernel (unix(7)).
    """
    socket = home.postgres_socket / ".s.PGSQL.5432"
    if len(os.fsencode(socket)) > _SOCKET_PATH_BYTES:
        raise ServiceError(f"县平台文件夹的路径太长，请用短一些的 --home：{socket}")
    postgres = bin_folder(home.postgres_data) / "postgres"
    return Program([str(postgres), "-D", DATA], home.postgres_data, account_for("postgres"))


def start(home: CountyHome) -> None:
    """Start the cluster, and make it the first time. Return once it answers and has the county's database.

    If it runs already nothing is done. A killed postmaster leaves workers behind for a moment, and they keep a new one
    from starting. So the start is tried again until the deadline.

    Raises:
        ServiceError: It does not come up.
    """
    if is_ready(home):
        return
    prepare(home)
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        process = program(home).start(home.logs / "postgres.log")
        try:
            wait_ready(home, process, deadline=deadline)
        except ServiceError:
            # A server that still runs but does not answer would only keep the next one from starting.
            if process.poll() is None or time.monotonic() > deadline:
                raise
        else:
            return


def wait_ready(home: CountyHome, process: "subprocess.Popen[bytes]", *, deadline: float) -> None:
    """Wait until ``process`` answers and the county's role and database are there.

    Args:
        deadline: `time.monotonic`, seconds.

    Raises:
        ServiceError: The process ended, or the deadline passed.
    """
    while not is_ready(home, database="postgres", role=SUPERUSER):
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise ServiceError(f"PostgreSQL 没有应答，请查看 {home.logs / 'postgres.log'}") from None
        else:
            raise ServiceError(f"PostgreSQL 退出了（{process.returncode}），请查看 {home.logs / 'postgres.log'}")
    make_database(home)


def make_database(home: CountyHome) -> None:
    """Make the role and the database of the county if they do not exist."""
    with psycopg.connect(host=str(home.postgres_socket), dbname="postgres", user=SUPERUSER, autocommit=True) as link:
        if not link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            link.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            name, owner = sql.Identifier(DATABASE), sql.Identifier(ROLE)
            link.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))


def is_ready(home: CountyHome, *, database: str = DATABASE, role: str = ROLE) -> bool:
    """Tell whether the cluster answers a query."""
    try:
        with psycopg.connect(host=str(home.postgres_socket), dbname=database, user=role, connect_timeout=5) as link:
            return link.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def pid(home: CountyHome) -> int | None:
    """Return the postmaster's process id, or None while it is down."""
    return running_pid(home.postgres_data / "postmaster.pid")


def stop(home: CountyHome) -> None:
    """Shut the cluster down cleanly (PostgreSQL's fast shutdown), if it runs."""
    number = pid(home)
    if number is not None:
        # Fast, not smart (SIGTERM): that would wait for every client to go.
        end(number, first=signal.SIGINT, timeout_s=30.0)


def destroy(home: CountyHome) -> None:
    """Stop the cluster and delete all its data."""
    stop(home)
    if home.postgres_data.exists():
        shutil.rmtree(home.postgres_data)
