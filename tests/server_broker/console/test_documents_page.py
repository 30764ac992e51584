"""写公示或资料: a file is shown as people will read it and handed over, and another person publishes it or not."""

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from protocol.bundle_contents import read_content
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.documents import Documents
from server_broker.audit.models import AuditEntry
from server_broker.bundles.document_sheets import BOOK
from server_broker.bundles.document_template import template
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenDocuments
from server_broker.bundles.publishing import withdraw
from server_broker.bundles.written_documents import publish_written_documents
from server_broker.fleet.models import ShelfDue
from server_broker.guard.words import add_word
from server_broker.settings import HOME
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from tests.cast import (
    COUNTY_OFFICER,
    OTHER_TOWNSHIP,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
)
from tests.server_broker.bundles.document_files import GOOD, HEAD, workbook
from tests.server_broker.county import content_for, make_county, signed_in, written_documents

pytestmark = pytest.mark.django_db
PAGE = "/published/documents/"


@pytest.fixture
def officer() -> Client:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()
    return signed_in(TOWNSHIP_OFFICER)


def chosen(**changes: Any) -> dict[str, Any]:
    today = timezone.localdate()
    usual = {
        "kind": "disclosure",
        "region": TOWNSHIP,
        "first_day": str(today),
        "last_day": str(today + dt.timedelta(days=30)),
        "replaces": "",
        "step": "preview",
    }
    return usual | changes


def upload(client: Client, sheets: dict[str, list[list[Any]]], **changes: Any) -> tuple[int, str]:
    file = SimpleUploadedFile("示例.xlsx", workbook(sheets))
    response = client.post(PAGE, chosen(file=file, **changes))
    return response.status_code, response.content.decode()


def publish(client: Client, row: WrittenDocuments) -> str:
    """Press the button of what was handed over."""
    return client.post(f"/published/waiting/documents/{row.pk}/publish/", follow=True).content.decode()


def confirm(client: Client, page: str, **changes: Any) -> str:
    token = re.search(r'name="token" value="([0-9a-f-]{36})"', page)
    assert token, page
    return client.post(PAGE, chosen(step="submit", token=token[1], **changes), follow=True).content.decode()


def test_a_file_is_shown_handed_over_and_published_by_another_person_as_it_was_shown(officer: Client) -> None:
    status, page = upload(officer, GOOD)
    assert status == 200
    for words in (
        "共 1 份，另有明细 1 份",
        "示例村十一月收支",
        "1,234.50 元",
        "› 路灯明细",
        "会发到 1 个站点",
        "现在还没有交",
    ):
        assert words in page
    assert "请另一个人看过以后发布" in confirm(officer, page)
    assert not Bundle.objects.exists()
    written = WrittenDocuments.objects.get()
    other = signed_in(COUNTY_OFFICER)
    assert "示例村十一月收支" in other.get("/published/").content.decode()
    look = other.get(f"/published/waiting/documents/{written.pk}/").content.decode()
    for words in ("1,234.50 元", "› 路灯明细", "会发到 1 个站点", TOWNSHIP_OFFICER.username):
        assert words in look
    assert "已发布" in publish(other, written)
    row = Bundle.objects.get()
    raw = BundleFolder(HOME.bundles).path(bytes(row.sha256)).read_bytes()
    content = read_content(decode(raw, BundleDocument, limit=MAX_BUNDLE_BYTES))
    assert isinstance(content, Documents)
    assert [one.sample for one in content.documents] == [True, True]
    assert (row.kind, row.regions, row.author) == ("disclosure", [TOWNSHIP[:9]], COUNTY_OFFICER.username)
    assert [due.station_id for due in ShelfDue.objects.all()] == [SHILI]
    assert "请重新上传文件" in confirm(officer, page), "a preview is used once"
    written.refresh_from_db()
    assert (written.bundle, bytes(written.content)) == (row.bundle, b""), "its bundle has the content"
    assert f"/published/{row.pk}/" in other.get(f"/published/waiting/documents/{written.pk}/").content.decode()
    entries = AuditEntry.objects.filter(action__in=("documents.written", "bundle.published", "documents.agreed"))
    assert list(entries.order_by("pk").values_list("action", "actor")) == [
        ("documents.written", TOWNSHIP_OFFICER.username),
        ("bundle.published", COUNTY_OFFICER.username),
        ("documents.agreed", COUNTY_OFFICER.username),
    ]


