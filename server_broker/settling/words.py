"""Results in the words of pages: short, plain, for officers and for cadres who read slowly."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from server_broker.settlement.counting import Totals
from server_broker.settlement.explaining import Fate
from server_broker.settlement.parameters import Values
from server_broker.settlement.reasons import COVER_WORDS
from server_broker.settling import due
from server_broker.settling.windows import AwaitedThing

RESULT_WORDS: Mapping[str, str] = {
    "√": "正常",
    "迟": "迟到",
    "早": "早退",
    "缺": "缺卡",
    "旷": "旷工",
    **COVER_WORDS,
    "停": "站点停用",
    "暂": "暂定",
    "未": "数据未到",
    "待": "待审",
    "休": "休",
    "": "还没结算",
}
"""Each result as one reads it aloud."""

_LINES: Mapping[tuple[str, str], str] = {
    ("0", ""): "现在下结论还太早：班后还要等一会儿，看有没有晚到的打卡。",
    ("1", "休"): "这个班不用到。",
    ("2", "假"): "批准的请假盖住了整个班，记请假。",
    ("3", "出"): "批准的外出盖住了整个班，记外出，算出勤。",
    ("3", "会"): "批准的外出开会盖住了整个班，记外出开会，算出勤。",
    ("4", "假"): "请假和别的外出合起来盖住了整个班，请假的时间最长，记请假。",
    ("4", "出"): "外出和别的假合起来盖住了整个班，外出的时间最长，记外出，算出勤。",
    ("4", "会"): "外出开会和别的假合起来盖住了整个班，开会的时间最长，记外出开会，算出勤。",
    ("5", "√"): "该打的卡都有，时间也对，记正常。",
    ("6", "暂"): "工作日历还没有定，或者排班、职务是开班以后才录入的：先不下结论，不记不利的结果。",
    ("7", "未"): "有站点的记录还没有传齐：先等着，不算缺卡，也不算旷工。",
    ("8", "停"): "该打卡的时候村里没有能用的站点：不怪本人，算出勤。",
    ("9", "待"): "有一条记录可能是本人的打卡，要有人看过才能定：先等着。",
    ("10", "旷"): "上班、下班都没有打卡，记旷工。",
    ("11", "缺"): "上班、下班只打了一次卡，记缺卡。",
    ("12", "迟"): "到岗比上班时间晚了 {grace_in} 分钟以上，记迟到。",
    ("12", "旷"): "到岗比上班时间晚了 {late_absence} 分钟以上，按规定记旷工。",
    ("13", "早"): "离岗比下班时间早了 {grace_out} 分钟以上，记早退。",
    ("13", "旷"): "离岗比下班时间早了 {early_absence} 分钟以上，按规定记旷工。",
}
"""Each line of the table of docs/rules.md, section 3, with each result to which it leads. 0: the window is blank."""
_PART = "请假、外出或停班占了这个班的一部分，只看其余的时间。"
_BETWEEN = "一天只打首尾两次卡，这是中间的班，跟着头一个班和末一个班算。"
_ARRIVAL_ALONE = "没有打上班卡，记旷工。"

_FATES: Mapping[Fate, str] = {
    "arrival": "算到岗",
    "departure": "算离岗",
    "both": "算到岗，也算离岗",
    "not_needed": "这个班用不着它",
    "later": "前面有更早的到岗打卡，不用它",
    "earlier": "后面有更晚的离岗打卡，不用它",
    "not_after": "不晚于到岗，不能算离岗",
    "corrected": "已按批准的补卡算，不看它",
    "off_place": "这个站点的打卡不算这个班的",
    "direction": "按本人选的上下班，不算这个班的",
    "neighbour": "算前一个班或后一个班的",
    "outside": "离这个班太远",
    "lost": "这张卡已经挂失，不算",
    "undated": "站点当时不知道准确时间，要有人看过",
    "on_order": "卡还没有绑定到本人",
}

_CAUSES: Mapping[str, str] = {
    due.FIRST: "这天开始结算",
    due.TIME: "到了下结论的时候",
    due.TOUCH: "有打卡传到县里",
    due.RECORD: "站点的记录传得更全了",
    due.CLOCK: "站点的时间查准了",
    due.HELD: "待审的记录有了结果，或者又来了待审的",
    due.STATION: "站点报停、恢复或者换过",
    due.CARD: "卡的归属改过",
    due.ROSTER: "排班、职务或换班改过",
    due.ABSENCE: "请假、外出批了或者改过",
    due.CORRECTION: "补卡批了",
    due.CALENDAR: "工作日历改过",
    due.NOTICE: "停班通知改过",
    due.PARAMETER: "考勤规定的数字改过",
    due.REGION: "区划改过",
    due.RULES: "结算规则换了版本",
}


SOMEWHERE = "别处"
"""Of a station that the county does not have any more."""


def line_sentence(line: str, result: str, values: Values, *, between: bool = False) -> str:
    """Return the line of the rules that decided, as a sentence; of ``4.12`` both.

    Args:
        values: The parameters that held.
        between: It is a window between the first and the last of ``ends``.
    """
    own = line.removeprefix("4.")
    said = _ARRIVAL_ALONE if own == "10" and values.marks == "arrival" else _LINES[own, result]
    told = said.format(
        grace_in=values.grace_in,
        grace_out=values.grace_out,
        late_absence=values.late_absence,
        early_absence=values.early_absence,
    )
    return f"{_PART if own != line else ''}{_BETWEEN if between else ''}{told}"


def rule_sentences() -> set[tuple[str, str]]:
    """Return for which lines and results there is a sentence."""
    return set(_LINES)


def fate_words(fate: Fate) -> str:
    """Return what a touch is to a window."""
    return _FATES[fate]


def cause_words(codes: str) -> str:
    """Return what had a window settled, by the codes of `server_broker.settling.due`.

    What came on the way before a day was settled first had nothing settled anew. A code that was cut, because the
    column was short when the result was kept, says nothing.
    """
    told = [code for code in dict.fromkeys(codes.split()) if code in _CAUSES]
    return _CAUSES[due.FIRST] if due.FIRST in told else "，".join(_CAUSES[code] for code in told)


def result_words(result: str, *, kind: str = "", late: int = 0, early: int = 0, beside: str = "") -> str:
    """Return a result in a few words with its minutes, such as 迟到 12 分钟，早退 5 分钟."""
    told = [RESULT_WORDS[result]]
    if kind and result == "假":
        told = [leave_words(kind)]
    if late and result != "旷":
        told = [one for one in told if one != RESULT_WORDS["迟"]] + [f"迟到 {late} 分钟"]
    if early and result != "旷":
        told = [one for one in told if one != RESULT_WORDS["早"]] + [f"早退 {early} 分钟"]
    told += [f"另有{RESULT_WORDS[one]}" for one in beside if one in "停假出会"]
    return "，".join(told)


def leave_words(kind: str) -> str:
    """Return a kind of leave as the rules name it, in the words of people: 病假, 补休."""
    return kind if kind == "补休" else f"{kind}假"


def reason_words(reason: str, awaited: Iterable[AwaitedThing], places: Mapping[str, str]) -> str:
    """Return a reason with the names of villages instead of stations.

    Args:
        places: The village of each station, by the station's id.
    """
    for board in {one.station for one in awaited}:
        village = places.get(board_station(board), SOMEWHERE)
        reason = reason.replace(f"站点 {board} 的记录", f"{village}站点的记录")
        reason = reason.replace(f"站点 {board} 还没有记录", f"{village}站点还没有记录")
        reason = re.sub(rf"站点 {re.escape(board)} 第 \d+ 条", f"{village}站点的一条记录", reason)
    return reason


def board_station(board: str) -> str:
    """Return the station of a board's name in the rules (`server_broker.settling.boards`)."""
    return board.partition("/")[0]


