"""The Chinese words of a month's sheet: its states, the signs of its results, and why something was settled again."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.utils import timezone

from server_broker.closing.changes import Change, Said
from server_broker.closing.closing import open_words
from server_broker.closing.objections import may_close_from
from server_broker.closing.standing import CLOSED, OPEN, READY, RUNNING, SHOWN, Standing
from server_broker.console.words import Word
from server_broker.fleet.models import Station
from server_broker.settlement.times import Minute, begin_of
from server_broker.settling import due
from server_broker.settling.moments import aware
from server_broker.timesheets.words import LEGEND as SIGNS

STATE_WORDS: Mapping[str, Word] = {
    RUNNING: Word("…", "进行中", "quiet"),
    OPEN: Word("△", "未定稿", "warn"),
    READY: Word("○", "可公示", "good"),
    SHOWN: Word("●", "公示中", "good"),
    CLOSED: Word("✓", "已定稿", "good"),
}
_TONES = {
    "√": "good",
    **dict.fromkeys("迟早缺", "warn"),
    "旷": "bad",
    **dict.fromkeys("假出会停", "away"),
    **dict.fromkeys("暂待未", "open"),
    "休": "off",
}
LEGEND = tuple((sign, said, _TONES[sign]) for sign, said in SIGNS.items())
"""Sign, what it says, and the class of its cell."""
TONES = {sign: tone for sign, _, tone in LEGEND}
_NAMES = {sign: name for sign, name, _ in LEGEND} | {"": "还没到时候"}
_WHY = {
    due.FIRST: "第一次结算",
    due.TIME: "时间到了",
    due.TOUCH: "补到了打卡",
    due.RECORD: "站点的记录到了",
    due.CLOCK: "站点校准了时间",
    due.HELD: "待审的记录处理了",
    due.STATION: "站点停用或恢复",
    due.CARD: "卡的归属变了",
    due.ROSTER: "排班、职务或换班变了",
    due.ABSENCE: "请假外出变了",
    due.CORRECTION: "同意了补卡",
    due.CALENDAR: "工作日历变了",
    due.NOTICE: "停班通知变了",
    due.PARAMETER: "规则参数变了",
    due.REGION: "区划变了",
}


def said_words(said: Said) -> str:
    """Return what a window came to in a few words, such as 迟到 12 分."""
    name = _NAMES.get(said.result, said.result)
    kind = f"（{said.kind}）" if said.kind else ""
    minutes = [f"{word} {count} 分" for word, count in (("迟到", said.late), ("早退", said.early)) if count]
    words = [f"{name}{kind}"] if said.result not in ("迟", "早") or not minutes else []
    words += minutes
    words += [_NAMES.get(word, word) for word in said.beside if word not in ("迟", "早")]
    if said.leave_minutes:
        words.append(f"部分请假 {said.leave_minutes} 分")
    return "，".join(words)


def why_words(why: str) -> str:
    """Return what had a window settled again."""
    return "、".join(_WHY.get(code, code) for code in why.split()) or "不再有这个班"


def days_words(days: Fraction) -> str:
    """Return days as people write them: two decimals at most."""
    return f"{float(days):.2f}".rstrip("0").rstrip(".")


def minute_of(minute: Minute) -> dt.datetime:
    """Return a minute of the rules as a local time."""
    return timezone.localtime(aware(begin_of(minute)))


def why_not_shown(standing: Standing) -> str:
    """Return why a month can't be shown now; empty if it can."""
    if standing.state == RUNNING:
        return "还没有结束"
    if standing.state == OPEN:
        return f"还有 {open_words(standing.open)}"
    if standing.state == SHOWN:
        return "已经公示"
    if standing.state == CLOSED:
        return "已经定稿"
    return "有新数据正在结算，过几分钟再来" if standing.waiting else ""


def why_not_closed(standing: Standing, at: dt.datetime) -> str:
    """Return why a month can't be closed at a moment; empty if it can."""
    if standing.state in (RUNNING, OPEN, CLOSED):
        return why_not_shown(standing)
    until = standing.objections_until
    if standing.state == READY or until is None:
        return "还没有公示"
    return "" if at >= may_close_from(until) else f"公示到 {until.month}月{until.day}日 为止"


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change as a page shows it."""

    change: Change
    was: str
    now: str
    why: str
    places: str
    """Where the facts come from on which it rests now."""
    is_seen: bool
    """Whether the viewer sees the person."""


def change_lines(changes: Collection[Change], seen: Collection[int]) -> list[ChangeLine]:
    """Return changes as a page shows them, in one query."""
    stations = {fact.station for one in changes for fact in one.facts}
    names = dict(Station.objects.filter(pk__in=stations).values_list("pk", "village__name"))
    return [
        ChangeLine(
            one,
            said_words(one.was),
            said_words(one.now),
            why_words(one.why),
            "、".join(sorted({f"{names.get(fact.station, fact.station)}站点" for fact in one.facts})),
            one.person in seen,
        )
        for one in changes
    ]
