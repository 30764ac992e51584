"""Reasons in the words of a page: short, for people of the township."""

from collections.abc import Mapping, Sequence

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.attendance.times import clock
from server_broker.duty.reasons import (
    Away,
    ByName,
    ByPost,
    CutByNotice,
    DayOff,
    ForThisDate,
    HandedOver,
    Left,
    NoPost,
    OnNamedDay,
    OnSwappedDay,
    OnWorkingDay,
    OthersForThisDate,
    Overlaps,
    Reason,
    Stopped,
    TookOver,
)
from server_broker.duty.values import MINUTES_A_DAY, Notice
from server_broker.people.models import HoldingState

_PLAIN: dict[type, str] = {
    ByName: "在名单上",
    OnNamedDay: "当日安排",
    ForThisDate: "当日换了人",
    OnWorkingDay: "工作日",
    OthersForThisDate: "当日换了别人",
    NoPost: "当日不任职",
    Left: "已离开",
}


_TOLD: dict[type, str] = {
    ByName: "您在名单上",
    OnNamedDay: "这天专门排了您",
    ForThisDate: "这天换成了您",
    OnWorkingDay: "这天是工作日",
}
"""As the person reads them."""


def why_sentence(
    reasons: Sequence[Reason], *, people: Mapping[int, str], posts: Mapping[int, str], windows: Mapping[int, str]
) -> str:
    """Return in one sentence to the person why they are due; the names are those of `words_of`."""
    told = []
    for reason in reasons:
        match reason:
            case ByPost(post):
                told.append(f"您任{posts.get(post, '职务')}")
            case TookOver(giver):
                told.append(f"您替{people.get(giver, ELSEWHERE)}")
            case OnSwappedDay():
                told.append(f"这天{words_of(reason, people=people, posts=posts, windows=windows)}")
            case CutByNotice():
                pass  # it takes a part away, and is no reason to be due
            case _:
                told.append(_TOLD[type(reason)])
    return f"因为{'，'.join(told)}。"


def why_not(
    reasons: Sequence[Reason], *, people: Mapping[int, str], posts: Mapping[int, str], windows: Mapping[int, str]
) -> str:
    """Return in one sentence to the person why they are not due."""
    said = words_of(reasons[0], people=people, posts=posts, windows=windows)
    return f"不用到：{said.removeprefix('休：')}。"


def words_of(reason: Reason, *, people: Mapping[int, str], posts: Mapping[int, str], windows: Mapping[int, str]) -> str:
    """Return a reason in Chinese.

    Args:
        people: Names of the people whom the viewer sees, by their ids.
        posts: Names of posts.
        windows: Names of windows that the viewer sees.
    """
    match reason:
        case ByPost(post):
            return f"任{posts.get(post, '职务')}"
        case TookOver(giver):
            return f"替{people.get(giver, ELSEWHERE)}"
        case HandedOver(taker):
            return f"换给{people.get(taker, ELSEWHERE)}"
        case Overlaps(window):
            return f"休：与“{windows.get(window, '别处的值班')}”时间重叠，请核对"
        case Away(state):
            return str(HoldingState(state).label)
        case CutByNotice() | Stopped() | DayOff() | OnSwappedDay():
            return _of_the_date(reason)
        case _:
            return _PLAIN[type(reason)]


def _of_the_date(reason: CutByNotice | Stopped | DayOff | OnSwappedDay) -> str:
    match reason:
        case CutByNotice(notice):
            return f"停班 {_when(notice)}{_why(notice)}"
        case Stopped(notice):
            return f"休：停班{_why(notice)}"
        case DayOff(name):
            return f"休：{name or '不是工作日'}"
        case OnSwappedDay(name):
            return f"调休上班（{name}）" if name else "调休上班"


def _why(notice: Notice) -> str:
    return f"（{notice.reason}）" if notice.reason else ""


def _when(notice: Notice) -> str:
    return f"{clock(notice.begin % MINUTES_A_DAY)}–{clock(notice.end % MINUTES_A_DAY)}"
