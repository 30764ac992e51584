"""An answer for people: what each window comes to and why, line by line."""

from collections.abc import Iterable, Iterator, Mapping
from unicodedata import east_asian_width

from server_broker.settlement.named_cases.answer import DAYS

type Row = Mapping[str, object]

_TOTALS = {"due": "应到", "present": "出勤", **{name: word or "空" for name, word in DAYS.items()}}
_TIMES = {
    "late_times": "迟到 {} 次",
    "late_minutes": "迟 {} 分钟",
    "early_times": "早退 {} 次",
    "early_minutes": "早 {} 分钟",
    "missing_times": "缺卡 {} 次",
    "part_leave_minutes": "部分请假 {} 分钟",
}
_EXCEPTIONS = {"off_place": "不算数的地方打卡", "unknown_card": "陌生卡", "lost_card": "挂失的卡"}
_REFUSED = {"overlap": "有人的班重叠"}


def as_text(said: Mapping[str, object]) -> str:
    """Return an answer as lines of Chinese text."""
    head = f"{said['name']}：按规则 {said['rules']} 结算"
    if said["refused"] is not None:
        return "\n".join([head, f"不收：{_REFUSED[str(said['refused'])]}", *_differences(said)])
    return "\n".join([head, *_body(said), *_differences(said)])


def _body(said: Mapping[str, object]) -> Iterator[str]:
    yield from _aligned([_window(row) for row in _rows(said, "windows")])
    for row in _rows(said, "totals"):
        yield f"合计 {row['person']}：{'，'.join(_total(row))}"
    for row in _rows(said, "resident"):
        open_ = f"，记录没齐：{_listed(row['incomplete'])}" if row["incomplete"] else ""
        yield f"驻村 {row['person']} {row['month']}：{row['days']} 天，{row['nights']} 夜{open_}"
    for row in _rows(said, "meetings"):
        yield f"会议 {row['meeting']}：{_meeting(row)}"
    for row in _rows(said, "months"):
        yield f"月表 {row['month']}：{row['state']}"
    for row in _rows(said, "slips"):
        yield f"更正单 {row['person']} {row['date']} {row['start']}：{row['was']} 改为 {row['now']}"
    for row in _rows(said, "exceptions"):
        who = row.get("person", row.get("card"))
        yield f"要看的 {_EXCEPTIONS[str(row['kind'])]}：{who}，站点 {row['station']}，{row['at']}"


def _rows(said: Mapping[str, object], table: str) -> list[Row]:
    rows = said[table]
    return list(rows) if isinstance(rows, list) else []


def _listed(values: object) -> str:
    return "、".join(map(str, values)) if isinstance(values, list) and values else "无"


def _window(row: Row) -> list[str]:
    marks = [*_texts(row["beside"]), *_texts(row["flags"]), str(row["kind"])]
    beside = "、".join(mark for mark in marks if mark)
    word = str(row["result"]) or "空"
    line = f"第 {row['line']} 条" if row["line"] != "0" else "未到时候"
    return [str(row["person"]), str(row["date"]), str(row["start"]), word, beside, line, str(row["reason"])]


def _texts(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


def _total(row: Row) -> Iterator[str]:
    for name, word in _TOTALS.items():
        if row[name]:
            yield f"{word} {row[name]} 天"
    for name, text in _TIMES.items():
        if row[name]:
            yield text.format(row[name])
    yield "已定" if row["final"] else "未定"


def _meeting(row: Row) -> str:
    names = {"expected": "应到", "came": "实到", "late": "迟到", "excused": "请假", "absent": "缺席"}
    votes = row["quorum_at_votes"]
    enough = [row["quorum_at_start"], *(votes if isinstance(votes, list) else [])]
    quorum = "、".join("够" if one else "不够" for one in enough)
    return "，".join([*(f"{word} {_listed(row[name])}" for name, word in names.items()), f"法定人数 {quorum}"])


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a Chinese character."""
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in text)


def _differences(said: Mapping[str, object]) -> Iterable[str]:
    found = _texts(said["differences"])
    return [f"和预期不同：{one}" for one in found] or ["和预期一致"]
