"""Who knows the hash of another township's picture sees no picture by it, though one of his stations asks for it."""

import hashlib
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from server_broker.accounts.models import Role
from server_broker.fleet.models import Station
from server_broker.ingest.settlement import Settlement
from server_broker.media.models import Blob
from tests.server_broker.console_county import TOWN_A, TOWN_B, client_for, make_county, user_of
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
    return Sender(double, Settlement(clock=lambda: NOW), data)


def pictures_seen(client: Client, data: bytes) -> list[int]:
    """Return the answers to all pictures of that hash that the county knows."""
    known = Blob.objects.filter(sha256=hashlib.sha256(data).digest()).order_by("station_id")
    return [client.get(f"/snapshots/{blob.pk}.jpg").status_code for blob in known]


def test_an_officer_sees_no_picture_of_another_township_by_its_hash() -> None:
    make_county()
    data = jpeg()
    theirs = sender("station-b", data)
    theirs.announce()
    theirs.all()
    officer = client_for(user_of(Role.OFFICER, TOWN_A))
    assert pictures_seen(client_for(user_of(Role.OFFICER, TOWN_B, "other")), data) == [200]
    assert pictures_seen(officer, data) == [404]
    ours = sender("station-a", data)
    never_heard_of = Sender(ours.station, ours.settlement, jpeg(shade=50)).missing()
    assert [len(gap) for gap in (ours.missing(), never_heard_of)] == [1, 1], "the answer tells nothing"
    ours.announce()
    ours.chunk(0)
    assert ours.missing() == [(CHUNK, len(data))]
    assert pictures_seen(officer, data) == [404, 404]
