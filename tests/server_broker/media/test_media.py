"""Pictures in pieces: whole only when hashed, kept when early, started over when damaged, gone after 90 days."""

import hashlib
import io
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from protocol.blobs import BlobChunk
from protocol.codec import encode
from protocol.facts import BlobEvicted
from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Quarantined
from server_broker.ingest.quarantine import drop_old_quarantined
from server_broker.ledger.ledger import ledger
from server_broker.media.decoding import is_whole_picture
from server_broker.media.files import MediaFolder
from server_broker.media.intake import adopt_whole
from server_broker.media.models import Blob
from server_broker.media.pictures import open_blob, open_snapshot
from server_broker.media.ranges import merge, missing
from server_broker.media.retention import drop_abandoned, give_up_gone
from server_broker.media.retention import drop_expired as drop_expired_by
from server_broker.retention.keepings import PICTURES_KEPT, blobs_kept
from tests.server_broker.picture_sender import CHUNK, Sender, jpeg
from tests.server_broker.station_double import NOW, StationDouble, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder() -> Iterator[MediaFolder]:
    forget_all_blobs()  # other tests leave pieces behind
    yield MediaFolder(settings.HOME.media)
    forget_all_blobs()


def forget_all_blobs() -> None:
    for path in settings.HOME.media.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.fixture
def processor(folder: MediaFolder) -> BatchProcessor:
    return BatchProcessor(clock=lambda: NOW)


@pytest.fixture
def sender(station: StationDouble, processor: BatchProcessor) -> Sender:
    return Sender(station, processor, jpeg())


def test_pieces_in_any_order_make_a_picture(sender: Sender, folder: MediaFolder) -> None:
    sender.announce()
    size = len(sender.data)
    assert sender.missing() == [(0, size)]
    sender.chunk(CHUNK)
    assert sender.missing() == [(0, CHUNK), *([(2 * CHUNK, size)] if size > 2 * CHUNK else [])]
    sender.all()
    assert sender.missing() == []
    blob = Blob.objects.get()
    assert (blob.viewable, blob.completed_at, blob.purpose) == (True, NOW, "touch")
    picture = open_snapshot(blob)
    assert picture is not None
    with picture:
        assert picture.read() == sender.data
    assert not list((settings.HOME.media / "partial").iterdir())


def test_a_restored_county_takes_the_pictures_that_still_lie_here(sender: Sender) -> None:
    """The station dropped its bytes at the receipt long ago: nobody would ever ask or send again."""
    sender.announce()
    sender.all()
    Blob.objects.all().delete()
    sender.announce()
    blob = Blob.objects.get()
    assert (blob.completed_at, blob.viewable) == (NOW, True)


def test_pieces_may_come_before_the_fact_that_announces_them(sender: Sender) -> None:
    sender.all()
    assert Blob.objects.get().announced_at is None
    sender.announce()
    blob = Blob.objects.get()
    assert (blob.announced_at, blob.media_type, blob.viewable) == (NOW, "image/jpeg", True)


def test_damaged_bytes_start_over_and_raise_an_alarm(sender: Sender) -> None:
    sender.chunk(0, b"\x00" * CHUNK)
    for offset in range(CHUNK, len(sender.data), CHUNK):
        sender.chunk(offset)
    assert sender.missing() == [(0, len(sender.data))]
    assert Alarm.objects.get().code == "blob_corrupted"
    sender.all()
    assert sender.missing() == []


def test_the_disk_is_believed_before_the_database(sender: Sender, folder: MediaFolder) -> None:
    sender.chunk(0)
    folder.forget(sender.station.id, sender.sha256)
    assert sender.missing() == [(0, len(sender.data))]
    sender.all()
    Blob.objects.update(completed_at=None, ranges=[], viewable=False)
    assert sender.missing() == []
    assert Blob.objects.get().viewable


def test_a_database_from_a_backup_finds_the_files_that_it_awaits(sender: Sender, folder: MediaFolder) -> None:
    """The backup is of between the announcement and the bytes. The station has long let the picture go."""
    sender.announce()
    sender.all()
    Blob.objects.update(completed_at=None, ranges=[], viewable=False)
    other = Blob.objects.create(station_id=sender.station.id, sha256=bytes(32), size=5, announced_at=NOW)
    assert adopt_whole(folder, now=NOW) == 1
    assert Blob.objects.get(sha256=sender.sha256).viewable
    assert Blob.objects.get(pk=other.pk).completed_at is None
    assert adopt_whole(folder, now=NOW) == 0


