"""Find what must not be published in the content of a bundle, whatever its type is.

The content is walked as it is encoded, without its type. So a kind of content that is added later is looked at too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import msgspec

from server_broker.guard.finding import County, Finding, find, find_in_table
from server_broker.guard.labels import labels_before

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
_MORE_THAN_A_VILLAGE_HAS = 10_000_000_000
"""Yuan. A telephone number that is typed as a sum is more."""
_FIELD = re.compile(r"[a-z_]{1,32}")
_CODE = re.compile("[a-z][!-~]*")


def texts_in(content: bytes) -> Iterator[Texts]:
    """Return every text and table of an encoded content. One that is not encoded is a text."""
    try:
        value = msgspec.msgpack.decode(content) if content else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = None
    return texts_of(value if isinstance(value, (dict, list)) else content.decode("utf-8", "replace"))


def find_in_texts(texts: Iterable[Texts], county: County) -> list[Finding]:
    """Return what must not be published of texts and tables, also of numbers that begin in one text and end in the
    next."""
    found: list[Finding] = []
    in_order: list[tuple[str, str]] = []
    for where, what in texts:
        if isinstance(what, str):
            found += find(what, county, where=where)
            in_order.append((where, what))
        else:
            found += find_in_table(what, county, where=where)
    return found + _over_edges(in_order, county, {(one.what, one.value) for one in found})


def _over_edges(texts: list[tuple[str, str]], county: County, known: set[tuple[str, str]]) -> list[Finding]:
    """Return the numbers that only all texts together show. Parts without a name and codes are not on screens."""
    shown = [(where, what) for where, what in texts if where and not _CODE.fullmatch(what)]
    begins = list(accumulate((len(what) + 1 for _, what in shown), initial=0))
    return [
        replace(one, where=shown[part][0], start=one.start - begins[part])
        for one in (find("\n".join(what for _, what in shown), county) if len(shown) > 1 else [])
        for part in [bisect_right(begins, one.start) - 1]
        if one.what != "secret_word" and (one.what, one.value) not in known
    ]


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
        money = [*is_money, *[False] * len(cells)]
        table.append(
            [
                _sum(cell, head) if is_sum and isinstance(cell, int) else _cell(cell)
                for cell, is_sum, head in zip(cells, money, [*table[0], *[""] * len(cells)], strict=False)
            ]
        )
    return table


def _sum(fen: int, head: str) -> str:
    """Return a sum as the digits of its yuan if it may be a number of something; its head or its size says so.

    Any other sum is left out, because it could be taken for a telephone number.
    """
    yuan = abs(fen) // 100
    return str(yuan) if yuan >= _MORE_THAN_A_VILLAGE_HAS or labels_before(head)[0] is not None else ""


def _cell(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, bool) else str(cell)
