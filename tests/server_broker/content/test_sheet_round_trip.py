"""A bank that goes out as an Excel file comes in again as it was."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from server_broker.content.bank import Bank, BankLevel, bank_of, pack_of
from server_broker.content.files import open_bank, read_pack_file, write_bank
from server_broker.content.gathering import Gathering
from server_broker.content.sheet import BOOK, gather
from server_broker.content.sheet_writing import workbook
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from tests.server_broker.content.banks import STARTER, banks, question


def excel(data: bytes) -> Bank:
    """Read a workbook in this process."""
    into = Gathering()
    plan = read_plan(BOOK, read_sheets(data))
    outcomes = list(gather(plan, into))
    assert plan.errors == []
    assert [outcome.refusals for outcome in outcomes if outcome.refusals] == []
    return into.bank(title="示例题库")


@given(bank=banks())
@settings(max_examples=25, deadline=None)
def test_any_bank_is_equal_after_excel(bank: Bank) -> None:
    assert excel(workbook(bank)) == bank


def test_the_starter_packs_are_the_same_after_gift_and_excel_and_gift(tmp_path: Path) -> None:
    for path in sorted(STARTER.glob("*.json")):
        pack = read_pack_file(path)
        bank = bank_of(pack, owner="示例负责人")
        for name in ("a.xlsx", "b.gift", "c.xlsx"):
            (tmp_path / name).write_bytes(write_bank(bank, tmp_path / name))
            file = open_bank(tmp_path / name)
            assert all(outcome.question is not None for outcome in file.outcomes)
            bank = file.bank()
        assert pack_of(bank, version=pack.version) == pack


@pytest.mark.parametrize(
    "text", ["=1+1", "'=1+1", "''=1", "-3 度", "+86", "@某人", "'好'", "1.0", "007", "TRUE", "_x0041_"]
)
def test_no_text_becomes_a_formula_a_number_or_another_text(text: str) -> None:
    one = question(stem=text, options=[text, "乙"], answer=[0])
    bank = Bank("b", "示例", (BankLevel("l1", "第一关", 5, (one,)),))
    assert excel(workbook(bank)) == bank
