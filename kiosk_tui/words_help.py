"""Every Chinese sentence of help: how the kiosk is used, and what became of a call."""

from kiosk_tui.clock import village_time
from protocol.kiosk import LinkState
from protocol.kiosk_feedback import HelpState
from protocol.units import WallMs

HELP = "帮助"
KEY_CALL = "叫镇办的人"
CALLED = "叫镇办的人"
LINES = (
    ("打卡", "把卡贴近读卡器，看到“打卡成功”就好了。任何画面都可以打卡。"),
    ("更正", "上班、下班记反了，马上再刷一次卡，照提示改；改不了请找镇办。"),
    ("选择", "按画面上的数字。0 返回，7、8 翻页，Enter 接着看。"),
    ("再看", "打卡结果没看清，按 * 多看一会儿；过后请再刷一次卡。"),
    ("大字", "按 / 把字变大，再按更大，再按复原。"),
    ("没网", "没有网络也照常打卡，记录存在本站，有网自动上传。"),
    ("急事", "请找值班村干部，或者打镇办电话。"),
)
RECORDED = "已记下这里有人求助，有网就送到镇办。"
"""Said aloud once a call is on disk."""
CALLING = "正在记下…"
NOT_CALLED = "没有记下，请再按 1，或者打电话。"
URGENT = "急事请打电话。"
NOBODY = "还没有人看到。"


def state(call: HelpState, link: LinkState) -> str:
    """Return what became of a call."""
    at = _clock(call.asked)
    if call.seen:
        return f"✓  {call.by} {_clock(call.seen)}看到了。"
    if call.sent:
        return f"{at}已告诉镇办。{NOBODY}"
    if link == "offline":
        return f"{at}已记下，网络不通，还没传到。"
    return f"{at}已记下，正在告诉镇办。"


def short(call: HelpState, link: LinkState) -> str:
    """Return the same for home's one line."""
    return f"求助：{state(call, link).removeprefix('✓  ')}"


def contact(name: str) -> str:
    """Return whose telephone stands above."""
    return f"上面是{name}的电话。"


def _clock(wall: WallMs) -> str:
    return f"{village_time(wall):%H:%M} " if wall else ""
