"""发布公示或资料: a file is shown as people will read it, and a second button publishes it, for own places only."""

import datetime as dt
import io
import re
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
from server_broker.bundles.document_sheets import BOOK
from server_broker.bundles.document_template import template
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.fleet.models import ShelfDue
from server_broker.settings import HOME
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from tests.cast import OTHER_TOWNSHIP, OTHER_TOWNSHIP_OFFICER, SHILI, TOWNSHIP, TOWNSHIP_OFFICER
from tests.server_broker.bundles.document_files import GOOD, HEAD, workbook
from tests.server_broker.county import make_county, signed_in

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


def confirm(client: Client, page: str, **changes: Any) -> str:
    token = re.search(r'name="token" value="([0-9a-f-]{36})"', page)
    assert token, page
    return client.post(PAGE, chosen(step="publish", token=token[1], **changes), follow=True).content.decode()


def test_a_file_is_shown_and_then_published_as_it_was_shown(officer: Client) -> None:
    status, page = upload(officer, GOOD)
    assert status == 200
    for words in ("共 2 份", "示例村十一月收支", "1,234.50 元", "› 路灯明细", "会发到 1 个站点", "现在还没有发布"):
        assert words in page
    assert not Bundle.objects.exists()
    assert "已发布" in confirm(officer, page)
    row = Bundle.objects.get()
    raw = BundleFolder(HOME.bundles).path(bytes(row.sha256)).read_bytes()
    content = read_content(decode(raw, BundleDocument, limit=MAX_BUNDLE_BYTES))
    assert isinstance(content, Documents)
    assert [one.sample for one in content.documents] == [True, True]
    assert (row.kind, row.regions, row.author) == ("disclosure", [TOWNSHIP[:9]], TOWNSHIP_OFFICER.username)
    assert [due.station_id for due in ShelfDue.objects.all()] == [SHILI]
    assert "请重新上传文件" in confirm(officer, page), "a preview is used once"


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
    assert "已发布" in confirm(officer, page)
    assert [item.name for item in Bundle.objects.get().items.all()] == ["a.png"]


def test_a_next_version_takes_the_place_of_ones_own(officer: Client) -> None:
    confirm(officer, upload(officer, GOOD)[1])
    first = Bundle.objects.get()
    changed = {**GOOD, "收支": [*GOOD["收支"], ["段落", "补充一句。"]]}
    confirm(officer, upload(officer, changed, replaces=first.bundle)[1], replaces=first.bundle)
    assert [row.version for row in Bundle.objects.filter(bundle=first.bundle).order_by("version")] == [1, 2]
    stranger = signed_in(OTHER_TOWNSHIP_OFFICER)
    status, page = upload(stranger, GOOD, region=OTHER_TOWNSHIP, replaces=first.bundle)
    assert (status, "要换掉的那一份现在没有" in page) == (422, True)


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
