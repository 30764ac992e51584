"""The private cluster comes up, comes up again after a crash, and lets in only whom it should."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from server_broker import postgres
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, wait_gone
from server_broker.postgres.debian import bin_folder
from tests.conftest import short_folder


@pytest.fixture
def home() -> Iterator[CountyHome]:
    with short_folder() as folder:
        home = CountyHome(folder / "county")
        postgres.start(home)
        yield home
        postgres.destroy(home)


def show(home: CountyHome, setting: str) -> str:
    with psycopg.connect(host=str(home.postgres_socket), dbname="cunhui", user="cunhui") as link:
        row = link.execute(f"SHOW {setting}").fetchone()
    assert row is not None
    return str(row[0])


def test_a_killed_postmaster_is_followed_by_a_new_one_with_the_same_rows(home: CountyHome) -> None:
    with psycopg.connect(host=str(home.postgres_socket), dbname="cunhui", user="cunhui") as link:
        link.execute("CREATE TABLE kept (n int)")
        link.execute("INSERT INTO kept VALUES (7)")
    first = postgres.pid(home)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert wait_gone(first, timeout_s=10)
    assert postgres.pid(home) is None

    postgres.start(home)

    assert postgres.pid(home) != first
    with psycopg.connect(host=str(home.postgres_socket), dbname="cunhui", user="cunhui") as link:
        assert link.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_commits_are_durable_and_no_port_is_open(home: CountyHome) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert show(home, setting) == "on"
    assert show(home, "listen_addresses") == ""
    assert show(home, "server_encoding") == "UTF8"


@pytest.mark.skipif(os.geteuid() != 0, reason="another account can be taken only by root")
def test_another_account_is_not_let_in(home: CountyHome) -> None:
    psql = bin_folder(home.postgres_data) / "psql"
    argv = [str(psql), "-h", str(home.postgres_socket), "-U", "cunhui", "-c", "SELECT 1", "cunhui"]
    own = subprocess.run(argv, capture_output=True, check=False)
    assert own.returncode == 0
    home.postgres_socket.chmod(0o777)  # the folder's own refusal apart, the server refuses too
    other = subprocess.run(argv, capture_output=True, check=False, text=True, user=65534, group=65534, extra_groups=[])
    assert other.returncode != 0


def test_starting_twice_and_stopping_twice_is_harmless(home: CountyHome) -> None:
    first = postgres.pid(home)
    postgres.start(home)
    assert postgres.pid(home) == first
    postgres.stop(home)
    postgres.stop(home)
    assert postgres.pid(home) is None
    assert not postgres.is_ready(home)


def test_a_folder_too_deep_for_a_socket_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="路径太长"):
        postgres.program(CountyHome(tmp_path / ("d" * 120)))


@pytest.mark.django_db
def test_the_test_database_has_every_table() -> None:
    assert {"fleet_station", "ingest_fact", "audit_auditentry"} <= set(connection.introspection.table_names())
