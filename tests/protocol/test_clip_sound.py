"""A clip is judged by its headers, and what is too long or no sound is refused before anything is decoded."""

import pytest

from protocol.clip_sound import MAX_CLIP_BYTES, MAX_CLIP_MS, judge_clip
from protocol.refusal import Refused
from protocol.spoken_lines import SPOKEN, spoken_as
from tests.fakes.clips import SILENT_20_MS, SILENT_120_MS, TAGS, clip, head, page

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(28)


def test_a_clip_says_how_long_it_lasts() -> None:
    assert judge_clip(clip(lasts_ms=200)) == 200
    assert judge_clip(clip(lasts_ms=MAX_CLIP_MS)) == MAX_CLIP_MS


def test_a_packet_may_go_over_pages() -> None:
    # A lacing value of 255 at the end of a page says that the packet goes on (RFC 3533, 6).
    long = SILENT_20_MS + bytes(400)
    first = page(long[:255], number=2)
    first = first[:26] + b"\x01\xff" + first[29:]
    whole = page(head(), flags=2) + page(TAGS, number=1) + first + page(long[255:], number=3, flags=1)
    assert judge_clip(whole) == 20


def test_three_hours_in_few_bytes_are_too_long() -> None:
    hours = clip(lasts_ms=3 * 3_600_000, packet=SILENT_120_MS, packet_ms=120)
    assert len(hours) < MAX_CLIP_BYTES
    with pytest.raises(Refused, match="too_large"):
        judge_clip(hours)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(bytes(MAX_CLIP_BYTES + 1), "too_large", id="too many bytes"),
        pytest.param(clip(lasts_ms=MAX_CLIP_MS + 20), "too_large", id="too long"),
        pytest.param(b"", "malformed", id="nothing"),
        pytest.param(WAV, "malformed", id="a WAV file"),
        pytest.param(clip(channels=2), "malformed", id="two channels"),
        pytest.param(clip()[:-1], "malformed", id="cut short"),
        pytest.param(clip() + b"x", "malformed", id="something after it"),
        pytest.param(clip(lasts_ms=0), "malformed", id="no sound"),
        pytest.param(clip() + page(SILENT_20_MS, serial=8), "malformed", id="a second stream"),
        pytest.param(clip(packet=b""), "malformed", id="empty packets"),
        pytest.param(clip(packet=b"\xfb\x3f"), "malformed", id="a packet of more than a packet's time"),
        pytest.param(page(b"OpusHead", flags=2) + page(TAGS), "malformed", id="half a head"),
        pytest.param(page(head(), flags=2), "malformed", id="a head alone"),
    ],
)
def test_what_is_no_clip_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        judge_clip(data)


def test_no_spoken_line_has_a_sign_or_room_for_a_name() -> None:
    assert [text for text in SPOKEN.values() if spoken_as(text) != text or "{" in text or len(text) > 60] == []
