"""Every Chinese sentence of a person's month and requests."""

from collections.abc import Sequence
from datetime import date

from kiosk_tui.catalogue import _
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words import visits as words_visits
from kiosk_tui.words.common import DIRECTION, MISSING, bracketed, labelled, listed
from kiosk_tui.words.dates import clock
from protocol.kiosk_months import DayWindow, MonthLine, MonthShown, OwnRequest, RequestTaken, WindowLacks

MONTH = _("我的本月")
REQUESTS = _("我的办事")
OBJECT = _("这一条不对")
KEY_SUBMIT = _("提交")
KEY_WITHDRAW = _("撤回")
KEY_WITHDRAW_SURELY = _("确定撤回")
KEY_MISSING = _("少打了一次")
NO_TOUCHES = _("还没有打卡记录。")
NO_LIST = _("县里还没核对完，先看本站打的卡。")
NO_REQUESTS = _("您没说过哪条不对，也没报过少打的卡。")
WHOSE_WORD = _("对不对，由镇办核对。")
NO_DAY_KNOWN = _("时间还没对准，先不写日期，镇办会问您。")
WRITING = _("正在记录…")
TOLD = _("镇办会核对。编号不用记，答复在“我的办事”里看。")
TOLD_THEM = _("已告诉对方，等对方答应。")
SEE_LATER = _("编号不用记，结果在“我的办事”里看。")
OFFLINE_TOO = _("没有网也算数，有网就送到。")
ANSWER_FIRST = _("镇办要是已经答复，以答复为准。")
BACK_WHOLE = _("还没开始，批了也算撤回，班照常上。")
BACK_UNDATED = _("本站时间没对准，开始前撤的才算。")
BACK_DECIDED = _("要是已经批复，以批复为准。")
BACK_AGREED = _("对方要是已经答应，以答应为准。")
BACK_DONE = _("县里要是已经办好，以办好的为准。")
ANSWER_STANDS = _("您后来撤回过，答复在先，以答复为准。")
REACHED = _("已经传到县里，等镇办答复。")
ON_ITS_WAY = _("还没传到县里。有网就会传，不用再提。")
ANSWER_AT_NIGHT = _("镇办答复了，第二天这里能看到。")
NOTED_ONLY = _("同意只是答复，考勤还没改，镇办另外办。")
UNDATED = _("时间不明")
MORNING = _("上午")
AFTERNOON = _("下午")
_TOUCH_STATE = {
    "counted": _("✓ 已收到"),
    "corrected": _("✓ 已收到，县里改了时间"),
    "received": _("✓ 已传到"),
    "waiting": _("… 还没传到"),
    "undated": _("！ 待审：时间不明"),
    "lost_card": _("！ 待审：卡已挂失"),
    "held": _("！ 待审"),
}
_TOUCH_MORE = {
    "counted": _("县里已经收到，算数。"),
    "corrected": _("打卡时本站时间不准，县里后来核对过。"),
    "received": _("已经传到县里。县里还没核对完，过几天再看。"),
    "waiting": _("还没传到县里。有网就会传，不用再打。"),
    "undated": _("打卡时本站时间没对准，镇办会核对。"),
    "lost_card": _("这张卡那时已经挂失，镇办会核对。"),
    "held": _("县里收到了，还要有人核对。"),
}
ASK = {
    "reason": _("哪里不对？"),
    "day": _("哪一天少打了一次？"),
    "window": _("哪一段少打了一次？"),
    "mark": _("少打了哪一次？"),
}
OPTION = {
    "time": _("时间不对"),
    "direction": _("上下班记反了"),
    "not_mine": _("不是我打的"),
    "missing": _("少了一次"),
    "other": _("其他"),
    "arrival": _("上班卡"),
    "departure": _("下班卡"),
    "outside": _("别的时候"),
}
KIND = {
    "objection": _("打卡不对"),
    "correction": _("少打的卡"),
    "leave": _("请假"),
    "field_duty": _("外出报备"),
    "meeting": _("外出开会"),
    "residency": _("驻村"),
    "leave_ended": _("销假"),
    "swap": _("换班"),
    "card_lost": _("挂失"),
    "errand": _("办事"),
    "transfer": _("调动"),
}
LEAVE = {
    "personal": _("事假"),
    "sick": _("病假"),
    "annual": _("年休假"),
    "marriage": _("婚假"),
    "maternity": _("产假"),
    "paternity": _("陪产假"),
    "bereavement": _("丧假"),
    "injury": _("工伤假"),
    "home_visit": _("探亲假"),
    "compensatory": _("补休"),
    "nursing": _("哺乳假"),
}
"""Kinds of leave, as the county has them."""
WAITS_HERE = _("… 还没传到县里")
REQUEST_STATE = {
    "open": _("… 等镇办答复"),
    "accepted": _("✓ 镇办同意"),
    "refused": _("× 镇办没同意"),
    "withdrawn": _("已撤回"),
}
_DECIDED_STATE = {
    "open": _("… 等批复"),
    "accepted": _("✓ 批了"),
    "refused": _("× 没批"),
}
"""Of what may be decided by the village, the township or the county. The answer says who it was."""
_SWAP_STATE = {
    "open": _("… 等对方答应"),
    "accepted": _("✓ 换好了"),
    "refused": _("× 没换成"),
}
_OWN_WORD_STATE = {
    "open": _("… 等县里收到"),
    "accepted": _("✓ 已办好"),
    "refused": _("× 没办成"),
}
_STATE_OF = {
    **dict.fromkeys(("leave", "field_duty", "residency"), _DECIDED_STATE),
    "swap": _SWAP_STATE,
    **dict.fromkeys(("leave_ended", "card_lost"), _OWN_WORD_STATE),
}
SAID_YES = _("✓ 已记下：您答应换班")
SAID_NO = _("✓ 已记下：您不答应换班")
ASK_VILLAGE = _("急事请直接问村书记或镇办。")
_OBJECTION_STATE = {
    "open": _("已说不对，等镇办答复"),
    "accepted": _("镇办同意您说的"),
    "refused": _("镇办没同意您说的"),
    "withdrawn": _("说过不对，已撤回"),
}
_SORRY = {
    "gone": _("列表变了，请重新选。"),
    "asked_already": _("这一次已经提过了，等镇办答复。"),
    "too_many": _("还有很多没答复，请直接找镇办。"),
    "too_many_today": _("今天提得太多了，请直接找镇办。"),
    "answered_already": _("镇办已经答复，不能撤回了。"),
    "begun_already": _("已经开始了，提前回来请办销假。"),
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked."""
    return _SORRY.get(reason) or words_visits.sorry(reason)


def day(text: str) -> str:
    """Return a day as people say it: 11月24日 周二."""
    at = date.fromisoformat(text)
    short = words_dates.month_day(at.month, at.day)
    return words_dates.with_weekday(short, words_dates.WEEKDAYS_IN_SHORT[at.weekday()])


def touch(line: MonthLine) -> str:
    """Return when a touch was and what it was."""
    when = f"{day(line.day)} {clock(line.minute)}" if line.day else UNDATED
    what = DIRECTION[line.direction] if line.direction else words_visits.NO_DIRECTION
    how = bracketed(words_visits.BY_NUMBER) if line.by_number else ""
    return f"{when} {what}{how}"


def touch_state(line: MonthLine) -> str:
    """Return in a few words what the county has of a touch; an objection that waits goes before."""
    if line.request_state == "open":
        return f"… {_OBJECTION_STATE['open']}"
    return _TOUCH_STATE.get(line.state, f"！ {line.state}")


def touch_more(line: MonthLine) -> list[str]:
    """Return what the county has of a touch, where it was made, and what became of an objection."""
    said = [_TOUCH_MORE.get(line.state, line.state)]
    if line.where:
        said.append(_("打卡地点：{where}").format(where=line.where))
    if line.request_state is not None:
        state = _OBJECTION_STATE.get(line.request_state, line.request_state)
        said.append(_("{state}（编号 {number}）").format(state=state, number=line.request))
    return said


def title(shown: MonthShown) -> str:
    """Return from when on the touches are."""
    return _("{day} 起").format(day=day(shown.begins)) if shown.begins else ""


def lacking(lacks: Sequence[WindowLacks]) -> str:
    """Return which touches of today are not there, by window; empty if all are."""
    said = [
        _("{window}的{marks}").format(
            window=one.window, marks=listed(name for mark, name in MISSING.items() if mark in one.marks)
        )
        for one in lacks
    ]
    return _("今天还差：{marks}。").format(marks=_("；").join(said)) if said else ""


def option(ask: str, code: str, windows: Sequence[DayWindow] = ()) -> str:
    """Return something to choose."""
    if ask == "day":
        return day(code)
    window = next((one for one in windows if str(one.start) == code), None)
    return (
        _("{window} {begin}-{end}").format(window=window.window, begin=clock(window.start), end=clock(window.end))
        if window
        else OPTION.get(code, code)
    )


def when(on: str | None, window: str) -> str:
    """Return the day, and which of its windows, if one was chosen."""
    return " ".join(part for part in (day(on) if on else "", window) if part)


def wish(kind: str, code: str | None, on: str | None, *, minute: int | None = None, window: str = "") -> str:
    """Return what is asked for, in one line. A missing touch has the minute in which its window begins."""
    parts = [when(on, window)]
    if minute is not None:
        parts.append(clock(minute) if kind == "objection" else _("{begin} 开始的班").format(begin=clock(minute)))
    when_asked = "".join(f"{part} " for part in parts if part)
    what = OPTION.get(code, code) if code else ""
    said = KIND.get(kind, kind)
    return f"{when_asked}{labelled(said, what)}" if what else f"{when_asked}{said}"


def taken(one: RequestTaken) -> list[str]:
    """Return that a request or a withdrawal is recorded, and by which number people name it."""
    if one.state in ("accepted", "refused"):
        said = SAID_YES if one.state == "accepted" else SAID_NO
        return [said, _("编号 {number}").format(number=one.number), OFFLINE_TOO]
    if one.state == "withdrawn":
        what_holds = BACK_UNDATED if one.undated else after_taking_back(one.kind, whole=one.whole)
        return [_("✓ 已记下撤回（编号 {number}）").format(number=one.number), what_holds, OFFLINE_TOO]
    recorded = _("✓ 已记录，编号 {number}").format(number=one.number)
    if one.kind == "swap":
        return [recorded, TOLD_THEM, SEE_LATER, OFFLINE_TOO]
    return [recorded, TOLD, OFFLINE_TOO, *([NO_DAY_KNOWN] if one.undated else [])]


def after_taking_back(kind: str, *, whole: bool) -> str:
    """Return what holds once a request is taken back at the kiosk, which need not know what the county has said."""
    if whole:
        return BACK_WHOLE
    words_of = _STATE_OF.get(kind)
    if words_of is _DECIDED_STATE:
        return BACK_DECIDED
    return BACK_AGREED if words_of is _SWAP_STATE else BACK_DONE if words_of is _OWN_WORD_STATE else ANSWER_FIRST


def request_line(one: OwnRequest) -> str:
    """Return a request for the list."""
    return f"{asked_for(one)}  {_state(one)}"


def asked_for(one: OwnRequest) -> str:
    """Return what a request asks for, in one line."""
    if one.day and one.until:
        what = KIND.get(one.kind, one.kind)
        what = labelled(what, LEAVE.get(one.code, one.code)) if one.code else what
        when = span(one.day, one.until, from_noon=one.from_noon, until_noon=one.until_noon)
        return f"{when} {what}"
    said = wish(one.kind, one.code, one.day, minute=one.minute)
    return labelled(said, one.whom) if one.whom else said


def span(first: str, last: str, *, from_noon: bool, until_noon: bool) -> str:
    """Return from when to when: 11月24日 周二 上午; 11月24日 周二 下午 至 11月26日 周四."""
    if first == last:
        part = AFTERNOON if from_noon else MORNING if until_noon else ""
        return " ".join(word for word in (day(first), part) if word)
    begin = f"{day(first)} {AFTERNOON}" if from_noon else day(first)
    end = f"{day(last)} {MORNING}" if until_noon else day(last)
    return _("{begin} 至 {end}").format(begin=begin, end=end)


def _state(one: OwnRequest) -> str:
    waits = one.state == "open" and not one.listed and one.received is False
    words_of = REQUEST_STATE | _STATE_OF.get(one.kind, {})
    return WAITS_HERE if waits else words_of.get(one.state, one.state)


def request_more(one: OwnRequest) -> list[str]:
    """Return all that is known of a request."""
    named, dated = _("编号 {number}"), _("编号 {number}，{day} 提的")
    number = dated.format(number=one.number, day=day(one.made)) if one.made else named.format(number=one.number)
    said = [number, _state(one)]
    if one.state == "open":
        said += _on_its_way(one)
    if one.state == "withdrawn" and one.taken_back:
        said.append(after_taking_back(one.kind, whole=one.whole))
    if one.state in ("accepted", "refused") and one.taken_back:
        said.append(ANSWER_STANDS)
    if one.state == "accepted" and one.kind in ("objection", "correction"):
        said.append(NOTED_ONLY)
    if one.state == "open" and one.kind in ("leave", "field_duty", "residency"):
        said.append(ASK_VILLAGE)
    if one.answered and one.kind in _STATE_OF:
        said.append(_("{day} 答复：").format(day=day(one.answered)))
    elif one.answered:
        said.append(_("{day} 镇办答复：").format(day=day(one.answered)))
    return said


def _on_its_way(one: OwnRequest) -> list[str]:
    """Return how far a request is that nobody has answered, as far as this station knows."""
    if one.listed or one.received:
        return [REACHED, ANSWER_AT_NIGHT]
    return [ON_ITS_WAY] if one.received is False else [ANSWER_AT_NIGHT]
