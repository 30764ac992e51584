"""An editor brings in a file with errors, mends them in the page, adds a picture and a voice, and hands it over.

Somebody else publishes it, a station plays it, and it is withdrawn.
"""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from firmware_scripts.pictures.console import open_context
from protocol.kiosk_documents import AskPicture, PictureShown
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelOver,
    MapShown,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    PackShown,
    QuestionShown,
)
from server_broker.accounts.models import User
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenPack
from server_broker.editing.models import BankDraft, DraftQuestion
from server_broker.settings import HOME
from tests.agent.bench import Bench, bench, desired
from tests.agent.shelf.test_change_of_bundle import take
from tests.browser.legibility import reads_well
from tests.browser.letting_in import let_in
from tests.browser.test_voice import MICROPHONE
from tests.cast import SHILI_VILLAGE, TOWNSHIP_OFFICER, TOWNSHIP_OPERATOR
from tests.fakes.clockwork import FakeSystemClock
from tests.server_broker.county import make_county, user_of
from tests.server_broker.editing.samples import good_rows, row, workbook

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("CUNHUI_LEARNING_PICTURES", "")
"""A folder for screenshots, for whoever wants to look at the pages."""
WRONG = "示例题己：先做什么？"
TITLE = "示例镇防火"
DRAWN_MS = 20_000
"""As long as the page itself waits for a kiosk's picture, and some more."""


def signed_in(browser: Browser, web: str, user: User, width: int = 1440) -> BrowserContext:
    context = open_context(browser, width)
    context.add_init_script(MICROPHONE)
    let_in(context, web, user)
    return context


@pytest.fixture
def editor(transactional_db: None, browser: Browser, web: str) -> Iterator[Page]:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()
    context = signed_in(browser, web, user_of(TOWNSHIP_OFFICER))
    yield context.new_page()
    context.close()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def red() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(made, "PNG")
    return made.getvalue()


def begin(page: Page, web: str) -> None:
    """A new bank, with a file of six questions of which one has no right answer and no source."""
    page.goto(urljoin(web, "/banks/"))
    page.get_by_label("名称").fill(TITLE)
    page.get_by_label("谁负责").fill("示例镇 陈示例")
    page.get_by_label("是示例").check()
    rows = [*good_rows(5), row(5, answer="C", source="")]
    page.get_by_label("题目文件").set_input_files(file("题库.xlsx", workbook(rows)))  # type: ignore[arg-type]
    page.get_by_role("button", name="新建").click()


def mend(page: Page) -> None:
    page.get_by_role("link", name="要改的 1").click()
    page.get_by_role("link", name=WRONG).click()
    expect(page.get_by_text("没有出处").first).to_be_visible()
    page.get_by_label("答案").fill("A")
    page.get_by_label("出处").fill("《示例办法》（2026 年）第二条")
    # A kiosk of its own draws it, which takes longer on a machine with other work.
    expect(page.get_by_alt_text("大屏上问这道题时的样子")).to_be_visible(timeout=DRAWN_MS)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存")).to_be_visible()


def test_from_a_file_with_errors_to_the_kiosk_and_back(
    editor: Page, browser: Browser, web: str, tmp_path: Path
) -> None:
    begin(editor, web)
    expect(editor.get_by_text("现在有 1 题要改")).to_be_visible()
    picture(editor, "bank")
    reads_well(editor)
    mend(editor)
    editor.locator("input[name=picture]").set_input_files(file("tu.png", red()))  # type: ignore[arg-type]
    editor.get_by_role("button", name="放上图片").click()
    expect(editor.get_by_alt_text("这道题的图片")).to_be_visible()
    editor.get_by_role("button", name="录音", exact=True).click()
    expect(editor.get_by_role("status").filter(has_text="正在录")).to_be_visible()
    editor.wait_for_timeout(400)
    editor.get_by_role("button", name="录完了").click()
    expect(editor.get_by_role("status").filter(has_text="录好了")).to_be_visible()
    editor.get_by_role("button", name="放上录音").click()
    expect(editor.get_by_label("听这道题的录音")).to_be_visible()
    picture(editor, "bank-question")
    reads_well(editor)
    editor.get_by_role("link", name=TITLE).click()
    editor.get_by_role("button", name="交给另一个人发布").click()
    expect(editor.get_by_text("发布之前大屏上没有").first).to_be_visible()
    expect(editor.get_by_role("button", name="发布", exact=True)).to_have_count(0)

    second = signed_in(browser, web, user_of(TOWNSHIP_OPERATOR))
    page = second.new_page()
    page.goto(urljoin(web, "/published/"))
    page.get_by_role("link", name=TITLE).click()
    shown = page.locator(".pack-question").filter(has_text=WRONG)
    shown.locator("summary").click()
    screen = shown.get_by_alt_text("大屏上问这道题时的样子")
    expect(screen).to_be_visible()
    page.wait_for_function("one => one.complete && one.naturalWidth > 0", arg=screen.element_handle())
    picture(page, "pack-to-publish")
    reads_well(page)
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_text("已发布").first).to_be_visible()

    bundle = Bundle.objects.get(kind="questions")
    with bench(tmp_path, FakeSystemClock()) as station:
        plays(station, bundle)
        page.get_by_role("link", name="看它到了哪些站点").click()
        expect(page.get_by_text("示例镇 陈示例")).to_be_visible()
        withdraw(page)
        station.county.withdraw(bundle.bundle)
        take(station)
        assert station.ask(OpenMap()) == [MapShown()]
    second.close()


