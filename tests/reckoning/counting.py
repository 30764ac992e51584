"""Each person's sums over the settled windows (§4)."""

from fractions import Fraction
from typing import Any

from tests.reckoning.table import Settled

PRESENT = ("√", "迟", "早", "缺", "停", "出", "会")
NOT_DUE = ("休", "暂", "")
DAYS_OF = {
    "on_time": "√",
    "leave_days": "假",
    "field": "出",
    "meeting": "会",
    "missing": "缺",
    "down": "停",
    "absent": "旷",
    "provisional": "暂",
    "awaiting": "未",
    "to_review": "待",
    "late_days": "迟",
    "early_days": "早",
    "blank": "",
}
UNFINISHED = ("未", "待", "")
DECIMALS = 4


def share_of(windows: list[Settled]) -> Fraction:
    """Return the days, by share, of some windows (§4)."""
    return sum((one.window.share for one in windows), Fraction(0))


def shown(days: Fraction) -> float:
    """Return days as the answer writes them, with four decimals."""
    return round(float(days), DECIMALS)


def has_word(one: Settled, word: str) -> bool:
    """Return whether 迟, 早 or 缺 is a window's result or counts beside it; beside 旷 none of them does (§4)."""
    return one.result == word or (word in one.beside and one.result != "旷")


def totals(person: str, windows: list[Settled]) -> dict[str, Any]:
    """Return a person's sums over their windows (§4)."""
    leave = [one for one in windows if one.result == "假"]
    return {
        "person": person,
        "due": shown(share_of([one for one in windows if one.result not in NOT_DUE])),
        "present": shown(share_of([one for one in windows if one.result in PRESENT])),
        **{key: shown(share_of([one for one in windows if one.result == word])) for key, word in DAYS_OF.items()},
        "late_times": sum(has_word(one, "迟") for one in windows),
        "late_minutes": sum(one.late for one in windows),
        "early_times": sum(has_word(one, "早") for one in windows),
        "early_minutes": sum(one.early for one in windows),
        "missing_times": sum(has_word(one, "缺") for one in windows),
        "part_leave_minutes": sum(one.leave_minutes for one in windows),
        "leave": {
            kind: shown(share_of([one for one in leave if one.kind == kind]))
            for kind in sorted({one.kind for one in leave})
        },
        "final": not any(one.result in UNFINISHED for one in windows),
    }
