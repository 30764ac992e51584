"""A sentence is recorded in the browser, published and heard. The microphone is an oscillator of the browser's own."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import open_context
from protocol.clip_sound import judge_clip
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.settings import HOME
from tests.browser.legibility import reads_well
from tests.browser.letting_in import let_in
from tests.cast import COUNTY_OFFICER
from tests.fakes.recordings import wav
from tests.server_broker.county import make_county, user_of

pytestmark = pytest.mark.django_db(transaction=True)

MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => {
  const audio = new AudioContext(), tone = audio.createOscillator(), out = audio.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  return out.stream;
};
"""
PLAY = """async audio => {
    audio.load();
    const end = new Promise(done => audio.addEventListener("ended", done));
    await audio.play();
    await end;
    return audio.duration;
}"""
"""Chromium knows how long a sound is at its end at the latest; before, it may say Infinity."""
SENTENCE = "请把卡贴到读卡器上"


@pytest.fixture
def page(transactional_db: None, browser: Browser, web: str) -> Iterator[Page]:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()
    context = open_context(browser, 1440)
    context.add_init_script(MICROPHONE)
    let_in(context, web, user_of(COUNTY_OFFICER))
    yield context.new_page()
    context.close()


def test_a_sentence_is_recorded_and_published(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/published/voice/"))
    reads_well(page)
    row = page.get_by_role("row").filter(has_text=SENTENCE).first
    row.get_by_role("button", name=f"录音：{SENTENCE}").click()
    expect(page.get_by_role("status")).to_contain_text("正在录")
    page.wait_for_timeout(400)
    row.get_by_role("button", name=f"录音：{SENTENCE}").click()
    expect(page.get_by_role("status")).to_contain_text("录好了")
    row.get_by_role("button", name="发布").click()
    expect(page.get_by_text(f"已录上“{SENTENCE}”")).to_be_visible()
    item = Bundle.objects.get(kind="clips").items.get()
    assert 200 <= judge_clip(BundleFolder(HOME.bundles).path(bytes(item.sha256)).read_bytes()) <= 3_000
    row = page.get_by_role("row").filter(has_text=SENTENCE).first
    # An Opus file in Ogg plays in the browser too, so that an officer hears what the village will.
    heard = row.locator("audio").evaluate(PLAY)
    assert 0.2 <= heard <= 3


def test_a_file_that_is_no_sound_is_named(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/published/voice/"))
    row = page.get_by_role("row").filter(has_text=SENTENCE).first
    picked = row.locator("input[type=file]")
    picked.set_input_files({"name": "名单.wav", "mimeType": "audio/wav", "buffer": b"PK\x03\x04"})
    row.get_by_role("button", name="发布").click()
    expect(page.get_by_text("没有录上：这不是录音")).to_be_visible()
    row.locator("input[type=file]").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": wav(loud=10)})
    row.get_by_role("button", name="发布").click()
    expect(page.get_by_text("录音里没有声音")).to_be_visible()