def withdraw(page: Page) -> None:
    form = page.get_by_role("region", name="撤回")
    form.get_by_label("理由").fill("示例：撤回一次")
    form.get_by_role("button", name="撤回").click()
    picture(page, "withdraw")
    page.get_by_role("button", name=re.compile("撤回|确认|确定")).last.click()
    expect(page.get_by_text("已撤回").first).to_be_visible()


def plays(station: Bench, bundle: Bundle) -> None:
    """A station fetches what the county published, and somebody answers all of it, with its picture and its voice."""
    station.accept(msgspec.structs.replace(desired(version=station.twin.version + 1), region=SHILI_VILLAGE))
    folder = BundleFolder(HOME.bundles)
    for item in bundle.items.all():
        station.county.files["items", bytes(item.sha256)] = folder.path(bytes(item.sha256)).read_bytes()
    station.county.offer(folder.path(bytes(bundle.sha256)).read_bytes())
    take(station)
    (shown,) = station.ask(OpenMap())
    assert isinstance(shown, MapShown)
    assert [one.title for one in shown.packs] == [TITLE]
    (levels,) = station.ask(OpenPack(pack=bundle.bundle))
    assert isinstance(levels, PackShown)
    asked, pictures, voices = 0, 0, 0
    (question,) = station.ask(OpenLevel(pack=bundle.bundle, level=levels.levels[0].level))
    while isinstance(question, QuestionShown):
        asked, voices = asked + 1, voices + question.sound
        if question.picture is not None:
            (seen,) = station.ask(AskPicture(bundle=bundle.bundle, item=question.picture))
            pictures += isinstance(seen, PictureShown) and bool(seen.content)
        right = next(number for number, option in enumerate(question.options) if option.startswith("先断电"))
        (marked,) = station.ask(AnswerQuestion(run=question.run, question=question.question, chosen=[right]))
        assert isinstance(marked, Marked)
        assert marked.right
        (question,) = station.ask(NextQuestion(run=question.run))
    assert isinstance(question, LevelOver)
    assert (asked, question.passed, question.stars) == (5, True, 3)
    assert (pictures, voices) in ((0, 0), (1, 1)), "five of six are drawn"


def test_whoever_wrote_it_and_whoever_is_elsewhere_gets_no_way_to_publish(editor: Page, web: str) -> None:
    begin(editor, web)
    mend(editor)
    editor.get_by_role("link", name=TITLE).click()
    editor.get_by_role("button", name="交给另一个人发布").click()
    row = WrittenPack.objects.get()
    token = editor.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    answer = editor.request.post(
        urljoin(web, f"/published/waiting/pack/{row.pk}/publish/"),
        form={"csrfmiddlewaretoken": token},
        headers={"Referer": web},
    )
    assert "这是您自己写的" in answer.text()
    assert not Bundle.objects.filter(kind="questions").exists()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_read_well(editor: Page, browser: Browser, web: str, width: int) -> None:
    begin(editor, web)
    draft = BankDraft.objects.get()
    context = signed_in(browser, web, user_of(TOWNSHIP_OFFICER), width)
    page = context.new_page()
    question = DraftQuestion.objects.filter(level__draft=draft).first()
    assert question is not None
    for name, address in (
        ("banks", "/banks/"),
        ("bank", f"/banks/{draft.pk}/"),
        ("bank-question", f"/banks/{draft.pk}/questions/{question.pk}/"),
    ):
        page.goto(urljoin(web, address))
        picture(page, f"{name}-{width}")
        reads_well(page)
    context.close()
