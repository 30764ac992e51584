"""Every Chinese sentence of a visit: what people see of their own, and how they type their number and their PIN."""

from kiosk_tui import words
from protocol.kiosk_visits import PinAsked

KEY_MINE = "我的"
KEY_NUMBER = "没带卡"
KEY_LEAVE_VISIT = "退出"
KEY_NEXT_STEP = "下一步"
KEY_DELETE = "删一位"
VISIT = "我的"
ASK_CARD = "请把您的卡贴到读卡器上"
ASK_CARD_THEN = "看到打卡结果，再按 1。"
ASK_NUMBER = "没带卡，按 Enter 输编号和密码。"
ASK_CARD_WHAT = "这里看您的打卡和学习。看完按 0 退出。"
VISIT_CAN = {
    "month": "我的本月",
    "requests": "我的办事",
    "learning": "我的学习",
    "set_pin": "设密码",
    "change_pin": "改密码",
    "clock": "打卡（没带卡）",
    "phone": "用手机看本月打卡",
    "feedback": "提意见",
}
VISIT_HELLO = {"card": "已打卡。按数字选一项，看完按 0 退出。", "number": "按数字选一项，看完按 0 退出。"}
VISIT_OVER = "已经退出了。要接着看，请再刷一次卡。"
NOT_A_TOUCH = "这样登录不算打卡。要打卡，请选“打卡”。"
ON_TELEPHONE = "手机看打卡"
SCAN = "用手机扫一扫"
SCAN_FOR = "看本月打卡。只能用一次，五分钟内有效。"
NO_ROOM_FOR_A_CODE = "屏幕小，放不下二维码。请用手机打开："
BY_NUMBER = "按编号"
NO_DIRECTION = "打卡"
ENTRY_TITLE = {
    "number": "没带卡·输编号",
    "pin": "没带卡·输密码",
}
"""Of the steps before somebody is known. Those after it are named as what opened them."""
ENTRY_ASK = {
    "number": "请输入您的编号",
    "pin": "请输入 6 位密码",
    "new_pin": "请输入新密码，6 位数字",
    "again": "请再输一遍新密码",
    "touch": "请再刷一次您的卡",
    "set": "✓  密码设好了",
}
ENTRY_HINT = {
    "number": "编号写在您的卡上，也可以问镇办。",
    "pin": "忘了密码，请带卡来重设，或者找镇办。",
    "new_pin": "不要用生日、编号、123456 这样好猜的。",
    "again": "要和刚才输的一样。",
    "touch": "30 秒内刷卡，密码才算设好。",
    "set": "没带卡时，用编号和密码登录。密码别告诉别人。",
}
PIN_WAITING = "正在核对…"
PIN_DIFFERS = "两遍不一样，请重新输。"
PIN_ANSWER = {
    "busy": "机器正忙，请再按一次确定。",
    "not_allowed": "这里不能按编号登录，请刷卡。",
    "not_recorded": "没有成功，请再试一次；不行请联系镇办。",
    "common": "这个密码太好猜，请换一个。",
    "own_number": "密码不能和编号一样，请换一个。",
    "too_late": "没有及时刷卡，密码没有设，请重新输。",
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked in a visit. There ``too_late`` means that the visit is over."""
    return VISIT_OVER if reason == "too_late" else words.sorry(reason)


def typed_at(page: str) -> str:
    """Return where a code can be typed on a telephone that can't scan it."""
    return f"扫不了就打开 {page.removeprefix('https://')} 输入"


def entry_title(step: str, *, changes: bool) -> str:
    """Return what the person does, in the words by which they chose it."""
    return ENTRY_TITLE.get(step) or VISIT_CAN["change_pin" if changes else "set_pin"]


def pin_answer(answer: PinAsked) -> str:
    """Return what became of a number and its PIN, or of a new PIN."""
    if answer.answer == "locked":
        until = f"，{_wait(answer.locked_for_ms)}后再试" if answer.locked_for_ms else "，今天不能再试"
        return f"输错次数太多{until}；急用请刷卡或找镇办。"
    if answer.answer == "wrong":
        return "编号或密码不对，请再试一次。"
    return PIN_ANSWER.get(answer.answer, PIN_ANSWER["not_recorded"])


def _wait(ms: int) -> str:
    """Return a time to wait, rounded up, in the unit in which people think of it."""
    minutes = -(-ms // 60_000)
    if minutes <= 90:
        return f"{minutes} 分钟"
    hours = -(-minutes // 60)
    return f"{hours} 小时" if hours <= 48 else f"{-(-hours // 24)} 天"
