"""What a blob is for, and so how long it is kept, is what its station said of it first."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from protocol.facts import BlobAnnounced
from protocol.units import FactRef
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.media.models import Blob
from server_broker.media.retention import drop_expired
from server_broker.retention.keepings import PICTURES_KEPT, blobs_kept
from tests.server_broker.picture_sender import Sender, jpeg
from tests.server_broker.station_double import NOW, StationDouble, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(station: StationDouble) -> Iterator[Sender]:
    yield Sender(station, BatchProcessor(clock=lambda: NOW), jpeg(shade=70))
    for path in settings.HOME.media.rglob("*"):
        if path.is_file():
            path.unlink()


def announce(sender: Sender, *purposes: str, about: FactRef | None = None, media_type: str = "image/jpeg") -> None:
    """Announce the picture once for each purpose, in one message."""
    first = len(sender.station.sealed) + 1
    for purpose in purposes:
        fact = BlobAnnounced(
            at=moment(),
            sha256=sender.sha256,
            size=len(sender.data),
            media_type=media_type,
            purpose=purpose,  # type: ignore[arg-type]  # any of the closed list
            about=about,
        )
        sender.station.add(fact)
    sender.processor.process_batch([sender.station.facts_message(first)])


def alarms() -> list[tuple[str, int]]:
    return list(Alarm.objects.filter(resolved_at=None).values_list("code", "count"))


def test_a_second_announcement_keeps_no_picture_longer(sender: Sender) -> None:
    announce(sender, "touch")
    sender.all()
    announce(sender, "record", about=FactRef(epoch=bytes(16), seq=9), media_type="application/pdf")
    blob = Blob.objects.get()
    assert (blob.purpose, blob.media_type, blob.about_seq, blob.viewable) == ("touch", "image/jpeg", None, True)
    assert alarms() == [("purpose_changed", 1)]
    assert Fact.objects.filter(kind="blob_announced", body__isnull=False).count() == 2, "both are evidence"
    assert drop_expired(NOW + timedelta(days=91), kept=blobs_kept(), otherwise=PICTURES_KEPT) == 1


def test_the_first_of_one_message_counts_too(sender: Sender) -> None:
    announce(sender, "door", "paper", "clip")
    assert Blob.objects.get().purpose == "door"
    assert alarms() == [("purpose_changed", 2)]


def test_the_same_purpose_again_is_nothing_to_tell(sender: Sender) -> None:
    announce(sender, "record", "record")
    announce(sender, "record")
    assert alarms() == []


def test_bytes_that_came_before_are_for_what_the_first_announcement_says(sender: Sender) -> None:
    sender.all()
    assert Blob.objects.get().purpose == ""
    announce(sender, "record")
    blob = Blob.objects.get(sha256=hashlib.sha256(sender.data).digest())
    assert (blob.purpose, blob.announced_at) == ("record", NOW)
    assert alarms() == []