def test_who_publishes_sees_every_row_of_a_long_table(officer: Client) -> None:
    names = [f"示例户{number:03}" for number in range(1, 121)]
    rows: list[list[Any]] = [
        ["表头", "户主", "金额"],
        ["列类型", "文字", "金额"],
        *(["行", name, 100] for name in names),
    ]
    confirm(officer, upload(officer, {"补贴": [*HEAD, *rows]})[1])
    written = WrittenDocuments.objects.get()
    look = signed_in(COUNTY_OFFICER).get(f"/published/waiting/documents/{written.pk}/").content.decode()
    assert [name for name in names if name not in look] == []
    assert "共 120 行" in look


def test_mistakes_are_listed_with_their_rows_and_nothing_is_published(officer: Client) -> None:
    status, page = upload(officer, {"收支": [*HEAD, ["说明书", "示例"]]})
    assert status == 422
    assert "收支 第 6 行" in page
    assert "第一列写的是“说明书”" in page
    wrong = [row if row[0] != "合计" else ["合计", "", "", 2, 9] for row in GOOD["收支"]]
    status, page = upload(officer, {**GOOD, "收支": wrong})
    assert status == 422
    assert "合计与各项不符" in page
    assert not Bundle.objects.exists()


def test_a_picture_that_a_document_shows_comes_with_it(officer: Client) -> None:
    made = io.BytesIO()
    Image.new("RGB", (640, 480), (9, 90, 60)).save(made, "PNG")
    sheets = {"图": [*HEAD, ["图片", "a.png", "示例图"]]}
    status, page = upload(officer, sheets)
    assert (status, "缺少图片：a.png" in page) == (422, True)
    _, page = upload(officer, sheets, pictures=[SimpleUploadedFile("a.png", made.getvalue())])
    confirm(officer, page)
    assert "已发布" in publish(signed_in(COUNTY_OFFICER), WrittenDocuments.objects.get())
    assert [item.name for item in Bundle.objects.get().items.all()] == ["a.png"]


def published(township: str = TOWNSHIP) -> Bundle:
    """A document of the township that two others have published."""
    row = written_documents(township)
    folder, now = BundleFolder(HOME.bundles), timezone.now()
    return publish_written_documents(row, own=Bundle.objects.all(), folder=folder, actor="publisher", at=now)


def test_a_next_version_takes_the_place_of_ones_own(officer: Client) -> None:
    first = published()
    confirm(
        officer, upload(officer, GOOD, kind="library", replaces=first.bundle)[1], kind="library", replaces=first.bundle
    )
    written = WrittenDocuments.objects.get(published_at=None)
    assert "现在的第 1 版" in officer.get(f"/published/waiting/documents/{written.pk}/").content.decode()
    assert "已发布" in publish(signed_in(COUNTY_OFFICER), written)
    assert [row.version for row in Bundle.objects.filter(bundle=first.bundle).order_by("version")] == [1, 2]
    stranger = signed_in(OTHER_TOWNSHIP_OFFICER)
    status, page = upload(stranger, GOOD, kind="library", region=OTHER_TOWNSHIP, replaces=first.bundle)
    assert (status, "要换掉的那一份现在没有" in page) == (422, True)


def test_a_second_one_of_the_same_name_is_warned_of_to_both(officer: Client) -> None:
    assert "已经有一份同名的" not in upload(officer, GOOD)[1]
    first = published()
    row = Bundle.objects.get()
    Bundle.objects.filter(pk=row.pk).update(title="示例村十一月收支", kind="disclosure")
    page = upload(officer, GOOD)[1]
    assert "已经有一份同名的" in page
    assert f"/published/{row.pk}/" in page
    confirm(officer, page)
    assert "已经有一份同名的" not in upload(officer, GOOD, replaces=first.bundle)[1], "a next version takes its place"
    waiting = WrittenDocuments.objects.get(published_at=None)
    look = signed_in(COUNTY_OFFICER).get(f"/published/waiting/documents/{waiting.pk}/").content.decode()
    assert "再发布，大屏上会有两份同名的" in look
    assert "已经有一份同名的" not in upload(signed_in(OTHER_TOWNSHIP_OFFICER), GOOD, region=OTHER_TOWNSHIP)[1]


def test_nobody_publishes_what_they_wrote(officer: Client) -> None:
    written = written_documents(TOWNSHIP, by=TOWNSHIP_OFFICER.username.upper())
    assert "/publish/" not in officer.get(f"/published/waiting/documents/{written.pk}/").content.decode()
    assert "要由另一个人看过再发布" in publish(officer, written)
    assert not Bundle.objects.exists()


