"""A station learns the time whatever backlog comes: births go before facts, in a transaction of their own."""

import threading
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from protocol.topics import parse
from server_broker.ingest.inbox import FairInbox
from server_broker.ingest.intake import Intake
from server_broker.ingest.worker import BATCH_BYTES, Worker
from server_broker.platform.shards import Share
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source() -> RecordingSource:
    return RecordingSource()


@pytest.fixture
def worker(source: RecordingSource) -> Iterator[Worker]:
    yield Worker(
        source=source, key=Ed25519PrivateKey.generate(), share=Share(), clock=lambda: NOW, stop=threading.Event()
    )
    connection.close()


@pytest.fixture
def busy() -> StationDouble:
    station = StationDouble()
    station.enrol()
    return station.add(touch(), touch())


@pytest.fixture
def asking() -> StationDouble:
    station = StationDouble(id="shili-02")
    station.enrol()
    return station


def leaves(source: RecordingSource) -> list[str]:
    return [parse(topic).leaf for topic, _ in source.published]


def test_a_birth_is_answered_before_the_facts_that_came_before_it(
    busy: StationDouble, asking: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    done_before: list[list[str]] = []
    source.before_publish = lambda topic: (
        done_before.append([m.leaf for m in source.acknowledged]) if topic.endswith("/receipt") else None
    )
    source.waiting += [busy.facts_message(1, 1), busy.facts_message(2, 2), asking.birth()]
    worker.step(timeout_s=0)
    assert leaves(source)[0] == "welcome"
    assert done_before == [["birth"]]
    assert [receipt.through for receipt in source.receipts()] == [2]


def test_facts_that_cannot_be_processed_hold_up_no_birth(
    busy: StationDouble,
    asking: StationDouble,
    source: RecordingSource,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def dies(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(Intake, "take", dies)
    source.waiting += [busy.facts_message(), asking.birth()]
    with pytest.raises(Killed):
        worker.step(timeout_s=0)
    assert leaves(source)[0] == "welcome"
    assert [message.leaf for message in source.acknowledged] == ["birth"]


def test_a_batch_of_facts_is_short() -> None:
    """A birth that comes meanwhile waits for its end, and a welcome counts for 2 s."""
    assert BATCH_BYTES <= 2**20


def test_the_source_hands_out_births_first(busy: StationDouble, asking: StationDouble) -> None:
    inbox = FairInbox(lambda: 0.0)
    for incoming in (busy.facts_message(), busy.vitals(), asking.birth()):
        inbox.put(inbox.queue(incoming.topic), incoming)
    drained = inbox.take(max_messages=2, max_bytes=2**20)
    assert [parse(message.topic).leaf for message in drained] == ["birth", "facts"]
    assert [parse(m.topic).leaf for m in inbox.take(max_messages=2, max_bytes=2**20)] == ["vitals"]
