"""What is written into Excel: no text becomes a formula, and every text can be written and read."""

import io

import pytest
from openpyxl import load_workbook

from server_broker.sheets.writing import escaped, free_workbook

HIDDEN = "张\x1b[2J\x00示\u202e\u200b例"


@pytest.mark.parametrize(
    "begins", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "\u200b=", "\x00="]
)
def test_no_text_is_a_formula(begins: str) -> None:
    assert escaped(f"{begins}1+1").startswith("'")


def test_what_is_no_formula_stays() -> None:
    for text in ("", "张示例", "1-2", "a=b"):
        assert escaped(text) == text


def test_what_nobody_sees_is_left_out() -> None:
    written = free_workbook({HIDDEN[:1]: [("说明", HIDDEN, "\u200b=1+1")]}, [HIDDEN, "第一行\n第二行"])
    book = load_workbook(io.BytesIO(written))
    assert [cell.value for cell in book.worksheets[0][1]] == ["说明", "张[2J示例", "'=1+1"]
    assert [cell.value for cell in book.worksheets[1]["A"]] == ["张[2J示例", "第一行\n第二行"]
