"""Every Chinese sentence of a visit: what people see of their own, and how they type their number and their PIN."""

from kiosk_tui.catalogue import _, counted
from kiosk_tui.words import common as words
from protocol.kiosk_visits import PinAsked

KEY_MINE = _("我的")
KEY_ASK = _("请假")
KEY_NUMBER = _("没带卡")
KEY_LEAVE_VISIT = _("退出")
KEY_NEXT_STEP = _("下一步")
VISIT = _("我的")
ASK_CARD = _("请把您的卡贴到读卡器上")
ASK_CARD_THEN = _("看到打卡结果，再按 1。")
ASK_NUMBER = _("没带卡，按 Enter 输编号和密码。")
ASK_CARD_WHAT = _("这里看您的打卡和学习。看完按 0 退出。")
VISIT_CAN = {
    "meeting": _("会议"),
    "month": _("我的本月"),
    "requests": _("我的办事"),
    "ask": _("请假、外出、换班"),
    "learning": _("我的学习"),
    "set_pin": _("设密码"),
    "change_pin": _("改密码"),
    "clock": _("打卡（没带卡）"),
    "phone": _("用手机看本月打卡"),
    "feedback": _("提意见"),
}
VISIT_HELLO = {"card": _("已打卡。按数字选一项，看完按 0 退出。"), "number": _("按数字选一项，看完按 0 退出。")}
FORM_DROPPED = _("刚才没办完的没有记下。")
VISIT_OVER = _("已经退出了。要接着看，请再刷一次卡。")
NOT_A_TOUCH = _("这样登录不算打卡。要打卡，请选“打卡”。")
ON_TELEPHONE = _("手机看打卡")
SCAN = _("用手机扫一扫")
SCAN_FOR = _("看本月打卡。只能用一次，五分钟内有效。")
NO_ROOM_FOR_A_CODE = _("屏幕小，放不下二维码。请用手机打开：")
BY_NUMBER = _("按编号")
NO_DIRECTION = _("打卡")
ENTRY_TITLE = {
    "number": _("没带卡·输编号"),
    "pin": _("没带卡·输密码"),
}
"""Of the steps before somebody is known. Those after it are named as what opened them."""
ENTRY_ASK = {
    "number": _("请输入您的编号"),
    "pin": _("请输入 6 位密码"),
    "new_pin": _("请输入新密码，6 位数字"),
    "again": _("请再输一遍新密码"),
    "touch": _("请再刷一次您的卡"),
    "set": _("✓  密码设好了"),
}
ENTRY_HINT = {
    "number": _("刷卡后打开“我的”，上面写着编号。也可以问镇办。"),
    "pin": _("忘了密码，请带卡来重设，或者找镇办。"),
    "new_pin": _("不要用生日、编号、123456 这样好猜的。"),
    "again": _("要和刚才输的一样。"),
    "touch": _("30 秒内刷卡，密码才算设好。"),
    "set": _("能按编号登录的地方，都用它。密码别告诉别人。"),
}
PIN_WAITING = _("正在核对…")
PIN_DIFFERS = _("两遍不一样，请重新输。")
PIN_ANSWER = {
    "busy": _("机器正忙，请再按一次确定。"),
    "not_allowed": _("这里不能按编号登录，请刷卡。"),
    "not_recorded": _("没有成功，请再试一次；不行请联系镇办。"),
    "common": _("这个密码太好猜，请换一个。"),
    "own_number": _("密码不能和编号一样，请换一个。"),
    "too_late": _("没有及时刷卡，密码没有设，请重新输。"),
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked in a visit. There ``too_late`` means that the visit is over."""
    return VISIT_OVER if reason == "too_late" else words.sorry(reason)


def own_number(number: str) -> str:
    """Return the person's own number, for the day on which the card is at home."""
    return _("您的编号 {number}").format(number=number)


def typed_at(page: str) -> str:
    """Return where a code can be typed on a telephone that can't scan it."""
    return _("扫不了就打开 {page} 输入").format(page=page.removeprefix("https://"))


def entry_title(step: str, *, changes: bool) -> str:
    """Return what the person does, in the words by which they chose it."""
    return ENTRY_TITLE.get(step) or VISIT_CAN["change_pin" if changes else "set_pin"]


def pin_answer(answer: PinAsked) -> str:
    """Return what became of a number and its PIN, or of a new PIN."""
    if answer.answer == "locked":
        if not answer.locked_for_ms:
            return _("输错次数太多，今天不能再试；急用请刷卡或找镇办。")
        return _("输错次数太多，{wait}后再试；急用请刷卡或找镇办。").format(wait=_wait(answer.locked_for_ms))
    if answer.answer == "wrong":
        return _("编号或密码不对。请再输密码，改编号按 *。")
    return PIN_ANSWER.get(answer.answer, PIN_ANSWER["not_recorded"])


def _wait(ms: int) -> str:
    """Return a time to wait, rounded up, in the unit in which people think of it."""
    minutes = -(-ms // 60_000)
    if minutes <= 90:
        return counted("{count} 分钟", minutes)
    hours = -(-minutes // 60)
    return counted("{count} 小时", hours) if hours <= 48 else counted("{count} 天", -(-hours // 24))
