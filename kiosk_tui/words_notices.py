"""Every Chinese sentence about notices."""

from datetime import datetime

KIND = {
    "power_cut": "停电",
    "water_cut": "停水",
    "weather": "天气",
    "market": "赶集",
    "bus": "班车",
    "jobs": "招工",
    "wanted": "求租求购",
    "notice": "通知",
}
"""What a notice is about, by its code."""
URGENT = "急"
OVER = "这条通知已经过期或者撤回了。"
WAKE = "按任意键回首页，随时可以刷卡"
NO_NOTICES = "现在没有通知。"


def kind(code: str) -> str:
    """Return what a notice is about; a code of a later release is a notice."""
    return KIND.get(code, KIND["notice"])


def row(code: str, line: str, *, urgent: bool) -> str:
    """Return a notice in a list."""
    return f"{f'{URGENT}·' if urgent else ''}{kind(code)}：{line}"


def place(number: int, of: int) -> str:
    """Return which of the notices this is, counted from 1."""
    return f"第 {number}/{of} 条"


def about(source: str, owner: str, until: datetime | None) -> list[str]:
    """Return who says it, whom one asks, and the last day on which it holds."""
    lines = [f"来源：{source}"] if source else []
    lines += [f"有事问：{owner}"] if owner else []
    return lines + ([f"有效到 {until.month}月{until.day}日"] if until else [])
