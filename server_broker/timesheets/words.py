"""What the signs of a sheet mean, and the figures that stand beside its people, in the words of offices."""

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from django.utils import timezone

from server_broker.settlement import states
from server_broker.settlement.counting import Totals
from server_broker.settling.words import RESULT_WORDS

LEGEND = {sign: word for sign, word in RESULT_WORDS.items() if sign}
"""What each sign of a sheet means."""
NOT_CLOSED = states.OPEN
"""What stands on each page of a month that is not closed, however far it is."""
SIGNATURES = "　".join(f"{who}：{'＿' * 9}" for who in ("制表", "审核", "负责人")) + "　日期：　　　　年　　月　　日"


def month_words(month: str) -> str:
    """Return a month such as ``2026-03`` in words."""
    year, number = month.split("-")
    return f"{year}年{int(number)}月"


def state_words(state: str) -> str:
    """Return a month's state as a sheet says it: whatever is not closed is not final."""
    return f"状态：{state}" if state in {states.CLOSED, NOT_CLOSED} else f"状态：{state}，{NOT_CLOSED}"


def known_words(known: dt.datetime) -> str:
    """Return by what knowledge a sheet was made."""
    return f"按县里到 {timezone.localtime(known):%Y年%m月%d日 %H:%M} 所知"


class Figure(NamedTuple):
    """A column of figures: its group and its own head, how wide it is printed, and what stands in it."""

    group: str
    head: str
    width_mm: float
    value: Callable[[Totals], float | str]

    @property
    def title(self) -> str:
        """Group and head in one, where there is room for one line only."""
        return self.group if self.head == "天" else f"{self.group}{self.head}"


def shown(days: Fraction) -> float:
    """Return days as sheets show them, to two decimals; they are added up exactly (docs/rules.md, section 4)."""
    return float(round(days, 2))


def _of(word: str) -> Callable[[Totals], float]:
    return lambda totals: shown(totals.of(word))


def _kinds(totals: Totals) -> str:
    return " ".join(f"{kind}{shown(days):g}" for kind, days in sorted(totals.leave.items()))


FIGURES = (
    Figure("出勤", "应到", 9, lambda totals: shown(totals.due)),
    Figure("出勤", "实到", 9, lambda totals: shown(totals.present)),
    Figure("迟到", "次", 6.5, lambda totals: totals.late_times),
    Figure("迟到", "分", 8, lambda totals: totals.late_minutes),
    Figure("早退", "次", 6.5, lambda totals: totals.early_times),
    Figure("早退", "分", 8, lambda totals: totals.early_minutes),
    Figure("缺卡", "次", 8, lambda totals: totals.missing_times),
    Figure("旷工", "天", 8, _of("旷")),
    Figure("请假", "天", 8, _of("假")),
    Figure("请假", "种类", 18, _kinds),
    Figure("部分请假", "分", 9, lambda totals: totals.part_leave_minutes),
    Figure("外出", "天", 8, _of("出")),
    Figure("开会", "天", 8, _of("会")),
    Figure("停用", "天", 8, _of("停")),
)
"""The totals of docs/rules.md, section 4. Days are counted by share."""
OPEN = Figure("未定", "天", 8, lambda totals: shown(totals.open))
"""Beside them as long as something is open."""


def figures_of(totals: Totals) -> tuple[Figure, ...]:
    """Return the figures of a sheet with these totals."""
    return FIGURES if totals.final else (*FIGURES, OPEN)
