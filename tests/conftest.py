"""What every test shares: an own county folder, named before Django's settings are first read.

pytest-django reads the settings named in pyproject.toml before this file, so they are named here instead.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from server_broker import postgres
from server_broker.platform.home import CountyHome

COUNTY_FOLDER = Path(tempfile.mkdtemp(prefix="cunhui-", dir="/tmp"))
(COUNTY_FOLDER / "static").mkdir()
(COUNTY_FOLDER / "county.toml").write_text(
    'name = "示例县"\nhost = "127.0.0.1"\nweb_port = 1\nbroker_port = 2\nbroker_local_port = 3\n', encoding="utf-8"
)
os.environ["CUNHUI_HOME"] = str(COUNTY_FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
os.environ.pop("CUNHUI_DATABASE_URL", None)

# How fast the machine draws examples is no property of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

_HEAVY = {"integration", "browser", "firmware_scripts", "link", "keys"}
_HEAVY |= {"test_terminal.py", "test_session.py", "test_kiosk_and_agent.py"}
"""Folders and files of tests that keep a core busy by themselves."""


def pytest_configure(config: pytest.Config) -> None:
    django.setup()
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        # This process runs no test. Those that do inherit its environment, and each names a folder of its own.
        del os.environ["DJANGO_SETTINGS_MODULE"], os.environ["CUNHUI_HOME"]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(COUNTY_FOLDER, ignore_errors=True)


@pytest.fixture(autouse=True)
def _same_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a verb tells the programs that it starts about its county, before the next test."""
    monkeypatch.setenv("CUNHUI_HOME", str(COUNTY_FOLDER))


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, and one after the other all that start a village, a screen or a browser."""
    here = Path(__file__).parent
    for item in items:
        heavy = _HEAVY.intersection(item.path.relative_to(here).parts) if item.path.is_relative_to(here) else set()
        item.add_marker(pytest.mark.xdist_group("heavy" if heavy else str(item.path)))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking over the collected tests again and again: they live until the end."""
    gc.collect()
    gc.freeze()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder with a path short enough for unix sockets (unix(7): 107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="ch-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def county_cluster() -> Iterator[CountyHome]:
    """One private PostgreSQL cluster for all tests that need one, real and on its own socket."""
    home = CountyHome(COUNTY_FOLDER)
    postgres.start(home)
    with psycopg.connect(host=str(home.postgres_socket), dbname="postgres", user="postgres", autocommit=True) as link:
        link.execute("ALTER ROLE cunhui CREATEDB")  # for the test database; a county's own role may not
    yield home
    postgres.destroy(home)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(county_cluster: CountyHome) -> None:
    """Have the cluster up before pytest-django makes its test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests with real transactions empty the tables behind them that only the runner may TRUNCATE."""
    with django_db_blocker.unblock():
        let_tables_be_emptied()


def let_tables_be_emptied() -> None:
    """Switch off what keeps tables from TRUNCATE. A test that migrates has it switched on again, and so calls this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%_no_truncate'")
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
