"""Find what must not be published in the content of a bundle, whatever its type is.

The content is walked as it is encoded, without its type. So a kind of content that is added later is looked at too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from server_broker.guard.finding import County, Finding, find, find_in_table

type Texts = tuple[str, str | Sequence[Sequence[str]]]
"""Where it stands, in Chinese, and a text or a table."""
MACHINE_MADE = re.compile(r"[a-z][a-z-]{0,20}-[0-9a-f]{12,64}")
"""Ids that the county draws by chance. Nobody reads them, and their digits mean nothing."""
_PARTS = {
    "line": "一句话",
    "text": "正文",
    "title": "标题",
    "stem": "题目",
    "options": "选项",
    "explanation": "解释",
    "source": "来源",
    "name": "名称",
    "rows": "表格",
    "cells": "表格",
    "head": "表头",
    "heading": "小标题",
    "note": "备注",
    "caption": "图片说明",
    "answer": "答复",
    "question": "提问",
    "blocks": "正文",
    "notices": "通知",
    "levels": "关卡",
    "questions": "题目",
}
_DEEPEST = 32
_FIELD = re.compile(r"[a-z_]{1,32}")


def texts_in(content: bytes) -> Iterator[Texts]:
    """Return every text and table of an encoded content. One that is not encoded is a text."""
    try:
        value = msgspec.msgpack.decode(content) if content else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = None
    return texts_of(value if isinstance(value, (dict, list)) else content.decode("utf-8", "replace"))


def find_in_texts(texts: Iterable[Texts], county: County) -> list[Finding]:
    """Return what must not be published of texts and tables."""
    found: list[Finding] = []
    for where, what in texts:
        found += find(what, county, where=where) if isinstance(what, str) else find_in_table(what, county, where=where)
    return found


def texts_of(value: Any, where: str = "", depth: int = 0) -> Iterator[Texts]:
    """Return every text and every table of a decoded content, and in which part of it each one is."""
    if depth > _DEEPEST:
        raise ValueError("content is nested too deeply")
    if isinstance(value, str):
        if not MACHINE_MADE.fullmatch(value):
            yield where, value
    elif isinstance(value, dict) and isinstance(value.get("columns"), list) and isinstance(value.get("rows"), list):
        yield f"{where}表格", _table(value["columns"], value["rows"])
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_of(inner, _PARTS.get(key, where) if isinstance(key, str) else where, depth + 1)
            if isinstance(key, str) and not _FIELD.fullmatch(key):
                yield where, key
    elif isinstance(value, list):
        yield from _texts_of_list(value, where, depth)


def _texts_of_list(value: list[Any], where: str, depth: int) -> Iterator[Texts]:
    if value and all(isinstance(row, list) for row in value) and _is_table(value):
        yield where, [[_cell(cell) for cell in row] for row in value]
    elif len(value) > 1 and all(isinstance(cell, str | int | float | None) for cell in value):
        yield where, [[_cell(cell) for cell in value]]
    else:
        for number, inner in enumerate(value, start=1):
            place = f"{where}第 {number} 项" if len(value) > 1 and isinstance(inner, dict) else where
            yield from texts_of(inner, place, depth + 1)


def _is_table(rows: list[Any]) -> bool:
    return all(isinstance(cell, str | int | float | None) for row in rows for cell in row)


def _table(columns: list[Any], rows: list[Any]) -> list[list[str]]:
    """Return a table of `protocol.documents` with its heads as the first row, and sums of money left out."""
    heads = [column if isinstance(column, list) else [column] for column in columns]
    is_money = [head[1:2] == ["yuan"] for head in heads]
    table = [[_cell(head[0]) if head else "" for head in heads]]
    for row in rows:
        cells = row[0] if isinstance(row, list) and row and isinstance(row[0], list) else row
        if not isinstance(cells, list):
            cells = [cells]
        # A sum is a whole number there. As digits it could be taken for a telephone number.
        money = [*is_money, *[False] * len(cells)]
        table.append(
            [
                "" if is_sum and isinstance(cell, int) else _cell(cell)
                for cell, is_sum in zip(cells, money, strict=False)
            ]
        )
    return table


def _cell(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, bool) else str(cell)
