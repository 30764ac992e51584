"""What a file is, its first bytes say; a picture is decoded in a process apart, which a hostile one may end."""

import io
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import server_broker
from protocol.facts import BlobAnnounced, BlobPurpose, encode_fact
from server_broker.ingest.batch import BatchProcessor
from server_broker.media.decoding import is_whole_picture
from server_broker.media.kinds import ALLOWED, judged_type, type_of
from server_broker.media.models import Blob
from server_broker.media.opening import Decoder
from tests.proofs.neighbours.more_attacks import ADMITTED_SCANS, bomb
from tests.server_broker.picture_sender import Sender, jpeg
from tests.server_broker.station_double import NOW, StationDouble, moment

ROOT = Path(server_broker.__file__).parent


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


OPUS = b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(40)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(30)
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(40)
WEBM = b"\x1a\x45\xdf\xa3" + bytes(20) + b"webm" + bytes(20)
PDF = b"%PDF-1.7\n" + bytes(30)
FILES = {
    "image/jpeg": jpeg(),
    "image/png": png(),
    "audio/ogg": OPUS,
    "audio/wav": WAV,
    "video/mp4": MP4,
    "video/webm": WEBM,
    "application/pdf": PDF,
    "": b"<html><script>",
}


@pytest.fixture
def judge() -> Iterator[Decoder]:
    made = Decoder(within_s=20.0)
    yield made
    made.close()


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_counts_only_for_a_purpose_that_allows_it(media_type: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(FILES[media_type])
    assert type_of(FILES[media_type][:64]) == media_type
    for purpose, allowed in ALLOWED.items():
        assert judged_type(path, purpose) == (media_type if media_type in allowed.types else "")
    assert judged_type(path, "log") == ""
    assert judged_type(path, "nothing") == ""


def test_what_is_too_large_for_its_purpose_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(OPUS)
        file.truncate(ALLOWED["voice"].most_bytes + 1)
    assert judged_type(path, "voice") == ""


def test_pictures_are_judged_in_one_process(judge: Decoder, tmp_path: Path) -> None:
    whole, half, small = (tmp_path / name for name in ("whole", "half", "with a\nline and 空格"))
    whole.write_bytes(jpeg(640, 480))
    half.write_bytes(jpeg(640, 480)[:3000])
    small.write_bytes(png())
    assert [judge.is_picture(path) for path in (whole, half, whole)] == [True, False, True]
    assert judge._process is not None
    first = judge._process.pid
    assert judge.is_picture(whole)
    assert judge._process.pid == first


def test_a_thumbnail_is_made_in_that_process_and_only_of_a_jpeg(judge: Decoder, tmp_path: Path) -> None:
    whole, half, other = (tmp_path / name for name in ("whole", "half", "other"))
    whole.write_bytes(jpeg(1280, 960))
    half.write_bytes(jpeg(640, 480)[:3000])
    other.write_bytes(png())
    small = judge.thumbnail(whole)
    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (240, 180))
    assert [judge.thumbnail(path) for path in (half, other, tmp_path / "absent")] == [None] * 3
    assert judge.is_picture(whole), "the process is still there"


def test_nothing_but_the_process_apart_decodes() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")}

    def importing(pattern: str) -> set[str]:
        return {name for name, source in sources.items() if re.search(pattern, source, re.MULTILINE)}

    assert importing(r"^\s*(from|import) PIL\b") == {"decoding.py"}
    assert importing(r"^\s*(from|import) server_broker\.media(\.decoding\b| import decoding)") == {"opening.py"}


