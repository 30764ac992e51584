"""A question about a document says on its page which one, in the words that the villager read."""

import pytest

from protocol.documents import Document, Paragraph
from server_broker.bundles.documents import DocumentsDraft, publish_documents
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.settings import HOME
from tests.cast import SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, YANGBAN_VILLAGE
from tests.server_broker.bundles.samples import AUTHOR, END
from tests.server_broker.county import FictionalCounty, asked, make_county, signed_in
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
MISSING = "找不到这份公示"


@pytest.fixture
def county() -> FictionalCounty:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    return make_county()


def published(*titles: tuple[str, str], village: str = SHILI_VILLAGE) -> Bundle:
    above, documents = "", []
    for name, title in titles:
        documents.append(
            Document(
                id=name,
                title=title,
                kind="finance",
                period="2026-11",
                published="2026-11-20",
                source="示例村",
                sample=True,
                part_of=above,
                blocks=[Paragraph(text="示例。")],
            )
        )
        above = name
    draft = DocumentsDraft(id="money", kind="disclosure", documents=documents, regions=[village], not_after=END)
    return publish_documents(draft, folder=BundleFolder(HOME.bundles), author=AUTHOR, at=NOW)[0]


def page(county: FictionalCounty, item: str) -> str:
    row = asked(county.stations[SHILI], topic="accounts", about="money", item=item)
    return words_of(text_of(signed_in(TOWNSHIP_OFFICER), f"/feedback/{row.pk}/"))


def test_the_item_is_named_with_the_document_that_it_is_a_part_of(county: FictionalCounty) -> None:
    published(("finance", "示例收支"), ("lamps", "修路灯的明细"))
    assert "示例收支 › 修路灯的明细" in page(county, "lamps")
    assert "示例收支 ›" not in page(county, "finance")


def test_an_item_that_is_no_more_in_the_newest_version_is_still_named(county: FictionalCounty) -> None:
    published(("finance", "示例收支"), ("lamps", "修路灯的明细"))
    published(("finance", "示例收支，改过"))
    assert "示例收支 › 修路灯的明细" in page(county, "lamps")
    assert "示例收支，改过" in page(county, "finance")


def test_a_document_that_is_not_for_the_village_is_not_named(county: FictionalCounty) -> None:
    published(("finance", "样板村的示例收支"), village=YANGBAN_VILLAGE)
    shown = page(county, "finance")
    assert "样板村的示例收支" not in shown
    assert f"{MISSING}（编号 money · finance）" in shown


def test_a_file_that_is_gone_leaves_the_question_to_be_answered(county: FictionalCounty) -> None:
    row = published(("finance", "示例收支"))
    BundleFolder(HOME.bundles).path(bytes(row.sha256)).unlink()
    assert MISSING in page(county, "finance")
