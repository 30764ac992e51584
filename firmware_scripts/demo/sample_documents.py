"""Plainly fictional documents for the demonstration: this month's money with its items, subsidies, a policy, prices."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from PIL import Image, ImageDraw

type Rows = Iterable[list[Any]]

PICTURE = "路灯.png"
LAMPS, BULBS, SUBSIDIES, POLICY = "修路灯", "灯泡 12 个", "示例村耕地补贴发放表", "示例镇医保缴费办法"
_SOURCE = "示例村村委会"


def money_of(today: date) -> str:
    """Return the title of a month's money."""
    return f"示例村{today.month}月收支"


def write_disclosure(path: Path, today: date) -> None:
    """Write what a village must show: money with its items, and subsidies."""
    month = f"{today:%Y-%m}"
    lamps = [(BULBS, 234.5), ("人工 2 天", 1000.0)]
    spent = [(LAMPS, sum(cost for _, cost in lamps), "路灯明细"), ("打扫村道", 500.0, ""), ("办公用纸", 86.4, "")]
    subsidies = [(f"示例户{number}", 12 + number, 95.0 * (12 + number)) for number in range(1, 25)]
    _write(
        path,
        {
            "收支": [
                *_head(money_of(today), "财务", month, today),
                ["小标题", "收入"],
                ["表头", "项目", "金额"],
                ["列类型", "文字", "金额"],
                ["行", "鱼塘承包（示例）", 6000.0],
                ["合计", None, 6000.0],
                ["小标题", "支出"],
                ["表头", "项目", "金额", "明细"],
                ["列类型", "文字", "金额"],
                *(["行", what, cost, items or None] for what, cost, items in spent),
                ["合计", None, sum(cost for _, cost, _ in spent)],
                ["图片", PICTURE, "示例图：修好的路灯"],
                ["段落", "以上都是示例，没有一个数是真的。"],
            ],
            "路灯明细": [
                ["表头", "票据", "金额"],
                ["列类型", "文字", "金额"],
                *(["行", what, cost] for what, cost in lamps),
                ["合计", None, sum(cost for _, cost in lamps)],
            ],
            "补贴": [
                *_head(SUBSIDIES, "补贴", f"{today:%Y}", today),
                ["表头", "户", "面积（亩）", "金额"],
                ["列类型", "文字", "数量", "金额"],
                *(["行", *row] for row in subsidies),
                ["合计", None, sum(row[1] for row in subsidies), sum(row[2] for row in subsidies)],
            ],
        },
    )
    _draw(path.with_name(PICTURE))


def write_library(path: Path, today: date) -> None:
    """Write what people look up: a policy, and prices."""
    prices = [("示例化肥", 118.0), ("示例种子", 45.5), ("示例饲料", 96.8)]
    _write(
        path,
        {
            "医保": [
                *_head(POLICY, "政策", f"{today:%Y}", today, source="示例镇人民政府"),
                ["小标题", "谁要缴"],
                ["段落", "没有单位的人，每年缴一次。这是示例，不是真的规定。"],
                ["小标题", "到哪里缴"],
                ["段落", "到村部，或者打镇里的示例电话。带上自己的医保卡。"],
            ],
            "价格": [
                *_head("示例镇农资价格", "价格", f"{today:%Y-%m}", today, source="示例镇供销社"),
                ["表头", "名称", "每袋"],
                ["列类型", "文字", "金额"],
                *(["行", *row] for row in prices),
            ],
        },
    )


def _head(title: str, kind: str, period: str, today: date, *, source: str = _SOURCE) -> Rows:
    return [["标题", title], ["类别", kind], ["所属期", period], ["公布日期", today.isoformat()], ["来源", source]]


def _write(path: Path, sheets: dict[str, Rows]) -> None:
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def _draw(path: Path) -> None:
    """Draw a lamp at night."""
    picture = Image.new("RGB", (320, 200), (16, 24, 48))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 160, 320, 200), fill=(52, 60, 52))
    pen.rectangle((156, 50, 164, 170), fill=(120, 120, 128))
    pen.polygon([(140, 60), (180, 60), (240, 160), (80, 160)], fill=(92, 88, 40))
    pen.ellipse((140, 32, 180, 64), fill=(255, 230, 120))
    picture.save(path)
