"""The line that decided a window, in words for people."""

from tests.reckoning.table import Settled

WORDS = {
    "0": "还没到核定时间",
    "1": "不用值班",
    "2": "请假",
    "3": "外出或开会",
    "4": "请假、外出、开会合起来占了整个时段",
    "5": "按时到、按时走",
    "6": "日历暂定，或排班录入晚了，不算缺勤",
    "7": "站点数据还没到齐",
    "8": "当时站点停用，不算本人的",
    "9": "有记录还要人来核对",
    "10": "没有上班卡，也没有下班卡",
    "11": "上班、下班缺一次卡",
    "12": "迟到",
    "13": "早退",
}


def reason(one: Settled) -> str:
    """Return why a window came to its result, in simple Chinese."""
    part, _, line = one.line.rpartition(".")
    words = WORDS[line]
    if one.late:
        words += f"，迟到 {one.late} 分钟"
    if one.early:
        words += f"，早退 {one.early} 分钟"
    return f"一部分不用值班；其余：{words}" if part else words
