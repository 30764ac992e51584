"""Every Chinese sentence of a person's month and requests."""

from collections.abc import Sequence
from datetime import date

from kiosk_tui import words_visits
from kiosk_tui.words import DIRECTION, MISSING, clock
from protocol.kiosk_months import MonthLine, MonthShown, OwnRequest, RequestTaken

MONTH = "我的本月"
REQUESTS = "我的办事"
OBJECT = "有异议"
KEY_OBJECT = "有异议"
KEY_SUBMIT = "提交"
KEY_WITHDRAW = "撤回"
KEY_WITHDRAW_SURELY = "确定撤回"
KEY_MISSING = "少打了一次"
NO_TOUCHES = "还没有打卡记录。"
NO_LIST = "县里还没核对完，先看本站打的卡。"
NO_REQUESTS = "您还没有提过异议，也没有报过少打的卡。"
WHOSE_WORD = "对不对，由镇办核对。"
NO_DAY_KNOWN = "本机时间还没校准，先不写日期，镇办会问您。"
WRITING = "正在记录…"
TOLD = "镇办会核对。编号不用记，答复在“我的办事”里看。"
OFFLINE_TOO = "没有网也算数，有网就送到。"
UNDATED = "时间不明"
_WEEKDAYS = "一二三四五六日"
_TOUCH_STATE = {
    "counted": "✓ 已收到",
    "corrected": "✓ 已收到，县里改了时间",
    "received": "✓ 已传到",
    "waiting": "… 还没传到",
    "undated": "！ 待审：时间不明",
    "lost_card": "！ 待审：卡已挂失",
    "held": "！ 待审",
}
_TOUCH_MORE = {
    "counted": "县里已经收到，算数。",
    "corrected": "打卡时本机时间不准，县里后来核对过时间。",
    "received": "已经传到县里。县里还没核对完，过几天再看。",
    "waiting": "还没传到县里。有网就会传，不用再打。",
    "undated": "打卡时本机不知道时间，镇办会核对。",
    "lost_card": "这张卡那时已经挂失，镇办会核对。",
    "held": "县里收到了，还要有人核对。",
}
ASK = {"reason": "哪里不对？", "day": "哪一天少打了一次？", "mark": "少打了哪一次？"}
OPTION = {
    "time": "时间不对",
    "direction": "上下班记反了",
    "not_mine": "不是我打的",
    "missing": "少了一次",
    "other": "其他",
    "arrival": "上班卡",
    "departure": "下班卡",
}
KIND = {
    "objection": "异议",
    "correction": "补卡",
    "leave": "请假",
    "field_duty": "外出报备",
    "residency": "驻村",
    "leave_ended": "销假",
    "swap": "换班",
    "card_lost": "挂失",
    "errand": "办事",
    "transfer": "调动",
}
REQUEST_STATE = {
    "open": "… 等镇办答复",
    "accepted": "✓ 镇办同意",
    "refused": "× 镇办没同意",
    "withdrawn": "已撤回",
}
_OBJECTION_STATE = {
    "open": "已提异议，等镇办答复",
    "accepted": "异议已同意",
    "refused": "异议没同意",
    "withdrawn": "异议已撤回",
}
_SORRY = {
    "gone": "列表变了，请重新选。",
    "asked_already": "已经提过了，等镇办答复。",
    "too_many": "还有很多没答复，请直接找镇办。",
    "answered_already": "镇办已经答复，不能撤回了。",
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked."""
    return _SORRY.get(reason) or words_visits.sorry(reason)


def day(text: str) -> str:
    """Return a day as people say it: 11月24日 周二."""
    at = date.fromisoformat(text)
    return f"{at.month}月{at.day}日 周{_WEEKDAYS[at.weekday()]}"


def touch(line: MonthLine) -> str:
    """Return when a touch was and what it was."""
    when = f"{day(line.day)} {clock(line.minute)}" if line.day else UNDATED
    what = DIRECTION[line.direction] if line.direction else words_visits.NO_DIRECTION
    how = f"（{words_visits.BY_NUMBER}）" if line.by_number else ""
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
        said.append(f"打卡地点：{line.where}")
    if line.request_state is not None:
        state = _OBJECTION_STATE.get(line.request_state, line.request_state)
        said.append(f"{state}（编号 {line.request}）")
    return said


def title(shown: MonthShown) -> str:
    """Return from when on the touches are."""
    return f"{day(shown.begins)} 起" if shown.begins else ""


def lacking(marks: Sequence[str]) -> str:
    """Return which touches of today are still to be made; empty if none is."""
    lacks = [name for mark, name in MISSING.items() if mark in marks]
    return f"今天还差：{'、'.join(lacks)}。" if lacks else ""


def option(ask: str, code: str) -> str:
    """Return something to choose."""
    return day(code) if ask == "day" else OPTION.get(code, code)


def wish(kind: str, code: str | None, on: str | None, minute: int | None = None) -> str:
    """Return what is asked for, in one line."""
    when = f"{day(on)} " if on else ""
    if minute is not None:
        when += f"{clock(minute)} "
    what = OPTION.get(code, code) if code else ""
    said = KIND.get(kind, kind)
    return f"{when}{said}：{what}" if what else f"{when}{said}"


def taken(one: RequestTaken) -> list[str]:
    """Return that a request or a withdrawal is recorded, and by which number people name it."""
    if one.state == "withdrawn":
        return [f"✓ 已撤回（编号 {one.number}）"]
    return [f"✓ 已记录，编号 {one.number}", TOLD, OFFLINE_TOO, *([NO_DAY_KNOWN] if one.undated else [])]


def request_line(one: OwnRequest) -> str:
    """Return a request for the list."""
    return f"{wish(one.kind, one.code, one.day)}  {REQUEST_STATE.get(one.state, one.state)}"


def request_more(one: OwnRequest) -> list[str]:
    """Return all that is known of a request."""
    made = f"，{day(one.made)} 提的" if one.made else ""
    said = [f"编号 {one.number}{made}", REQUEST_STATE.get(one.state, one.state)]
    if one.state == "open" and not one.listed:
        said.append("县里的答复名单里还没有它。")
    if one.answered:
        said.append(f"{day(one.answered)} 镇办答复：")
    return said
