"""Every Chinese sentence of help: how the kiosk is used, and what became of a call."""

from kiosk_tui.catalogue import _
from kiosk_tui.clock import village_time
from kiosk_tui.words.common import LinkShown, together
from protocol.kiosk_feedback import HelpState
from protocol.units import WallMs

HELP = _("帮助")
KEY_CALL = _("叫镇办的人")
KEY_RULES = _("怎么用这台机器")
KEY_TO_QUESTION = _("接着答题")
ASK = _("按 1，镇办就知道这里要帮忙。")
CALLED = _("叫镇办的人")
LINES = (
    (_("打卡"), _("把卡贴到读卡器上，看到“打卡成功”就行。任何画面都可以打卡。")),
    (_("更正"), _("上下班记反了，马上再刷卡，照提示改；改不了请找镇办。")),
    (_("选择"), _("按画面上的数字。0 返回，7、8 翻页，Enter 接着看。")),
    (_("再看"), _("打卡结果没看清，按 * 多看一会儿；过后请再刷一次卡。")),
    (_("大字"), _("按 / 把字变大，再按更大，再按复原。")),
    (_("没网"), _("没有网也照常打卡。记录存在本站，有网就上传。")),
    (_("急事"), _("请找值班村干部，或者打镇办电话。")),
)
RECORDED = _("已记下这里要帮忙，有网就送到镇办。")
"""Said aloud once a call is on disk."""
CALLING = _("正在记下…")
NOT_CALLED = _("没有记下，请再按 1，或者打电话。")
CALLED_OFTEN = _("已经叫过很多次了，请打电话。")
URGENT = _("急事请打电话。")
NOBODY = _("还没有人看到。")


def state(call: HelpState, link: LinkShown) -> str:
    """Return what became of a call."""
    at = _clock(call.asked)
    if call.seen:
        return _("✓  {by} {at}看到了。").format(by=call.by, at=_clock(call.seen))
    if call.sent:
        return together(_("{at}已告诉镇办。").format(at=at), NOBODY)
    if link == "refused":
        return _("{at}已记下，传不到县里，请打电话。").format(at=at)
    if link == "offline":
        return _("{at}已记下，网络不通，还没传到。").format(at=at)
    return _("{at}已记下，正在告诉镇办。").format(at=at)


def not_called(reason: str) -> str:
    """Return why a call was not recorded."""
    return CALLED_OFTEN if reason == "too_many" else NOT_CALLED


def short(call: HelpState, link: LinkShown) -> str:
    """Return the same for home's one line."""
    return _("帮助：{state}").format(state=state(call, link).removeprefix("✓  "))


def contact(name: str) -> str:
    """Return whose telephone stands above."""
    return _("上面是{name}的电话。").format(name=name)


def telephone(name: str, phone: str) -> str:
    """Return whom one may call without waiting."""
    return _("急事请打{name}的电话：{phone}").format(name=name, phone=phone)


def _clock(wall: WallMs) -> str:
    return f"{village_time(wall):%H:%M} " if wall else ""
