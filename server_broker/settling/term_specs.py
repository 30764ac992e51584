"""The parameters of the rules that a region sets by itself, in the words of its form, and which values each may have.

``open_before`` and ``open_after`` are not among them: they are settings of stations, which go by them too. ``marks`` is
none either, because every duty window says its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from server_broker.settlement.parameters import OFF, Values

type Value = int | str

CORRECTIONS = "corrections_per_month"
OBJECTION_DAYS = "objection_days"
"""No result hangs on it, so it is none of `Values`."""
BY_MONTHS = frozenset({CORRECTIONS, OBJECTION_DAYS})
"""They say what whoever approves and closes may do alone, so they change for months to come and never for the one that
runs, nor for one before it."""
_DEFAULTS: Mapping[str, Value] = {OBJECTION_DAYS: 5}


class TermRefused(Exception):
    """Nothing was changed. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A parameter: a number of ``unit`` within bounds, or one of ``choices``."""

    word: str
    note: str
    unit: str = ""
    lowest: int = 0
    highest: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    """Value and its word."""
    zero: str = ""
    """What 0 means, if it is the word for a value that is off."""

    def shown(self, value: object) -> str:
        """Return a value in words."""
        if self.zero and value == OFF:
            return self.zero
        return next((word for one, word in self.choices if one == value), f"{value} {self.unit}".strip())

    def code(self, value: object) -> str:
        """Return a value as the form writes it."""
        return "0" if self.zero and value == OFF else str(value)

    @property
    def allowed(self) -> str:
        """A number's range in words; empty for a choice."""
        if self.choices:
            return ""
        off = f"，0 表示{self.zero}" if self.zero else ""
        return f"{self.lowest}–{self.highest} {self.unit}{off}"


SPECS: Mapping[str, Spec] = {
    "grace_in": Spec("上班宽限", "上班时间以后多久内打卡不算迟到", "分钟", 0, 120),
    "grace_out": Spec("下班宽限", "下班时间以前多久内打卡不算早退", "分钟", 0, 120),
    "late_absence": Spec("迟到算旷工", "迟到超过这么久，这个班算旷工", "分钟", 1, 720, zero="不算旷工"),
    "early_absence": Spec("早退算旷工", "早退超过这么久，这个班算旷工", "分钟", 1, 720, zero="不算旷工"),
    "min_rest": Spec("剩余最短", "请假、外出、停班以后，一个班剩下不到这么久就不用再来", "分钟", 1, 240),
    "place": Spec(
        "打卡地点",
        "在哪里的站点打卡，算本村的班",
        choices=(("village", "只在本村"), ("township", "本镇各村"), ("county", "全县各村")),
    ),
    CORRECTIONS: Spec("每月补卡", "一个人一个月补到这么多次以后，要镇办另一个人再批一次", "次", 0, 31),
    # February has to be able to hold them.
    "resident_days": Spec("驻村天数", "驻村干部一个月至少在村的天数", "天", 0, 28),
    OBJECTION_DAYS: Spec("公示天数", "月考勤表公示的第二天起，多少天里可以提异议、补卡，过完才能定稿", "天", 1, 31),
}


def spec_of(name: str) -> Spec:
    """Return a parameter's spec.

    Raises:
        TermRefused: There is none of that name.
    """
    if name not in SPECS:
        raise TermRefused("没有这一项规则")
    return SPECS[name]


def value_of(name: str, text: str) -> Value:
    """Return the value for a text from the form.

    Raises:
        TermRefused: There is no such parameter, or its value can't be this.
    """
    spec, text = spec_of(name), text.strip()
    if spec.choices:
        if text not in dict(spec.choices):
            raise TermRefused(f"{spec.word}：“{text[:20]}”不行，可以是{'、'.join(word for _, word in spec.choices)}")
        return text
    # `isdigit` is also true for digits of other scripts, and a very long number would take `int` a long time.
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 12):
        raise TermRefused(f"{spec.word}：“{text[:20]}”不是整数")
    number = int(text)
    if spec.zero and number == 0:
        return OFF
    if not spec.lowest <= number <= spec.highest:
        raise TermRefused(f"{spec.word}：{number} 超出范围（{spec.allowed}）")
    return number


def default_of(name: str) -> Value:
    """Return what holds where no region sets anything (docs/rules.md)."""
    default: Value = _DEFAULTS[name] if name in _DEFAULTS else getattr(Values(), name)
    return default