def test_a_station_that_knows_a_hash_has_not_the_picture(sender: Sender, processor: BatchProcessor) -> None:
    """Neither asking, nor announcing it, nor some of its bytes get it a picture of its own, or tell it anything."""
    sender.announce()
    sender.all()
    other = StationDouble(id="shili-02")
    other.enrol()
    curious = Sender(other, processor, sender.data)
    size = len(sender.data)
    assert curious.missing() == [(0, size)]
    assert not Blob.objects.filter(station_id=other.id).exists()
    curious.announce()
    assert curious.missing() == [(0, size)]
    curious.chunk(0)
    assert curious.missing() == [(CHUNK, size)]
    blob = Blob.objects.get(station_id=other.id)
    assert (blob.completed_at, blob.viewable, open_blob(blob)) == (None, False, None)


def test_the_same_bytes_of_two_stations_lie_here_once(sender: Sender, processor: BatchProcessor) -> None:
    sender.all()
    other = StationDouble(id="shili-02")
    other.enrol()
    Sender(other, processor, sender.data).all()
    assert Blob.objects.filter(viewable=True).count() == 2
    assert sum(path.stat().st_size for path in settings.HOME.media.rglob("*") if path.is_file()) == len(sender.data)


def test_a_restored_county_gives_a_picture_to_no_station_that_did_not_send_it(
    sender: Sender, processor: BatchProcessor
) -> None:
    sender.announce()
    sender.all()
    Blob.objects.all().delete()
    other = StationDouble(id="shili-02")
    other.enrol()
    curious = Sender(other, processor, sender.data)
    curious.announce()
    assert curious.missing() == [(0, len(sender.data))]
    assert sender.missing() == []


def test_a_piece_of_another_size_is_refused(sender: Sender) -> None:
    sender.chunk(0)
    lie = BlobChunk(station=sender.station.id, sha256=sender.sha256, size=5, offset=0, data=b"12345")
    sender.processor.process_batch([sender.station.message("blob", encode(lie))])
    assert Quarantined.objects.get().reason == "blob_refused"
    sender.all()
    assert sender.missing() == []


def test_blobs_that_no_fact_announces_are_bounded(station: StationDouble, processor: BatchProcessor) -> None:
    for number in range(40):
        Sender(station, processor, b"x" * 2000 + bytes([number])).chunk(0)
    assert Blob.objects.count() == 32
    assert Quarantined.objects.count() == 8


def test_what_is_no_sane_picture_is_kept_and_not_shown(station: StationDouble, processor: BatchProcessor) -> None:
    page = Sender(station, processor, b"<html><script>alert(1)</script></html>" * 50)
    page.all()
    assert page.missing() == []
    blob = Blob.objects.get()
    assert (blob.viewable, open_snapshot(blob)) == (False, None)