def test_what_was_taken_back_meanwhile_is_not_published(officer: Client) -> None:
    written = written_documents(SHILI_VILLAGE, by=SECRETARY.username)
    officer.get(f"/published/waiting/documents/{written.pk}/")
    reason = {"reason": "日期写错了"}
    where = f"/published/waiting/documents/{written.pk}/end/"
    assert "已退回，没有发布" in signed_in(SECRETARY).post(where, reason, follow=True).content.decode()
    assert "没有发布：已经退回或收回了" in publish(officer, written)
    assert not Bundle.objects.exists()
    written.refresh_from_db()
    assert bytes(written.content) == b"", "what was sent back is kept no longer"


def test_a_secretary_hands_over_for_the_own_village_and_publishes_nothing(officer: Client) -> None:
    secretary = signed_in(SECRETARY)
    assert upload(secretary, GOOD, region=TOWNSHIP)[0] == 422
    confirm(secretary, upload(secretary, GOOD, region=SHILI_VILLAGE)[1], region=SHILI_VILLAGE)
    written = WrittenDocuments.objects.get()
    assert secretary.post(f"/published/waiting/documents/{written.pk}/publish/").status_code == 403
    others = written_documents(SHILI_VILLAGE)
    answer = secretary.post(f"/published/waiting/documents/{others.pk}/end/", {"reason": "日期写错了"})
    assert answer.status_code == 404, "only the own is taken back"


def test_what_waits_is_seen_in_the_own_places_alone(officer: Client) -> None:
    written = written_documents(TOWNSHIP)
    stranger = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert "示例办事指南" in officer.get("/published/").content.decode()
    assert "示例办事指南" not in stranger.get("/published/").content.decode()
    for path in ("", "publish/", "end/"):
        answer = (stranger.post if path else stranger.get)(f"/published/waiting/documents/{written.pk}/{path}")
        assert answer.status_code == 404


def test_a_bundle_of_another_region_is_not_replaced_by_who_does_not_see_it(officer: Client) -> None:
    theirs = published(OTHER_TOWNSHIP)
    # The county's officer sees both townships, the township's officer only where it would go.
    written = written_documents(TOWNSHIP, by=COUNTY_OFFICER.username, id=theirs.bundle)
    assert "不全是您管的地方的" in publish(officer, written)
    assert Bundle.objects.count() == 1


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (lambda row, _: withdraw(row.bundle, reason="写错了", actor="other", at=timezone.now()), "已经撤回"),
        (lambda row, _: content_for(TOWNSHIP[:9], kind="library", bundle=row.bundle, version=2), "新的一版"),
        (lambda _, waiting: WrittenDocuments.objects.filter(pk=waiting.pk).update(content=b"other"), "和交来时不同"),
        (lambda _, waiting: WrittenDocuments.objects.filter(pk=waiting.pk).update(pictures=b"\x80 "), "和交来时不同"),
        (lambda *_: add_word("材料", harmless=[], actor="other", at=timezone.now()), "里面有不能公开的内容"),
    ],
    ids=["withdrawn", "newer", "changed", "other pictures", "a secret word"],
)
def test_what_changed_after_it_was_looked_at_is_not_published(
    officer: Client, meanwhile: Callable[[Bundle, WrittenDocuments], object], said: str
) -> None:
    row = published()
    waiting = written_documents(TOWNSHIP, id=row.bundle)
    assert "/publish/" in officer.get(f"/published/waiting/documents/{waiting.pk}/").content.decode()
    meanwhile(row, waiting)
    before = Bundle.objects.count()
    assert said in publish(officer, waiting)
    assert Bundle.objects.count() == before
    waiting.refresh_from_db()
    assert waiting.waits


def test_nobody_publishes_beyond_their_own_places(officer: Client) -> None:
    status, page = upload(officer, GOOD, region=OTHER_TOWNSHIP)
    assert (status, "请选择发给哪里" in page) == (422, True)
    _, page = upload(officer, GOOD)
    assert "请选择发给哪里" in confirm(officer, page, region=OTHER_TOWNSHIP)
    stranger = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert "请重新上传文件" in confirm(stranger, page, region=OTHER_TOWNSHIP), "a preview is its sender's alone"
    assert not Bundle.objects.exists()


def test_the_template_is_a_file_without_mistakes() -> None:
    plan = read_plan(BOOK, read_sheets(template()))
    assert [str(error) for error in plan.errors] == []
    assert [one.title for one in plan.documents] == ["示例村2026年11月收支", "路灯明细"]
