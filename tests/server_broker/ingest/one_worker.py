"""One ingest worker with a source that a test fills, and another's look at what is committed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from server_broker.ingest.worker import Worker
from server_broker.platform.shards import Share
from server_broker.postgres.folder import SUPERUSER
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def source() -> RecordingSource:
    return RecordingSource()


def make_worker(source: RecordingSource, stop: threading.Event | None = None) -> Worker:
    return Worker(source=source, key=KEY, share=Share(), clock=lambda: NOW, stop=stop or threading.Event())


@pytest.fixture
def worker(source: RecordingSource) -> Iterator[Worker]:
    yield make_worker(source)
    connection.close()


@contextmanager
def outsider(database: str | None = None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection of somebody else's: it sees only what is committed."""
    name = database or str(connection.settings_dict["NAME"])
    user = "cunhui" if database is None else SUPERUSER
    with psycopg.connect(host=str(settings.HOME.postgres_socket), dbname=name, user=user, autocommit=True) as link:
        yield link


def committed_facts() -> object:
    with outsider() as link:
        row = link.execute("SELECT count(*) FROM ingest_fact").fetchone()
    assert row is not None
    return row[0]


@contextmanager
def refusing(table: str, sqlstate: str, condition: str = "true") -> Iterator[None]:
    """Have PostgreSQL refuse rows with an SQLSTATE of its own."""
    with outsider() as link:
        link.execute(
            f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END IF;
            RETURN NEW; END $$"""
        )
        link.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        yield
    finally:
        with outsider() as link:
            link.execute("DROP FUNCTION refuse CASCADE")


@contextmanager
def computing(table: str, seconds: float, condition: str = "true") -> Iterator[None]:
    """Have PostgreSQL compute for some seconds at each row that is stored."""
    with outsider() as link:
        link.execute(
            f"""CREATE FUNCTION compute() RETURNS trigger LANGUAGE plpgsql AS
            $$ DECLARE until timestamptz := clock_timestamp() + interval '{seconds} s';
            BEGIN IF {condition} THEN WHILE clock_timestamp() < until LOOP END LOOP; END IF; RETURN NEW; END $$"""
        )
        link.execute(f"CREATE TRIGGER compute BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION compute()")
    try:
        yield
    finally:
        with outsider() as link:
            link.execute("DROP FUNCTION compute CASCADE")
