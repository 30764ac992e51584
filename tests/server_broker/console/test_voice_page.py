"""The page 语音: what is mute is listed, a recording is published for the county, and bad files are named."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from protocol.spoken_lines import SPOKEN
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.questions import publish_questions
from server_broker.console.views.voice import PAGE_SIZE
from server_broker.settings import HOME
from tests.cast import COUNTY_OFFICER, TOWNSHIP_OFFICER
from tests.fakes.clips import clip
from tests.fakes.recordings import hours_long, wav
from tests.server_broker.bundles.samples import pack
from tests.server_broker.bundles.test_publishing import KEY
from tests.server_broker.county import make_county, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> Client:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()
    return signed_in(COUNTY_OFFICER)


def record(officer: Client, recording: bytes, **of: str) -> str:
    file = SimpleUploadedFile("recording.wav", recording)
    answer = officer.post("/published/voice/record/", {**of, "recording": file}, follow=True)
    return answer.content.decode()


def listed(officer: Client, query: str = "") -> str:
    """Return all pages of the list."""
    pages = -(-len(SPOKEN) // PAGE_SIZE)
    answers = [officer.get(f"/published/voice/?{query}&page={number}") for number in range(1, pages + 1)]
    return "".join(answer.content.decode() for answer in answers)


def test_every_sentence_is_listed_and_what_is_recorded_is_no_longer_mute(officer: Client) -> None:
    page = listed(officer)
    assert all(words in page for words in SPOKEN.values() if "“" not in words)
    assert f"没有录音 {len(SPOKEN)}" in page
    assert "已录上“已记下这里要帮忙，有网就送到镇办。”" in record(officer, wav(seconds=0.3), line="help.called")
    assert "已记下这里要帮忙，有网就送到镇办。" not in listed(officer, "state=mute")
    answer = officer.get("/published/voice/?state=mute")
    assert answer.headers["Permissions-Policy"] == "camera=(), microphone=(self), geolocation=()"
    sound = officer.get("/published/voice/sound/?line=help.called")
    assert (sound.headers["Content-Type"], sound.content[:4]) == ("audio/ogg", b"OggS")
    assert officer.get("/published/voice/sound/?line=learn.failed").status_code == 404
    dropped = officer.post("/published/voice/drop/", {"line": "help.called"}, follow=True).content.decode()
    assert "已删掉“已记下这里要帮忙，有网就送到镇办。”的录音" in dropped
    assert Bundle.objects.filter(kind="clips").count() == 2


def test_bad_files_are_named_and_publish_nothing(officer: Client) -> None:
    assert "录音太长，最多 60 秒" in record(officer, hours_long(), line="help.called")
    assert "这不是录音" in record(officer, b"%PDF-1.7", line="help.called")
    none = officer.post("/published/voice/record/", {"line": "help.called"}, follow=True)
    assert "还没有录音" in none.content.decode()
    for named in ({"line": "no_such_line"}, {"pack": "sample", "question": "q1"}, {}):
        assert officer.post("/published/voice/record/", {**named, "recording": b"x"}).status_code == 404
    assert not Bundle.objects.filter(kind="clips").exists()


def test_questions_are_listed_by_pack(officer: Client) -> None:
    folder = BundleFolder(HOME.bundles)
    publish_questions(pack(title="示例学习包"), key=KEY, folder=folder, author="service", at=timezone.now())
    assert "示例学习包" in officer.get("/published/voice/").content.decode()
    assert "没有录音 5" in officer.get("/published/voice/?pack=sample").content.decode()
    assert "已录上“示例题”" in record(officer, clip(), pack="sample", question="q1")
    assert "没有录音 4" in officer.get("/published/voice/?pack=sample").content.decode()


def test_a_township_sees_the_recordings_and_makes_none(officer: Client) -> None:
    record(officer, clip(), line="help.called")
    township = signed_in(TOWNSHIP_OFFICER)
    page = township.get("/published/voice/").content.decode()
    assert "录音是全县共用的" in page
    assert "voice-record" not in page
    assert "recorder" not in page.replace("recorder-note", "")
    assert township.get("/published/voice/sound/?line=help.called").status_code == 200
    for action in ("record", "drop"):
        assert township.post(f"/published/voice/{action}/", {"line": "help.called"}).status_code == 404
