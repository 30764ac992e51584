"""The Chinese words of a month's sheet: its states, the signs of its results, and why something was settled again."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils import timezone

from server_broker.closing.changes import Change, Said
from server_broker.closing.closing import open_words
from server_broker.closing.objections import may_close_from
from server_broker.closing.standing import Standing
from server_broker.console.words import Word
from server_broker.fleet.models import Station
from server_broker.settlement.states import CLOSED, OPEN, READY, RUNNING, SHOWN
from server_broker.settlement.times import Minute, begin_of
from server_broker.settling.moments import aware
from server_broker.settling.words import cause_words, result_words
from server_broker.timesheets.words import LEGEND as SIGNS

STATE_WORDS: Mapping[str, Word] = {
    RUNNING: Word("…", "进行中", "quiet"),
    OPEN: Word("△", "未定稿", "warn"),
    READY: Word("○", "可公示", "good"),
    SHOWN: Word("●", "公示中", "good"),
    CLOSED: Word("✓", "已定稿", "good"),
}
SETTLING = Word("…", "正在结算", "quiet")
"""Every window has a result, and some are about to be settled again: the month can't be shown yet."""
TONES: Mapping[str, str] = {
    "√": "good",
    **dict.fromkeys("迟早缺", "warn"),
    "旷": "bad",
    **dict.fromkeys("假出会停", "away"),
    **dict.fromkeys(("暂", "待", "未", ""), "open"),
    "休": "off",
}
"""The class of each result's cell. Meaning is never in the colour alone: the sign is the result itself."""
LEGEND = tuple((sign, said, TONES[sign]) for sign, said in SIGNS.items())
"""Sign, what it says, and the class of its cell."""


def state_word(standing: Standing) -> Word:
    """Return how far a month is, as its badge says it."""
    return SETTLING if standing.state == READY and standing.waiting else STATE_WORDS[standing.state]


def said_words(said: Said) -> str:
    """Return what a window came to in a few words, such as 迟到 12 分钟."""
    words = result_words(said.result, kind=said.kind, late=said.late, early=said.early, beside=said.beside)
    return f"{words}，部分请假 {said.leave_minutes} 分钟" if said.leave_minutes else words


def why_words(why: str) -> str:
    """Return what had a window settled again; of one that is no more nothing had."""
    return cause_words(why) if why else "不再有这个班"


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
