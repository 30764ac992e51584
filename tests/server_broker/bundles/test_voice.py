"""Recordings become clips that stations play, one bundle of them for the county; what is no recording is named so."""

from datetime import timedelta

import pytest

from protocol.bundle_contents import Clips
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as Document
from protocol.clip_sound import MAX_CLIP_BYTES, judge_clip
from protocol.codec import decode
from protocol.spoken_lines import SPOKEN
from server_broker.audit.models import AuditEntry
from server_broker.bundles.clip_making import MAX_RECORDING_BYTES, clip_of
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.questions import publish_questions
from server_broker.bundles.voice import Spoken, Voice, drop_clip, packs_with_questions, record_clip
from server_broker.decisions.models import DecidedFact
from tests.fakes.clips import SILENT_120_MS, clip
from tests.fakes.recordings import hours_long, wav
from tests.server_broker.bundles.samples import AUTHOR, pack
from tests.server_broker.bundles.test_publishing import KEY
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db


def test_a_wav_file_becomes_a_clip_and_opus_stays_as_it_is() -> None:
    made = clip_of(wav(seconds=1.5, rate=44_100, channels=2))
    assert judge_clip(made.sound) == made.lasts_ms
    assert 1_500 <= made.lasts_ms <= 1_600
    assert len(made.sound) < 10_000
    assert clip_of(wav(seconds=1)) == clip_of(wav(seconds=1)), "a recording that comes again is no other one"
    ready = clip(lasts_ms=400)
    assert (clip_of(ready).sound, clip_of(ready).lasts_ms) == (ready, 400)


@pytest.mark.parametrize(
    ("recording", "says"),
    [
        pytest.param(bytes(MAX_RECORDING_BYTES + 1), "太大，最多 10 MB", id="200 MB"),
        pytest.param(hours_long(), "太长，最多 60 秒", id="three hours in a header"),
        pytest.param(wav(seconds=61, rate=8_000), "太长，最多 60 秒", id="61 seconds"),
        pytest.param(clip(lasts_ms=3 * 3_600_000, packet=SILENT_120_MS, packet_ms=120), "太长", id="hours of Opus"),
        pytest.param(b"OggS" + bytes(MAX_CLIP_BYTES), "最多 512 KB", id="a large Ogg file"),
        pytest.param(b"OggS" + bytes(100), "不是单声道的 Ogg Opus", id="Ogg, but no Opus"),
        pytest.param(clip(channels=2), "不是单声道的 Ogg Opus", id="two channels of Opus"),
        pytest.param(b"MZ\x90\x00", "这不是录音", id="a program"),
        pytest.param(b"", "这不是录音", id="nothing"),
        pytest.param(wav(loud=100), "没有声音", id="a microphone that was off"),
        pytest.param(wav(bits=8), "读不了", id="8 bits"),
        pytest.param(wav()[:30], "不完整", id="half a header"),
        pytest.param(wav(seconds=0), "没有声音", id="no samples"),
    ],
)
def test_what_is_no_recording_is_named_in_chinese(recording: bytes, says: str) -> None:
    with pytest.raises(NotPublished, match=says):
        clip_of(recording)


def test_without_the_encoder_the_operator_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server_broker.bundles.clip_making._LIMITED", ("env", "-i", "PATH=/nowhere", "--"))
    with pytest.raises(NotPublished, match="opus-tools"):
        clip_of(wav(seconds=0.1))


def content(folder: BundleFolder, row: Bundle) -> Clips:
    payload = folder.path(bytes(row.sha256)).read_bytes()
    return decode(decode(payload, Document, limit=MAX_BUNDLE_BYTES).content, Clips, limit=MAX_BUNDLE_BYTES)


def test_each_recording_is_the_next_version_and_keeps_the_others(folder: BundleFolder) -> None:
    card, called = (Spoken(SPOKEN[line], line=line) for line in ("present_card", "help.called"))
    first = record_clip(card, clip(lasts_ms=200), folder=folder, author=AUTHOR, at=NOW)
    decided = DecidedFact.objects.count()
    second = record_clip(called, clip(lasts_ms=400), folder=folder, author=AUTHOR, at=NOW)
    third = record_clip(card, clip(lasts_ms=600), folder=folder, author=AUTHOR, at=NOW + timedelta(days=1))
    assert [row.version for row in (first, second, third)] == [1, 2, 3]
    assert (third.kind, third.regions, third.night) == ("clips", [""], True)
    known = Voice(folder, now=NOW + timedelta(days=1))
    assert {one.line: one.lasts_ms for one in content(folder, third).clips} == {"help.called": 400, "present_card": 600}
    rows = {row.spoken.line: row for row in known.lines()}
    assert known.sound(rows["present_card"]) == clip(lasts_ms=600)
    assert [line for line, row in rows.items() if not row.mute] == ["present_card", "help.called"]
    assert list(AuditEntry.objects.filter(action="bundle.published").values_list("actor", flat=True)) == [AUTHOR] * 3
    assert DecidedFact.objects.count() == decided + 2
    drop_clip(card, folder=folder, author=AUTHOR, at=NOW)
    assert [row.spoken.line for row in Voice(folder, now=NOW).lines() if not row.mute] == ["help.called"]
    with pytest.raises(NotPublished, match="没有录音"):
        drop_clip(card, folder=folder, author=AUTHOR, at=NOW)


def test_a_question_that_was_changed_since_is_mute_again(folder: BundleFolder) -> None:
    publish_questions(pack(), key=KEY, folder=folder, author=AUTHOR, at=NOW)
    [bundle] = packs_with_questions(NOW)
    assert [row.mute for row in Voice(folder, now=NOW).questions(bundle)] == [True] * 5
    record_clip(Spoken("示例题", pack="sample", question="q1"), clip(), folder=folder, author=AUTHOR, at=NOW)
    record_clip(Spoken("从前的题", pack="sample", question="q2"), clip(), folder=folder, author=AUTHOR, at=NOW)
    rows = Voice(folder, now=NOW).questions(bundle)
    assert [row.mute for row in rows] == [True, False, True, True, True]
    assert [row.outdated for row in rows] == [False, False, True, False, False]
