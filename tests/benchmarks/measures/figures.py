"""What a measurement reports: a value with its unit, and the goal to which it is compared."""

from dataclasses import dataclass, field
from typing import Literal

from firmware_scripts.report import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report. A value of None was not measured, and ``detail["why"]`` says why."""

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    """The design's goal; None for a figure that explains another."""
    better: Literal["lower", "higher"] = "lower"
    peer: dict[str, Value] = field(default_factory=dict)
    """The same figure of other programs that did the same work in the same run, by their names."""
    detail: dict[str, Value] = field(default_factory=dict)

    def line(self) -> dict[str, Value]:
        """Return the figure as it stands in the report."""
        line: dict[str, Value] = {
            "name": self.name,
            "value": None if self.value is None else round(self.value, 3),
            "unit": self.unit,
            "goal": self.goal,
            "better": self.better,
        }
        more = {"peer": self.peer, "detail": self.detail}
        return {**line, **{name: value for name, value in more.items() if value}}


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