def test_only_whole_jpegs_of_sane_size_are_viewable(tmp_path: Path) -> None:
    def viewable(data: bytes) -> bool:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return is_whole_picture(path, formats=("JPEG",))

    picture = jpeg()
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    bomb = picture[:]
    start = bomb.index(b"\xff\xc0") + 5
    bomb = bomb[:start] + b"\xff\xff\xff\xff" + bomb[start + 4 :]
    assert viewable(picture)
    assert not any(viewable(data) for data in (b"", b"\xff\xd8", picture[: len(picture) // 2], png.getvalue(), bomb))


def test_pictures_lie_where_no_other_account_looks(tmp_path: Path) -> None:
    data = jpeg()
    folder = MediaFolder(tmp_path / "media")
    folder.write("station-a", hashlib.sha256(data).digest(), [(0, data)])
    assert folder.finish("station-a", hashlib.sha256(data).digest(), size=len(data))
    made = [tmp_path / "media", *(tmp_path / "media").rglob("*")]
    assert len(made) == 5, "three folders, the picture, and who has sent it"
    assert [path for path in made if path.stat().st_mode & 0o007] == []


def test_pieces_that_nobody_goes_on_with_are_dropped_with_what_waits_for_nothing(sender: Sender) -> None:
    sender.chunk(0)
    now = datetime.now(UTC)
    assert drop_abandoned(now + timedelta(days=89)) == 0
    assert sender.missing() == [(CHUNK, len(sender.data))]
    assert drop_abandoned(now + timedelta(days=91)) == 1
    assert not Blob.objects.exists()
    sender.all()
    assert sender.missing() == []


def test_a_picture_that_a_fact_announced_stays_in_the_ledger_without_its_pieces(sender: Sender) -> None:
    sender.announce()
    sender.chunk(0)
    assert drop_abandoned(datetime.now(UTC) + timedelta(days=91)) == 1
    assert Blob.objects.get().announced_at == NOW
    assert sender.missing() == [(0, len(sender.data))]


def test_messages_put_aside_are_kept_for_more_than_a_year(station: StationDouble, processor: BatchProcessor) -> None:
    processor.process_batch([station.message("facts", b"noise")])
    assert drop_old_quarantined(NOW + timedelta(days=399)) == 0
    assert drop_old_quarantined(NOW + timedelta(days=401)) == 1
    assert not Quarantined.objects.exists()


def drop_expired(now: datetime) -> int:
    return drop_expired_by(now, kept=blobs_kept(), otherwise=PICTURES_KEPT)


def test_pictures_live_ninety_days(sender: Sender, folder: MediaFolder) -> None:
    sender.announce()
    sender.all()
    assert drop_expired(NOW + timedelta(days=89)) == 0
    assert drop_expired(NOW + timedelta(days=91)) == 1
    assert not folder.has_of(sender.station.id, sender.sha256)
    assert open_snapshot(Blob.objects.get()) is None
    assert drop_expired(NOW + timedelta(days=91)) == 0
    assert sender.missing() == []


def test_bytes_that_another_station_s_picture_shares_stay_as_long_as_that_one(
    sender: Sender, processor: BatchProcessor, folder: MediaFolder
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    sender.all()
    Sender(other, processor, sender.data).all()
    Blob.objects.filter(station_id=other.id).update(completed_at=NOW + timedelta(days=30))
    assert drop_expired(NOW + timedelta(days=91)) == 1
    assert folder.has_of(other.id, sender.sha256)
    assert not folder.has_of(sender.station.id, sender.sha256)
    assert drop_expired(NOW + timedelta(days=121)) == 1
    assert not [path for path in settings.HOME.media.rglob("*") if path.is_file()]


def test_a_picture_that_came_all_the_same_is_not_called_lost(sender: Sender) -> None:
    """A station states first that it gives a picture up. Where the power fails in between, it sends it after all."""
    gone = BlobEvicted(at=moment(), sha256=sender.sha256, reason="disk")
    sender.announce()
    sender.processor.process_batch([sender.station.add(gone).facts_message(2)])
    assert Blob.objects.get().evicted_reason == "disk"
    sender.all()
    assert Blob.objects.get().evicted_reason == ""
    sender.processor.process_batch([sender.station.add(gone).facts_message(3)])
    assert Blob.objects.get().evicted_reason == ""


def test_a_picture_that_its_station_has_no_more_is_awaited_no_longer(sender: Sender) -> None:
    """The whole county was restored from an image. The station let the picture go while the county still had it."""
    sender.announce()
    station = Station.objects.get(pk=sender.station.id)

    def said(waiting: int, *, after: timedelta) -> None:
        values = {"blobs_waiting": waiting, "health_at": NOW + after}
        StationStatus.objects.update_or_create(station=station, defaults=values)

    for waiting, after in ((0, timedelta(hours=23)), (1, timedelta(days=30))):
        said(waiting, after=after)
        assert give_up_gone() == 0
    assert ledger(station.pk).awaited_blobs == 1
    said(0, after=timedelta(hours=25))
    assert give_up_gone() == 1
    assert give_up_gone() == 0
    counted = ledger(station.pk)
    assert (counted.awaited_blobs, counted.evicted_blobs) == (0, 1)
    sender.all()
    assert (Blob.objects.get().evicted_reason, Blob.objects.get().viewable) == ("", True)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=12))
def test_merged_and_missing_ranges_part_the_whole(lengths: list[tuple[int, int]]) -> None:
    spans = [(start, start + length) for start, length in lengths]
    have = {byte for start, end in spans for byte in range(start, end)}
    merged = merge(spans)
    assert {byte for start, end in merged for byte in range(start, end)} == have
    assert all(left[1] < right[0] for left, right in itertools.pairwise(merged))
    gaps = missing(merged, size=50, limit=100)
    assert {byte for start, end in gaps for byte in range(start, end)} == set(range(50)) - have
