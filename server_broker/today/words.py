"""Who is here in the words of a page: short, plain, and without a verdict. Settlement has the words of results."""

import datetime as dt

from server_broker.attendance.times import clock
from server_broker.duty.models import AbsenceKind
from server_broker.duty.reading import Absent
from server_broker.duty.values import MINUTES_A_DAY
from server_broker.requests.kinds import LEAVES
from server_broker.today.marks import GRACE_IN
from server_broker.today.values import Cause, Line, State, Tap

STATE_WORDS: dict[State, str] = {
    "missing": "没打卡",
    "unknown": "不清楚",
    "not_yet": "还没到",
    "here": "在岗",
    "left": "已下班",
    "excused": "请假外出",
    "off": "休",
}
CAUSE_WORDS: dict[Cause, str] = {
    "silent": "站点没有连上县里",
    "doubted": "站点连接待确认",
    "clock": "站点时间不准",
    "reader": "站点读卡器用不了",
    "held": "站点有记录待审",
    "lost": "站点有记录无法恢复",
    "waits": "等站点的消息",
    "down": "站点那时停着",
    "no_station": "村里没有站点",
    "not_installed": "那时站点还没有装好",
    "reinstalled": "站点后来重新装过",
    "elsewhere": "常去的别村站点没有连上县里",
    "provisional": "这天上不上班还没定",
    "entered_late": "开始以后才排的班",
    "undated": "有一次打卡时间不明",
    "off_place": "打卡不在本镇",
    "odd": "有一次打卡对不上班次",
}


def day_words(day: dt.date) -> str:
    """Return a date in the words of people: 3月15日."""
    return f"{day.month}月{day.day}日"


def minute_words(minute: int, day: dt.date) -> str:
    """Return a local minute as a time, with its date if that is another one."""
    ordinal, minutes = divmod(minute, MINUTES_A_DAY)
    if ordinal == day.toordinal():
        return clock(minutes)
    if minutes == 0 and ordinal == day.toordinal() + 1:
        return clock(MINUTES_A_DAY)
    return f"{day_words(dt.date.fromordinal(ordinal))} {clock(minutes)}"


def excuse_words(absent: Absent) -> str:
    """Return what takes somebody away: 病假, 外出."""
    return LEAVES.get(absent.code, "") or str(AbsenceKind(absent.kind).label)


def until_words(absent: Absent, day: dt.date) -> str:
    """Return until when somebody is away."""
    return f"到 {minute_words(absent.end, day)}"


def _tap(tap: Tap, line: Line) -> str:
    at = minute_words(tap.minute, line.turn.day)
    return at if tap.village == line.turn.window.village else f"{at} 在{tap.place}"


def line_words(line: Line) -> str:
    """Return what the county knows of a turn by now, after the word of its state."""
    day = line.turn.day
    match line.state:
        case "here" | "left":
            came = "没有上班打卡" if line.arrived is None else f"{_tap(line.arrived, line)} 到"
            said = came if line.departed is None else f"{came}，{_tap(line.departed, line)} 走"
        case "missing":
            said = f"过了 {minute_words(line.begin + GRACE_IN, day)} 还没打卡"
        case "not_yet":
            said = CAUSE_WORDS["waits"] if line.cause else f"{minute_words(line.begin, day)} 上班"
        case "excused":
            assert line.absent is not None  # nothing else excuses
            said = f"{excuse_words(line.absent)}，{until_words(line.absent, day)}"
        case "unknown":
            said = "" if line.cause is None else CAUSE_WORDS[line.cause]
        case "off":
            said = ""
    if line.touch is not None:
        said = f"{said}（{_tap(line.touch, line)} 打过卡）" if line.touch.dated else said
    if line.state != "excused" and line.absent is not None:
        said = f"{said}；{excuse_words(line.absent)}{until_words(line.absent, day)}"
    return said


def is_elsewhere(line: Line) -> bool:
    """Tell whether a mark of a turn is from another village (异地)."""
    marks = (line.arrived, line.departed)
    return any(tap is not None and tap.village != line.turn.window.village for tap in marks)
