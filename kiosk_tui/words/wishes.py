"""Every Chinese sentence of what a person asks for at the kiosk."""

from kiosk_tui.catalogue import _, counted
from kiosk_tui.words import months as words_months
from kiosk_tui.words import visits as words_visits
from kiosk_tui.words.common import labelled
from kiosk_tui.words.dates import clock
from protocol.kiosk_months import DayWindow
from protocol.kiosk_requests import SwapAsked

ASK = words_visits.VISIT_CAN["ask"]
STEP = {
    "kind": _("办什么事？"),
    "length": _("哪天？"),
    "first": _("从哪天起？"),
    "last": _("到哪天？"),
    "half": _("整天还是半天？"),
    "turn": _("换哪个班？"),
    "who": _("换给谁？"),
}
LENGTH = {
    "today": _("今天一天"),
    "morning": _("今天上午"),
    "afternoon": _("今天下午"),
    "tomorrow": _("明天一天"),
    "after": _("后天一天"),
    "dates": _("别的日子"),
}
HALF_OF_A_DAY = {"whole": _("整天"), "from_noon": _("只是下午"), "until_noon": _("只是上午")}
HALF_OF_MANY = {
    "whole": _("都是整天"),
    "from_noon": _("第一天下午开始"),
    "until_noon": _("最后一天上午结束"),
    "both": _("前后都是半天"),
}
FOUR_FIGURES = _("月和日，4 个数字，例如 0305 是 3月5日。")
EIGHT_FIGURES = _("本站时间没对准。年月日，8 个数字，例如 20270305。")
SAME_DAY = _("只有一天，直接按 Enter。")
FROM_NOW = _("从现在起算回来了。")
LOST_NOW = _("从现在起，丢的卡打卡不算。")
ASK_THEM = _("对方答应了才算换。请叫对方到本站刷卡答应。")
WHO_DECIDES = _("批不批，看天数：村、镇或县里定。")
LATE = _("已经过了的日子，会注明“补”。")
DAYS_AS_TYPED = _("本站时间没对准，按您选的日子报。")
NO_TURN = _("两周里没有您的班，或没有能换的人。")
NOBODY_FREE = _("这个班没有能换的人，请选别的班。")
YES = _("答应")
NO = _("不答应")
LATER = _("以后再说")
SAID_BEFORE = _("班开始以前答应才算数。")
SORRY = {
    "ends_before": _("到的日子比起的日子还早，请重选。"),
    "too_long": _("一次最多 366 天，请分开提。"),
    "too_far": _("太早了，只能提一年以内的。"),
    "too_late_to_ask": _("过了三天，不能补了，请找镇办。"),
    "no_such_day": _("没有这一天，请重选。"),
    "no_time": _("本站时间没对准，换班请用手机或找镇办。"),
    "not_free": _("对方那时有班或不在，请换一个人。"),
    "begun": _("这个班已经开始，不能再换。"),
    "asked_already": _("这几天已经提过了，等答复。"),
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked."""
    return SORRY.get(reason) or words_months.sorry(reason)


def no_such_day(figures: int) -> str:
    """Return what to type instead of what is no day."""
    return _("没有这一天。请输 {figures} 个数字。").format(figures=figures)


def what(option: str) -> str:
    """Return something that can be asked for."""
    return words_months.LEAVE.get(option) or words_months.KIND.get(option, option)


def option(step: str, code: str, *, of_a_day: bool = False) -> str:
    """Return something to choose that is the same for everybody; of a half day which half of ``of_a_day``."""
    if step == "kind":
        return what(code)
    return (LENGTH if step == "length" else HALF_OF_A_DAY if of_a_day else HALF_OF_MANY).get(code, code)


def turn(one: DayWindow) -> str:
    """Return a window of a day: 11月24日 周二 上午坐班 08:30-12:00."""
    return _("{day} {window} {begin}-{end}").format(
        day=words_months.day(one.day), window=one.window, begin=clock(one.start), end=clock(one.end)
    )


def asked_for(option: str, first: str, last: str, *, from_noon: bool = False, until_noon: bool = False) -> str:
    """Return what is asked for, as far as it was chosen, in one line."""
    if not first:
        return what(option)
    when = (
        words_months.span(first, last, from_noon=from_noon, until_noon=until_noon) if last else words_months.day(first)
    )
    return labelled(what(option), when)


def what_follows(kind: str) -> str:
    """Return what comes of it once it is submitted."""
    return {"swap": ASK_THEM, "leave_ended": FROM_NOW, "card_lost": LOST_NOW}.get(kind, WHO_DECIDES)


def to_whom(name: str) -> str:
    """Return who is to take the window over."""
    return _("换给：{name}").format(name=name)


def asked_by(swap: SwapAsked) -> list[str]:
    """Return who asks for what."""
    window = DayWindow(day=swap.day, start=swap.start, end=swap.end, window=swap.window)
    return [_("{name}请您替这个班：").format(name=swap.name), turn(window)]


def more(count: int) -> str:
    """Return how many other swaps wait for an answer."""
    return counted("还有 {count} 个换班等您答复。", count)
