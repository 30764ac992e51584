"""Excel files of plainly fictional documents."""

import io
from typing import Any

import openpyxl

HEAD: list[list[Any]] = [
    ["标题", "示例村十一月收支"],
    ["类别", "财务"],
    ["所属期", "2026年11月"],
    ["公布日期", "2026-11-28"],
    ["来源", "示例村村委会"],
]
TABLE: list[list[Any]] = [
    ["小标题", "支出"],
    ["表头", "项目", "日期", "笔数", "金额（元）", "明细"],
    ["列类型", "文字", "日期", "数量", "金额"],
    ["行", "修路灯", "2026年11月3日", 2, 1234.5, "路灯明细"],
    ["行", "打扫", "", "", "500.00"],
    ["合计", "", "", 2, "1,734.50"],
]
ITEMS: list[list[Any]] = [
    ["表头", "票据", "金额"],
    ["列类型", "文字", "金额"],
    ["行", "灯泡", 234.5],
    ["行", "人工", 1000],
    ["合计", "", 1234.5],
]
GOOD: dict[str, list[list[Any]]] = {"收支": [*HEAD, *TABLE, ["段落", "以上为示例。"]], "路灯明细": ITEMS}


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """Return an Excel file with these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