def test_a_process_that_ends_or_hangs_costs_one_picture(judge: Decoder, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.write_bytes(jpeg())
    assert judge.is_picture(whole)
    assert judge._process is not None
    judge._process.kill()
    judge._process.wait()
    assert judge.is_picture(whole)
    hanging = Decoder(within_s=0.02, command=("/bin/sleep", "60"))
    started = time.monotonic()
    assert not hanging.is_picture(whole)
    assert hanging.thumbnail(whole) is None
    assert time.monotonic() - started < 5
    hanging.close()


def test_a_small_file_of_many_scans_is_no_picture_and_costs_nothing(judge: Decoder, tmp_path: Path) -> None:
    whole, hard = tmp_path / "whole", tmp_path / "hard"
    whole.write_bytes(bomb(scans=1))
    hard.write_bytes(bomb())
    assert judge.is_picture(whole)
    assert judge._process is not None
    before = judge._process.pid
    assert not judge.is_picture(hard)
    assert judge.thumbnail(hard) is None
    assert judge._process.pid == before


@pytest.mark.parametrize("scans", [ADMITTED_SCANS + 1, 90])
def test_scans_over_a_large_picture_are_counted_by_its_pixels(scans: int) -> None:
    assert is_whole_picture(io.BytesIO(bomb(ADMITTED_SCANS)))
    assert not is_whole_picture(io.BytesIO(bomb(scans)))


def test_the_largest_picture_of_a_telephone_is_whole() -> None:
    """It is progressive and in colours, and its camera put a small picture into its data."""
    small, written = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (160, 120)).save(small, "JPEG")
    comment = b"\xff\xfe" + (len(small.getvalue()) + 2).to_bytes(2, "big") + small.getvalue()
    Image.new("RGB", (2_000, 2_000), (100, 120, 140)).save(written, "JPEG", progressive=True)
    data = written.getvalue()
    assert is_whole_picture(io.BytesIO(data[:2] + comment + data[2:]))


def test_what_takes_long_on_a_core_is_not_tried_twice(tmp_path: Path) -> None:
    noting = tmp_path / "noting.py"
    noting.write_text("open(__file__ + '.runs', 'a').write('x')\nwhile True: pass\n")
    busy = Decoder(within_s=300.0, command=(sys.executable, str(noting)))
    assert not busy.is_picture(tmp_path / "any")
    assert Path(f"{noting}.runs").read_text() == "x"
    busy.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "data", "judged"),
    [
        ("touch", jpeg(), "image/jpeg"),
        ("touch", jpeg()[:-300], ""),
        ("touch", png(), ""),
        ("paper", png(), "image/png"),
        ("paper", png()[:45], ""),
        ("voice", OPUS, "audio/ogg"),
        ("voice", jpeg(), ""),
    ],
)
def test_what_came_before_its_announcement_is_decoded_once(
    purpose: BlobPurpose, data: bytes, judged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = StationDouble()
    station.enrol()
    sender = Sender(station, BatchProcessor(clock=lambda: NOW), data)
    sender.all()

    def decoded_again(*_: object) -> None:
        pytest.fail("it was decoded in the transaction of a fact")

    monkeypatch.setattr(Decoder, "is_picture", decoded_again)
    for number in (1, 2):
        fact = BlobAnnounced(
            at=moment(number), sha256=sender.sha256, size=len(data), media_type=judged, purpose=purpose
        )
        sender.processor.process_batch([station.add(fact).facts_message(number)])
        blob = Blob.objects.get()
        assert (blob.purpose, blob.judged_type, blob.viewable) == (purpose, judged, judged == "image/jpeg")


@pytest.mark.django_db
def test_a_voice_is_kept_and_never_shown_as_a_picture() -> None:
    station = StationDouble()
    station.enrol()
    processor = BatchProcessor(clock=lambda: NOW)
    sent: list[tuple[BlobPurpose, bytes, str]] = [
        ("voice", OPUS, "audio/ogg"),
        ("clip", MP4, "video/mp4"),
        ("paper", png(), "image/png"),
        ("voice", jpeg(), ""),
    ]
    for number, (purpose, data, judged) in enumerate(sent):
        sender = Sender(station, processor, data)
        fact = BlobAnnounced(
            at=moment(number), sha256=sender.sha256, size=len(data), media_type="audio/ogg", purpose=purpose, seconds=3
        )
        station.add_body(encode_fact(fact))
        if number % 2:  # the bytes may come before the fact that says what they are for
            sender.all()
        processor.process_batch([station.facts_message(number + 1)])
        sender.all()
        blob = Blob.objects.get(sha256=sender.sha256)
        assert (blob.purpose, blob.judged_type, blob.viewable) == (purpose, judged, False)
