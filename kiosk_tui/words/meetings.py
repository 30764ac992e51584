"""Every Chinese sentence about meetings."""

from collections.abc import Sequence
from datetime import datetime

from kiosk_tui.catalogue import _, counted
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words import visits as words_visits
from kiosk_tui.words.common import bracketed, labelled, listed
from kiosk_tui.words.common import sorry as common_sorry
from protocol.kiosk_meetings import ItemShown, MeetingCount, MeetingLine, MeetingSignedIn

MEETING = _("会议")
NEXT = _("您下次开会")
SEE_TODAY = _("看今日")
SIGN_IN_HERE = _("来开会的人，刷卡就是签到。")
NO_MEETING = _("现在没有会议。")
CANCELLED = _("已取消")
ELSEWHERE = _("不在本站开，请到会场签到。")
UNDATED = _("时间还没对准，签到由县里核对。")
UNDATED_TOUCH = _("会议签到：时间还没对准，由县里核对。")
VOUCH = _("作证")
VOUCHED = _("✓  已记下，您作了证。")
NOT_VOUCHED = _("没有记下。请再刷一次卡，再按 2。")
ENTER_WITHOUT_CARD = _("登记没带卡的人")
AGENDA = _("议程和表决")
OPEN = _("宣布开会")
CLOSE = _("宣布散会")
CLOSE_SURELY = _("现在散会？")
KEY_NOT_YET = _("还没完")
KEY_OTHER = _("另一个会")
OPENED = _("已宣布开会")
CLOSED = _("已宣布散会")
CHOOSE_PERSON = _("按数字登记一个人。")
CAN_TAKE_BACK = _("已登记的，按数字可以收回。")
TAKE_BACK = _("收回")
KEY_KEEP = _("不收回")
EVERYBODY_CAME = _("应到的人都签到了。")
WHO_VOUCHES = _("请另一位应到的人刷卡，再按 2 作证。")
CHOOSE_ITEM = _("按数字选一项。")
NO_AGENDA = _("县里没有发来议程。")
DEAL_WITH = _("现在议这一项")
DEALT_WITH = _("正在议这一项")
COUNT_HANDS = _("记举手表决结果")
COUNT_AGAIN = _("重新记表决结果")
NO_VOTE = _("这一项不用表决。")
ABSTAINED = _("弃权")
TYPE_HANDS = _("有几只手，按数字，再按 Enter。")
SAVE = _("记下")
KEY_TYPE_AGAIN = _("重输")
SAVING = _("正在记录…")
OWN = {
    "signed_in": _("✓  您已签到"),
    "late": _("✓  您已签到（迟到）"),
    "undated": _("您刷过卡，时间不明，由县里核对。"),
    "excused": _("您已请假"),
}
NOT_SIGNED_IN = _("您还没签到，请刷卡。")
EXCUSED = {"leave": _("请假"), "field_duty": _("外出"), "meeting": _("开会")}
WAITS = _("等作证")
HAS_WITNESS = _("已作证")
SORRY = {
    "gone": _("这个会议已经结束，或者改了。"),
    "not_allowed": _("这个只有主持人能办。"),
    "already": _("这个人已经签到了。"),
    "too_late": words_visits.VISIT_OVER,
    "too_many_votes": _("票数比到会的人多，没有记下。"),
    "too_many": _("这一小时记得太多，请过一会儿再来。"),
    "not_recorded": _("没有记下，请再试一次。"),
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked; its code may be a later version's."""
    return SORRY.get(reason) or common_sorry(reason)


def when(begin: datetime, now: datetime) -> str:
    """Return when a meeting begins, as people say it."""
    days = (begin.date() - now.date()).days
    day = {0: _("今天"), 1: _("明天"), 2: _("后天")}.get(days) or words_dates.month_day(begin.month, begin.day)
    return f"{day} {begin:%H:%M}"


def announced(line: MeetingLine, at: str) -> str:
    """Return a meeting in one line."""
    said = f"{at} {line.title}"
    if line.cancelled:
        return labelled(CANCELLED, said)
    return f"{said} · {line.place}" if line.place else said


def where(line: MeetingLine, begin: datetime, end: datetime) -> str:
    """Return from when to when a meeting is, and where."""
    time = f"{begin:%H:%M}-{end:%H:%M}"
    return f"{time} · {line.place}" if line.place else time


def came(count: MeetingCount) -> str:
    """Return how many are expected and how many have come."""
    return _("应到 {expected} 人，实到 {came} 人").format(expected=count.expected, came=count.came)


def missing(count: MeetingCount) -> str:
    """Return who is late, does not vote, is excused or missing, by number."""
    others = [
        counted("迟到 {count} 人", count.late) if count.late else "",
        counted("列席 {count} 人", _others(count)) if _others(count) else "",
        counted("请假 {count} 人", count.excused) if count.excused else "",
        counted("未到 {count} 人", count.expected - count.came - count.excused),
    ]
    return listed(text for text in others if text)


def quorum(count: MeetingCount) -> str:
    """Return whether the quorum is reached; nothing if the meeting needs none, or if nobody votes.

    Where not everybody votes it says how many of the voters have come, because only they make the quorum.
    """
    if not _asks_for_voters(count):
        return ""
    need = _("法定人数 {needed}，{enough}").format(needed=count.needed, enough=_enough(count))
    if count.voters == count.expected:
        return need
    return _("{voters}，{need}").format(voters=_voters_came(count), need=need)


def _asks_for_voters(count: MeetingCount) -> bool:
    return count.needed is not None and count.voters > 0


def _enough(count: MeetingCount) -> str:
    lacks = (count.needed or 0) - count.voters_came
    return _("已够") if lacks <= 0 else _("还差 {lacks} 人").format(lacks=lacks)


def _voters_came(count: MeetingCount) -> str:
    return _("有表决权的到了 {came} 人").format(came=count.voters_came)


def _others(count: MeetingCount) -> int:
    """Return how many have come to a meeting with votes and have none."""
    return count.came - count.voters_came if _asks_for_voters(count) else 0


def began_with(count: MeetingCount) -> str:
    """Return whether the quorum was reached ten minutes after the begin; nothing before that."""
    if count.needed is None or count.began_with is None or not count.voters:
        return ""
    if count.voters == count.expected:
        enough, lacks = _("开会十分钟时 {came} 人，够了"), _("开会十分钟时 {came} 人，不够")
    else:
        enough = _("开会十分钟时有表决权的 {came} 人，够了")
        lacks = _("开会十分钟时有表决权的 {came} 人，不够")
    return (enough if count.began_with >= count.needed else lacks).format(came=count.began_with)


def not_yet_counted(count: MeetingCount) -> list[str]:
    """Return who has not signed in for another reason than not having come."""
    return [
        *([counted("{count} 人没带卡，等别人作证", count.entered)] if count.entered else []),
        *([counted("{count} 人刷卡时间不明，由县里核对", count.undated)] if count.undated else []),
    ]


def signed_in(one: MeetingSignedIn) -> str:
    """Return what a touch did for a meeting."""
    said = {
        "signed_in": _("✓  会议已签到：{title}"),
        "late": _("✓  会议已签到（迟到）：{title}"),
        "again": _("✓  您早已签到：{title}"),
    }.get(one.state)
    return said.format(title=one.title) if said else UNDATED_TOUCH


def in_short(count: MeetingCount) -> str:
    """Return how many have come and whether that is enough, in one line that fits the smallest screen."""
    if not _asks_for_voters(count):
        return came(count)
    if count.voters == count.expected:
        return _("{came}，{quorum}").format(came=came(count), quorum=quorum(count))
    voters = _("{voters}，{need}").format(voters=_voters_came(count), need=_enough(count))
    others = _others(count)
    return _("{voters}；另有列席 {others} 人").format(voters=voters, others=others) if others else voters


def asks_to_vouch(name: str) -> str:
    """Return the question whether somebody without a card is there."""
    return _("{name}没带卡。人在场，就按 2 作证。").format(name=name)


def entered(name: str) -> str:
    """Return that the chair has entered somebody."""
    return _("✓  已登记 {name}。").format(name=name)


def ask_to_take_back(name: str) -> str:
    """Return the question whether somebody whom the chair has entered is not there."""
    return _("{name}不在场？收回登记？").format(name=name)


def taken_back(name: str) -> str:
    """Return that the chair has taken an entry back."""
    return _("✓  已收回 {name}。").format(name=name)


def absent(name: str, note: str) -> str:
    """Return somebody who has not signed in, and what is known of them."""
    return name + bracketed(note) if note else name


def item(one: ItemShown, *, now: bool) -> str:
    """Return an item of the agenda in one line."""
    said = _("▶ {title}").format(title=one.title) if now else one.title
    return f"{said} ✓" if one.votes else said


def outcome(one: ItemShown) -> list[str]:
    """Return the outcome of a vote, as it was entered last."""
    return [hands(one.options, one.votes, one.abstained), present(one.present)] if one.votes else []


def hands(options: Sequence[str], votes: Sequence[int], abstained: int) -> str:
    """Return how many hands there were for each option."""
    each = [*zip(options, votes, strict=False), (ABSTAINED, abstained)]
    return listed(f"{option} {count}" for option, count in each)


def present(count: int) -> str:
    """Return how many may vote and are there."""
    return counted("到会有表决权 {count} 人", count)


def how_many(option: str) -> str:
    """Return the question how many hands there were for an option."""
    return _("“{option}”几票？").format(option=option)


def too_many(left: int) -> str:
    """Return that so many hands can be left at most."""
    return counted("最多还有 {count} 票，请重输。", left)


def own_at(state: str, time: str) -> str:
    """Return the person's own sign-in, with its time where it is known."""
    said = OWN.get(state, NOT_SIGNED_IN)
    return f"{said} {time}" if time else said
