"""Nothing that people publish passes round the guard, and what the county computes is not its affair."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from protocol.codec import encode
from protocol.documents import Column, Document, Documents, Heading, Paragraph, Row, Table
from server_broker.bundles.drafts import Draft, DraftItem, NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.guarding import GuardStopped
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import publish, store
from tests.server_broker.bundles.samples import AUTHOR, draft, notice
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
MOBILE = "13800138001"


def document(
    *, cells: list[str | int], text: str = "示例", heads: tuple[str, str, str] = ("姓名", "电话", "金额")
) -> bytes:
    table = Table(
        columns=[Column(title=heads[0]), Column(title=heads[1]), Column(title=heads[2], kind="yuan")],
        rows=[Row(cells=cells)],
    )
    one = Document(
        id="finance-2026-11",
        title="示例村十一月收支",
        kind="finance",
        published="2026-11-30",
        source="示例村村委会",
        blocks=[Heading(text="收支"), Paragraph(text=text), table],
    )
    return encode(Documents(documents=[one]))


def stopped(one: Draft, folder: BundleFolder) -> list[tuple[str, str]]:
    with pytest.raises(GuardStopped) as caught:
        publish(one, folder=folder, author=AUTHOR, at=NOW)
    assert not Bundle.objects.exists()
    return [(finding.what, finding.where) for finding in caught.value.findings]


def test_what_is_found_is_told_with_its_place_and_without_the_number(folder: BundleFolder) -> None:
    with pytest.raises(GuardStopped, match=r"一句话：像是手机号“请打138\*{6}01”") as caught:
        publish(draft(content=notice(f"请打{MOBILE}")), folder=folder, author=AUTHOR, at=NOW)
    assert MOBILE not in str(caught.value)


def test_every_part_of_a_document_is_looked_at(folder: BundleFolder) -> None:
    fine: list[str | int] = ["赵某某", "见公示栏", 13_800_138_001]
    publish(draft(id="fine", kind="disclosure", content=document(cells=fine)), folder=folder, author=AUTHOR, at=NOW)
    Bundle.objects.all().delete()
    for content, what in (
        (document(cells=["赵示例", MOBILE, 5]), "mobile"),
        (document(cells=["赵示例", "88880123", 5]), "landline"),
        (document(cells=["6101991962", "08150010", 5], heads=("身份证", "", "金额")), "identity_number"),
        # A telephone number that is typed as a sum.
        (document(cells=["赵示例", "见公示栏", 1_380_013_800_100], heads=("姓名", "备注", "电话")), "mobile"),
        (document(cells=["赵示例", "见公示栏", 1_380_013_800_100]), "mobile"),
        (document(cells=fine, text="会计 一三八〇〇一三八〇〇一"), "mobile"),
        (document(cells=fine, text="本件不得外传"), "secret_word"),
    ):
        found = stopped(draft(id="document", kind="disclosure", content=content), folder)
        assert what in [one for one, _ in found]


def test_a_number_that_begins_in_one_text_and_ends_in_the_next_is_found(folder: BundleFolder) -> None:
    split = draft(id="split", title="赵示例 990121", content=notice("20031130 1445"))
    assert stopped(split, folder) == [("identity_number", "标题")]


def test_titles_and_items_are_looked_at(folder: BundleFolder, tmp_path: Path) -> None:
    assert stopped(draft(title=f"找{MOBILE}"), folder) == [("mobile", "标题")]
    source = tmp_path / "list"
    source.write_text(f"姓名,电话\n赵示例,{MOBILE}\n", encoding="utf-8")
    data = source.read_bytes()
    sheet = DraftItem(
        name="名单.csv", sha256=hashlib.sha256(data).digest(), size=len(data), media_type="text/csv", source=source
    )
    assert stopped(draft(items=[sheet]), folder) == [("mobile", "附件“名单.csv”")]


def test_content_that_no_type_knows_is_looked_at_too(folder: BundleFolder) -> None:
    assert stopped(draft(id="raw", kind="answers", content=f"请打{MOBILE}".encode()), folder) == [("mobile", "")]
    nested = {"v": 1, "answers": [{"deep": [{"x": ["好", ["请打", MOBILE]]}]}]}
    assert [
        what for what, _ in stopped(draft(id="raw", kind="answers", content=msgspec.msgpack.encode(nested)), folder)
    ] == ["mobile"]


def test_signs_that_nobody_sees_are_refused(folder: BundleFolder) -> None:
    with pytest.raises(NotPublished, match="看不见的字符"):
        publish(draft(content=notice("请来\u202e开会")), folder=folder, author=AUTHOR, at=NOW)


def test_what_the_county_computes_for_a_station_is_not_stopped(folder: BundleFolder) -> None:
    row, new = store(draft(id="computed", content=notice(f"请打{MOBILE}")), folder=folder, author="", at=NOW)
    assert (row.author, new) == ("", True)
