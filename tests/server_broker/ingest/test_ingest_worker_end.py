"""However the worker ends, it takes leave of the broker and lets the shard's lease go."""

import threading

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from firmware_scripts.demo.processes import wait_until
from server_broker.ingest.lease import LOCK_SPACE
from server_broker.ingest.messages import Incoming
from server_broker.ingest.worker import Worker
from server_broker.platform.shards import Share
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)


class LeavingSource(RecordingSource):
    """Notes when it was started and stopped, and asks the worker to end after the first message."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.before_publish = lambda topic: stop.set()

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")


class BrokenSource(LeavingSource):
    """Fails as nothing but a bug would."""

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float, blobs: bool = True) -> list[Incoming]:
        raise ZeroDivisionError


def outsider() -> "psycopg.Connection[tuple[object, ...]]":
    """A connection of somebody else's."""
    name, folder = str(connection.settings_dict["NAME"]), str(settings.HOME.postgres_socket)
    return psycopg.connect(host=folder, dbname=name, user="cunhui", autocommit=True)


def leases() -> object:
    with outsider() as link:
        row = link.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert row is not None
    return row[0]


def test_told_to_stop_it_ends_with_what_is_in_hand_answered() -> None:
    stop, station = threading.Event(), StationDouble()
    station.enrol()
    source = LeavingSource(stop)
    source.waiting.append(station.add(touch()).facts_message())
    worker = Worker(source=source, key=Ed25519PrivateKey.generate(), share=Share(), clock=lambda: NOW, stop=stop)
    worker.run()
    assert source.calls == ["start", "stop"]
    assert ([receipt.through for receipt in source.receipts()], len(source.acknowledged)) == ([1], 1)
    # PostgreSQL frees a connection's locks a moment after the connection is closed.
    wait_until(lambda: leases() == 0, what="the lease's end", timeout_s=10)


def test_a_bug_ends_it_as_orderly() -> None:
    stop = threading.Event()
    source = BrokenSource(stop)
    worker = Worker(source=source, key=Ed25519PrivateKey.generate(), share=Share(), clock=lambda: NOW, stop=stop)
    with pytest.raises(ZeroDivisionError):
        worker.run()
    assert source.calls == ["start", "stop"]
    # PostgreSQL frees a connection's locks a moment after the connection is closed.
    wait_until(lambda: leases() == 0, what="the lease's end", timeout_s=10)


def test_while_another_holds_the_lease_nothing_is_listened_to() -> None:
    stop = threading.Event()
    source = LeavingSource(stop)
    worker = Worker(source=source, key=Ed25519PrivateKey.generate(), share=Share(), clock=lambda: NOW, stop=stop)
    thread = threading.Thread(target=worker.run)
    with outsider() as other:
        other.execute("SELECT pg_advisory_lock(%s, 0)", [LOCK_SPACE])
        thread.start()
        thread.join(0.8)
        assert source.calls == []
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert source.calls == ["stop"]
