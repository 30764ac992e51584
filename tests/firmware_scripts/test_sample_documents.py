"""The demonstration's documents can be published: nothing in them is wrong, and every sum adds up."""

from datetime import date
from pathlib import Path

from firmware_scripts.demo.sample_documents import PICTURE, write_disclosure, write_library
from protocol.documents import Document, pictures_of, wrong_sums
from server_broker.bundles.document_sheets import BOOK
from server_broker.media.decoding import for_kiosk
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan


def documents(path: Path) -> list[Document]:
    plan = read_plan(BOOK, read_sheets(path.read_bytes()))
    assert plan.errors == []
    return plan.documents


def test_they_can_be_published_in_any_month(tmp_path: Path) -> None:
    for day in (date(2026, 1, 1), date(2028, 2, 29), date(2026, 11, 30)):
        write_disclosure(tmp_path / "a.xlsx", day)
        write_library(tmp_path / "b.xlsx", day)
        shown = [*documents(tmp_path / "a.xlsx"), *documents(tmp_path / "b.xlsx")]
        assert len([one for one in shown if not one.part_of]) == 4
        assert wrong_sums(shown[:3]) == []
        assert {name for one in shown for name in pictures_of(one)} == {PICTURE}
    assert for_kiosk(tmp_path / PICTURE)