def awaited_words(one: AwaitedThing, place: str, since: str) -> str:
    """Return what is awaited: a station's record, or that somebody looks at a fact."""
    if one.fact is not None:
        return f"{place}站点有一条记录要人看过（县里 {since} 收到）"
    return f"等{place}站点的记录：现在只到 {since}" if since else f"等{place}站点的记录：一条都还没有到"


def days_words(days: Fraction) -> str:
    """Return days to two decimals, without what is 0 at the end."""
    return f"{float(round(days, 2)):g}"


def totals_words(totals: Totals) -> list[str]:
    """Return what somebody's windows add up to (docs/rules.md, section 4), one line for each thing that there is."""
    told = [f"该到 {days_words(totals.due)} 天，算出勤 {days_words(totals.present)} 天"]
    if totals.late_times:
        told.append(f"迟到 {totals.late_times} 次，一共 {totals.late_minutes} 分钟")
    if totals.early_times:
        told.append(f"早退 {totals.early_times} 次，一共 {totals.early_minutes} 分钟")
    if totals.missing_times:
        told.append(f"缺卡 {totals.missing_times} 次")
    told += [f"{RESULT_WORDS[word]} {days_words(totals.of(word))} 天" for word in "旷出会停暂" if totals.of(word)]
    told += [f"{leave_words(kind)} {days_words(days)} 天" for kind, days in sorted(totals.leave.items())]
    if totals.part_leave_minutes:
        told.append(f"不到一个班的假 {totals.part_leave_minutes} 分钟")
    return [*told, f"还没有结果的 {days_words(totals.open)} 天"] if totals.open else told


def day_and_time(at: dt.datetime) -> str:
    """Return a local time as people say it: 3月15日 8:05."""
    return f"{at.month}月{at.day}日 {at.hour}:{at.minute:02}"
