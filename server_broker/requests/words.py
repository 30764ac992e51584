"""What people say is wrong or missing, in the words of the kiosk at which they say it; and when something is."""

import datetime as dt

from django.utils import timezone

CODE_WORDS = {
    "time": "时间不对",
    "direction": "上下班记反了",
    "not_mine": "不是我打的",
    "other": "其他",
    "arrival": "上班卡",
    "departure": "下班卡",
}


def span_words(begin: dt.datetime, end: dt.datetime) -> str:
    """Return from when to when in a few words, such as 12月7日 上午 or 12月7日 至 12月9日."""
    first, until = timezone.localtime(begin), timezone.localtime(end)
    last = until - dt.timedelta(minutes=1)
    left, right = _edge(first, morning="", noon="下午"), _edge(until, morning="", noon="上午")
    if first.date() == last.date():
        day = f"{first.month}月{first.day}日"
        if left is None or right is None:
            return f"{day} {first:%H:%M}–{until:%H:%M}"
        return f"{day} {left or right or '全天'}"
    return f"{_end_words(first, left)} 至 {_end_words(until if right is None else last, right)}"


def _edge(at: dt.datetime, *, morning: str, noon: str) -> str | None:
    """Return the word for a midnight or a noon; None for another time."""
    return {(0, 0): morning, (12, 0): noon}.get((at.hour, at.minute))


def _end_words(at: dt.datetime, word: str | None) -> str:
    return f"{at.month}月{at.day}日 {at:%H:%M}" if word is None else f"{at.month}月{at.day}日{word}"
