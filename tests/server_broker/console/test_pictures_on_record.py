"""Whoever sees a picture is on record: by its page, by its bytes or by a small one of a list."""

import hashlib
import io
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from PIL import Image

from server_broker.audit.models import AuditEntry
from server_broker.console.seen import AGAIN_AFTER
from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from tests.cast import COUNTY_OFFICER, GUARD, OPERATOR, SHILI
from tests.server_broker.county import FictionalCounty, signed_in, snapshot

pytestmark = pytest.mark.django_db

STATION = "/stations/shili-01/"


def jpeg(shade: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((640, 480), shade).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(OPERATOR)


@pytest.fixture
def pictures(county: FictionalCounty) -> Iterator[list[Blob]]:
    made = [_kept(county, shade) for shade in (20, 30, 40)]
    yield made
    for blob in made:
        MediaFolder(settings.HOME.media).path(bytes(blob.sha256)).unlink(missing_ok=True)


def _kept(county: FictionalCounty, shade: int) -> Blob:
    data = jpeg(shade)
    digest = hashlib.sha256(data).digest()
    path = MediaFolder(settings.HOME.media).path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return snapshot(county.stations[SHILI], digest, size=len(data))


def noted(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("id"))


def an_age_ago(*entries: AuditEntry) -> None:
    """Let the entries be of long ago; the database refuses that to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_no_change")
        for entry in entries:
            cursor.execute("UPDATE audit_auditentry SET at = %s WHERE id = %s", [entry.at - 2 * AGAIN_AFTER, entry.pk])
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_no_change")


def test_the_bytes_alone_are_on_record(page: Client, pictures: list[Blob]) -> None:
    for blob in pictures[:2]:
        assert page.get(f"/snapshots/{blob.pk}.jpg").status_code == 200
    entries = noted("snapshot.seen")
    assert [entry.detail["pictures"] for entry in entries] == [str(blob.pk) for blob in pictures[:2]]
    assert {(entry.actor, entry.subject) for entry in entries} == {(OPERATOR.username, SHILI)}
    assert entries[0].detail["sha256"] == bytes(pictures[0].sha256).hex()


def test_a_picture_s_page_and_its_bytes_are_one_look(page: Client, pictures: list[Blob]) -> None:
    for path in ("/", ".jpg", "/", ".jpg"):
        assert page.get(f"/snapshots/{pictures[0].pk}{path}").status_code == 200
    assert len(noted("snapshot.seen")) == 1


def test_a_later_look_and_another_viewer_s_are_looks_of_their_own(
    county: FictionalCounty, page: Client, pictures: list[Blob]
) -> None:
    path = f"/snapshots/{pictures[0].pk}.jpg"
    page.get(path)
    signed_in(COUNTY_OFFICER).get(path)
    viewers = [OPERATOR.username, COUNTY_OFFICER.username]
    assert [entry.actor for entry in noted("snapshot.seen")] == viewers
    an_age_ago(*noted("snapshot.seen"))
    page.get(path)
    assert [entry.actor for entry in noted("snapshot.seen")] == [*viewers, OPERATOR.username]


def test_a_station_s_page_with_its_small_pictures_is_one_entry_however_often_it_refreshes(
    county: FictionalCounty, page: Client, pictures: list[Blob]
) -> None:
    for _ in range(3):
        page.get(STATION)
        page.get(STATION, headers={"HX-Request": "true"})
    for blob in pictures:
        assert page.get(f"/snapshots/{blob.pk}/thumbnail.jpg").status_code == 200
    (entry,) = noted("snapshot.previewed")
    assert (entry.actor, entry.subject, entry.detail["count"]) == (OPERATOR.username, SHILI, 3)
    assert sorted(map(int, str(entry.detail["pictures"]).split())) == sorted(blob.pk for blob in pictures)
    newest = _kept(county, 50)
    page.get(STATION)
    assert [entry.detail["pictures"] for entry in noted("snapshot.previewed")[1:]] == [str(newest.pk)]


def test_a_small_picture_asked_for_by_itself_is_on_record(page: Client, pictures: list[Blob]) -> None:
    page.get(f"/snapshots/{pictures[1].pk}/thumbnail.jpg")
    assert [entry.detail["pictures"] for entry in noted("snapshot.previewed")] == [str(pictures[1].pk)]


def test_who_sees_no_people_is_shown_no_picture_and_noted_for_none(
    county: FictionalCounty, pictures: list[Blob]
) -> None:
    page = signed_in(GUARD)
    assert "<img" not in page.get(STATION).content.decode().split("</header>")[1]
    assert page.get(f"/snapshots/{pictures[0].pk}/thumbnail.jpg").status_code == 403
    assert noted("snapshot.previewed") == []


def test_lists_show_small_pictures_and_no_full_ones(page: Client, pictures: list[Blob]) -> None:
    html = page.get(STATION).content.decode()
    assert ".jpg" in html
    assert not [blob for blob in pictures if f"/snapshots/{blob.pk}.jpg" in html]
    answer = page.get(f"/snapshots/{pictures[0].pk}/thumbnail.jpg")
    small = Image.open(io.BytesIO(answer.content))
    assert (answer["Content-Type"], small.format, small.size) == ("image/jpeg", "JPEG", (240, 180))
    assert len(answer.content) < pictures[0].size / 4
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("path", ["/snapshots/{}.jpg", "/snapshots/{}/thumbnail.jpg"])
def test_no_browser_keeps_a_picture_for_the_next_person(page: Client, pictures: list[Blob], path: str) -> None:
    """A look at a kept copy would ask nobody: neither whose it may be, nor for the record."""
    assert page.get(path.format(pictures[0].pk))["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/snapshots/{}.jpg", "/snapshots/{}/thumbnail.jpg"])
def test_what_is_not_shown_is_not_on_record(page: Client, pictures: list[Blob], path: str) -> None:
    asked = path.format(pictures[0].pk)
    assert page.get(asked).status_code == 200  # and small ones are kept in memory
    an_age_ago(*AuditEntry.objects.all())
    MediaFolder(settings.HOME.media).path(bytes(pictures[0].sha256)).unlink()
    before = AuditEntry.objects.count()
    assert page.get(asked).status_code == 404
    assert AuditEntry.objects.count() == before
