"""Pictures keep nobody's facts: a step gives them so much time, and what is left of them waits for births and facts."""

import hashlib
from collections.abc import Iterator

import pytest
from django.conf import settings

from protocol.blobs import BlobChunk, BlobQuery
from protocol.codec import encode
from server_broker.ingest import pictures as pictures_module
from server_broker.ingest.inbox import FairInbox, precedence_of
from server_broker.ingest.messages import Incoming
from server_broker.ingest.pictures import BLOBS_OF_ONE
from server_broker.ingest.worker import Worker
from server_broker.media.models import Blob
from tests.server_broker.ingest.one_worker import source, worker
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["source", "worker"]

PICTURES = 10


@pytest.fixture(autouse=True)
def _no_time_for_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_module, "BLOBS_S", 0.0)


@pytest.fixture
def pictures(station: StationDouble) -> Iterator[list[Incoming]]:
    """Each is whole in one piece, and is asked about afterwards."""
    sent = []
    for number in range(PICTURES):
        data = jpeg(16, 16, shade=number + 1)
        sha256 = hashlib.sha256(data).digest()
        chunk = BlobChunk(station=station.id, sha256=sha256, size=len(data), offset=0, data=data)
        query = BlobQuery(station=station.id, sha256=sha256, size=len(data))
        sent += [station.message("blob", encode(chunk)), station.message("asked", encode(query))]
    yield sent
    for path in settings.HOME.media.rglob("*"):
        if path.is_file():
            path.unlink()


def done_pictures(source: RecordingSource) -> int:
    return sum(message.leaf in ("blob", "asked") for message in source.acknowledged)


def test_facts_and_births_go_before_what_is_left_of_pictures(
    station: StationDouble, pictures: list[Incoming], source: RecordingSource, worker: Worker
) -> None:
    source.waiting += pictures
    assert worker.step(timeout_s=0) == BLOBS_OF_ONE
    before: list[int] = []
    source.before_publish = lambda topic: (
        before.append(done_pictures(source)) if topic.endswith(("/receipt", "/welcome")) else None
    )
    source.waiting += [station.add(touch()).facts_message(), station.birth()]
    assert worker.step(timeout_s=0) == BLOBS_OF_ONE + 2
    assert before == [BLOBS_OF_ONE, BLOBS_OF_ONE]
    assert done_pictures(source) == 2 * BLOBS_OF_ONE


def test_all_are_done_in_their_order_and_acknowledged_once(
    pictures: list[Incoming], source: RecordingSource, worker: Worker
) -> None:
    source.waiting += pictures
    steps = 0
    while worker.step(timeout_s=0):
        steps += 1
    assert steps == len(pictures) / BLOBS_OF_ONE
    assert source.acknowledged == pictures
    assert sum(topic.endswith("/missing") for topic, _ in source.published) == PICTURES
    assert Blob.objects.filter(viewable=True).count() == PICTURES


def test_no_more_of_them_are_taken_while_some_wait(
    station: StationDouble, pictures: list[Incoming], source: RecordingSource, worker: Worker
) -> None:
    source.waiting += pictures[:4]
    worker.step(timeout_s=0)
    source.waiting += [*pictures[4:], station.add(touch()).facts_message()]
    worker.step(timeout_s=0)
    assert list(source.waiting) == pictures[4:]
    assert done_pictures(source) == 4
    while worker.step(timeout_s=0):
        pass
    assert [one for one in source.acknowledged if one.leaf != "facts"] == pictures


def test_stations_share_a_batch(
    station: StationDouble, pictures: list[Incoming], source: RecordingSource, worker: Worker
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    query = encode(BlobQuery(station=other.id, sha256=bytes(32), size=9))
    source.waiting += [*pictures, *(other.message("asked", query) for _ in range(3))]
    assert worker.step(timeout_s=0) == 2 * BLOBS_OF_ONE
    assert {message.station for message in source.acknowledged} == {station.id, other.id}
    assert worker.step(timeout_s=0) == BLOBS_OF_ONE + 1


def test_a_step_that_has_the_time_does_all(
    pictures: list[Incoming], source: RecordingSource, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_module, "BLOBS_S", 600.0)
    source.waiting += pictures
    assert worker.step(timeout_s=0) == len(pictures)


def test_the_inbox_keeps_pictures_back_when_told_to(station: StationDouble, pictures: list[Incoming]) -> None:
    inbox = FairInbox(lambda: 0.0)
    for message in (pictures[0], station.birth()):
        inbox.put(inbox.queue(message.topic), message)
    assert [one.leaf for one in inbox.take(max_messages=9, max_bytes=2**20, blobs=False)] == ["birth"]
    assert [precedence_of(one).name for one in inbox.take(max_messages=9, max_bytes=2**20)] == ["BLOBS"]
