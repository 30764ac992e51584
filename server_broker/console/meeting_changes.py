"""How a meeting was changed, in words: what was announced before, and what after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from server_broker.console.meeting_words import OUTSIDE
from server_broker.meetings.changes import PEOPLE, changes
from server_broker.meetings.models import MeetingRecord
from server_broker.people.models import Person

WORDS = {
    "meeting_kind": "哪种会",
    "title": "名称",
    "place": "地点",
    "begin": "开始",
    "end": "结束",
    "stations": "签到的站点",
    "chair": "主持人",
    "quorum": "法定人数",
    "agenda": "议题",
    "papers": "材料",
    "expected": "应到的人",
    "voters": "有表决权的人",
}
_LISTS = ("expected", "voters")


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that took the place of another, and a line for each thing that was otherwise."""

    row: MeetingRecord
    lines: Sequence[str]


def people_in(history: Sequence[MeetingRecord]) -> set[int]:
    """Return the keys of all people who are in some row."""
    return {key for row in history for key in (*row.expected, *([row.chair] if row.chair is not None else []))}


def changed(history: Sequence[MeetingRecord], names: Mapping[int, Person]) -> list[Changed]:
    """Return what was changed of a meeting, the newest first.

    Args:
        history: All rows, the oldest first.
        names: The people whom the viewer sees.
    """
    found = []
    for old, new in pairwise(history):
        lines = []
        for one in changes(old, new):
            before, after = one.before, one.after
            if one.what in PEOPLE:
                before, after = _names(before, names), _names(after, names)
            lines.append(f"{WORDS[one.what]}：{_line(one.what, before, after)}")
        found.append(Changed(new, lines))
    return found[::-1]


def _line(what: str, before: str, after: str) -> str:
    if what in _LISTS:
        return "，".join(f"{word} {who}" for word, who in (("减去", before), ("加上", after)) if who)
    return f"原来 {before or '没有'}，改为 {after or '没有'}"


def _names(keys: str, names: Mapping[int, Person]) -> str:
    return "、".join(names[int(key)].name if int(key) in names else OUTSIDE for key in keys.split())
