"""Who knows the hash of another township's picture sees no picture by it, though one of his stations asks for it."""

import hashlib
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED
from server_broker.media.senders import mark_senders
from tests.cast import OTHER_TOWNSHIP_OFFICER, SHILI, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.picture_sender import CHUNK, Sender, jpeg
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _emptied_folder() -> Iterator[None]:
    yield
    for path in settings.HOME.media.rglob("*"):
        if path.is_file():
            path.unlink()


def sender(name: str, data: bytes) -> Sender:
    double = StationDouble(id=name)
    Station.objects.filter(pk=name).update(record_key=double.public)
    return Sender(double, BatchProcessor(clock=lambda: NOW), data)


def pictures_seen(client: Client, data: bytes) -> list[int]:
    """Return the answers to all pictures of that hash that the county knows."""
    known = Blob.objects.filter(sha256=hashlib.sha256(data).digest()).order_by("station_id")
    return [client.get(f"/snapshots/{blob.pk}.jpg").status_code for blob in known]


def test_an_officer_sees_no_picture_of_another_township_by_its_hash() -> None:
    make_county()
    data = jpeg()
    theirs = sender(YANGBAN, data)
    theirs.announce()
    theirs.all()
    officer = signed_in(TOWNSHIP_OFFICER)
    assert pictures_seen(signed_in(OTHER_TOWNSHIP_OFFICER), data) == [200]
    assert pictures_seen(officer, data) == [404]
    ours = sender(SHILI, data)
    never_heard_of = Sender(ours.station, ours.processor, jpeg(shade=50)).missing()
    assert [len(gap) for gap in (ours.missing(), never_heard_of)] == [1, 1], "the answer tells nothing"
    ours.announce()
    ours.chunk(0)
    assert ours.missing() == [(CHUNK, len(data))]
    assert pictures_seen(officer, data) == [404, 404]


def test_bytes_from_before_senders_were_marked_are_found_after_a_restore() -> None:
    """Only the row of the sender is lost by a restore of a dump that is older; the county knows it by its mark."""
    make_county()
    data, gone = jpeg(), jpeg(shade=50)
    for one in (sender(YANGBAN, data), sender(SHILI, gone)):
        one.announce()
        one.all()
    folder = MediaFolder(settings.HOME.media)
    marks = [mark for station in (SHILI, YANGBAN) for mark in settings.HOME.media.glob(f"??/*.{station}")]
    assert len(marks) == 2
    for mark in marks:
        mark.unlink()
    Blob.objects.filter(station=SHILI).update(evicted_reason=EXPIRED)
    assert mark_senders(folder) == 1
    assert not folder.has_of(SHILI, hashlib.sha256(gone).digest())
    assert not folder.has_of(SHILI, hashlib.sha256(data).digest())
    Blob.objects.all().delete()
    assert sender(YANGBAN, data).missing() == []


def test_senders_are_marked_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    folder = MediaFolder(settings.HOME.media)
    assert mark_senders(folder) == 0
    with django_assert_num_queries(0):
        assert mark_senders(folder) == 0
