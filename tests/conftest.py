"""What every test shares: an own county folder, named before Django's settings are first read.

pytest-django reads the settings named in pyproject.toml before this file, so they are named here instead.
"""

import gc
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import django
import psycopg
import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from psycopg import sql

from server_broker import postgres
from server_broker.platform.home import CountyHome

COUNTY_FOLDER = Path(tempfile.mkdtemp(prefix="cunhui-", dir="/tmp"))
(COUNTY_FOLDER / "static").mkdir()
(COUNTY_FOLDER / "county.toml").write_text(
    'name = "示例县"\nhost = "127.0.0.1"\nweb_port = 1\nbroker_port = 2\nbroker_local_port = 3\n'
    # Where the tests run there may be no time service, and each page would say so.
    'clock = "manual"\n',
    encoding="utf-8",
)
os.environ["CUNHUI_HOME"] = str(COUNTY_FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
os.environ["TEXTUAL_FPS"] = "1000"
"""A screen is painted at once. Thousands of drawings that each wait for the next sixtieth of a second take minutes."""

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


@pytest.fixture(autouse=True)
def _same_log() -> Iterator[None]:
    """Take back where a verb made the log go. A test's own stream is closed after it, and logging would print a stack
    for each line of every later test."""
    before = _log_streams()
    yield
    after = _log_streams()
    for handler in set(after) - set(before):
        logging.root.removeHandler(handler)
    for handler in before:
        logging.root.addHandler(handler)  # which does nothing if it is there


def _log_streams() -> list[logging.Handler]:
    return [handler for handler in logging.root.handlers if type(handler) is logging.StreamHandler]


@pytest.hookimpl(wrapper=True, tryfirst=True)  # xdist reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Keep the tests of a file together, and one after the other all that start a village, a screen or a browser.

    Those and the proofs come first, because a few of their tests take as long as a hundred others. At the end there
    are small files, so that no worker waits long for the other one.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group_of(item.path)))
    yield
    sizes = Counter(_group_of(item.path) for item in items)
    proofs = str(Path(__file__).with_name("proofs"))

    def place(item: pytest.Item) -> tuple[int, int, str]:
        group = _group_of(item.path)
        return 0 if group == "heavy" else 1 if group.startswith(proofs) else 2, -sizes[group], group

    items.sort(key=place)


@cache
def _group_of(path: Path) -> str:
    here = Path(__file__).parent
    parts = path.relative_to(here).parts if path.is_relative_to(here) else ()
    return "heavy" if _HEAVY.intersection(parts) else str(path)


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
        # No test cuts the power of this cluster, and to empty its tables would wait for the disk thousands of times.
        link.execute("ALTER SYSTEM SET fsync = off")
        link.execute("ALTER SYSTEM SET full_page_writes = off")
        link.execute("SELECT pg_reload_conf()")
    yield home
    postgres.destroy(home)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(county_cluster: CountyHome) -> None:
    """Have the cluster up before pytest-django makes its test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Have tests with real transactions empty the tables behind them."""
    TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]


_SAME_FOR_ALL = {"django_content_type", "auth_permission"}
"""Tables whose rows follow from the models. Django would write them again after each test with real transactions."""


def empty_tables(_test: TransactionTestCase) -> None:
    """Empty the tables that a test has filled. Django's own flush empties hundreds, which takes many times as long."""
    with connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        asked = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables if name not in _SAME_FOR_ALL
        )
        cursor.execute(asked)
        filled = [name for (name,) in cursor.fetchall()]
    if filled:
        delete_all(filled)


def delete_all(tables: list[str]) -> None:
    """Delete all rows of tables, whatever guards them. TRUNCATE makes new files for them and all that refer to them."""
    settings = connection.settings_dict
    with psycopg.connect(host=settings["HOST"], dbname=settings["NAME"], user="postgres", autocommit=True) as link:
        link.execute("SET session_replication_role = replica")  # which heeds no trigger and no reference
        link.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in tables))
