"""Why a window comes to what it does, in words that an officer understands."""

import datetime as dt
from collections.abc import Mapping, Sequence

from server_broker.settlement.cover import Covered
from server_broker.settlement.results import MOST_NAMED, Awaited
from server_broker.settlement.times import clock
from server_broker.settlement.units import Share, Unit
from server_broker.settlement.values import Way
from server_broker.settlement.verdict import State, Verdict

MARK_WORDS: Mapping[Way, str] = {"in": "到岗", "out": "离岗"}
TOUCH_WORDS: Mapping[Way, str] = {"in": "上班卡", "out": "下班卡"}
"""Of what is missing: nobody knows whether somebody was there who did not touch."""
_VERBS: Mapping[Way, str] = {"in": "到", "out": "走"}
COVER_WORDS = {"假": "请假", "出": "外出", "会": "外出开会"}


def whole(covered: Covered) -> str:
    """Say why lines 1 to 4 decide a whole window."""
    if covered.line == "1":
        return f"{covered.why}。"
    names = "、".join(COVER_WORDS[name] for name in dict.fromkeys((covered.result, *covered.beside)))
    kind = f"（{covered.kind}假）" if covered.kind else ""
    return f"{names}{kind}{'合起来' if covered.line == '4' else ''}盖住了这个班。"


def rest(share: Share) -> str:
    """Say what is left of a window, before anything else; nothing if it is whole."""
    covered, day = share.covered, share.turn.day
    if not covered.part:
        return ""
    return f"只看 {clock(covered.first, day)} 到 {clock(covered.last, day)}；"


def too_early(unit: Unit, day: dt.date) -> str:
    """Say until when nothing is concluded."""
    return f"过了 {clock(unit.last_minute, day)} 才下结论。"


def provisional(late: bool) -> str:
    """Say why nothing negative follows."""
    return "排班或职务在开班以后才录入，不下不利的结论。" if late else "日历暂定，不下不利的结论。"


def not_complete(awaited: Sequence[Awaited], unit: Unit, day: dt.date) -> str:
    """Say whose records are missing."""
    told = "，".join(
        f"站点 {one.station} " + ("还没有记录" if one.since is None else f"的记录只到 {clock(one.since, day)}")
        for one in awaited
    )
    return f"{told}，要齐到 {clock(unit.last_minute, day)}。"


def excused(ways: Sequence[Way]) -> str:
    """Say which marks nobody could make."""
    return f"{'、'.join(MARK_WORDS[way] for way in ways)}时村里没有能用的站点，不怪本人"


def to_review(awaited: Sequence[Awaited]) -> str:
    """Say what a person must look at first."""
    facts = sorted({f"站点 {one.station} 第 {one.ref.seq} 条" for one in awaited if one.ref is not None})
    more = "等" if len(awaited) >= MOST_NAMED else ""
    return f"{'、'.join(facts)}{more}可能是本人的打卡，待审。"


def marks(needs: Sequence[Way], known: Mapping[Way, State], day: dt.date) -> str:
    """Say when somebody came and left."""
    return "；".join(_mark(way, known[way], day) for way in needs)


def _mark(way: Way, state: State, day: dt.date) -> str:
    corrected = "（补卡）" if state.mark is not None and state.mark.corrected else ""
    if state.minute is None:
        return f"没有{TOUCH_WORDS[way]}{corrected}"
    off = f"，{'迟' if way == 'in' else '早'} {state.minutes} 分钟" if state.minutes else ""
    return f"{clock(state.minute, day)} {_VERBS[way]}{corrected}{off}"


def verdict(said: Verdict, text: str) -> str:
    """Say what lines 10 to 13 make of the marks."""
    return f"{text}，够得上旷工。" if said.line in {"12", "13"} and said.result == "旷" else f"{text}。"
