"""The week's figures side by side: ours, and by name those of the others."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.peers.judge import Verdict
from tests.benchmarks.peers.week import Lived

type Reading = Callable[[Lived, Verdict], float | None]

_READINGS: list[tuple[str, str, float | None, Reading]] = [
    ("lost", "facts", 0.0, lambda _, verdict: verdict.lost),
    ("doubled", "facts", 0.0, lambda _, verdict: verdict.doubled),
    ("invented", "facts", 0.0, lambda _, verdict: verdict.invented),
    ("unacknowledged", "facts", 0.0, lambda _, verdict: verdict.unacknowledged),
    ("rss_mb", "MB", None, lambda lived, _: lived.rss_mb),
    ("rss_peak_mb", "MB", None, lambda lived, _: lived.peak_mb),
    ("cpu_s", "s", None, lambda lived, _: lived.cpu_s),
    ("wire_bytes", "bytes", None, lambda lived, _: lived.wire_bytes),
    ("disk_bytes", "bytes", None, lambda lived, _: lived.disk_bytes),
    ("answer_p50_ms", "ms", None, lambda lived, _: lived.answer_ms(0.5)),
    ("answer_p99_ms", "ms", None, lambda lived, _: lived.answer_ms(0.99)),
]
"""Name, unit and goal, and how to read the figure from a week. Lower is better in all."""


def figures(lived: Mapping[str, Lived], *, ours: str) -> list[Figure]:
    """Return a figure for each of these, and the weeks of the others compared with the first."""
    made = [
        Figure(
            name=name,
            value=_read(reading, lived[ours]),
            unit=unit,
            goal=goal,
            peer={peer: _rounded(_read(reading, week)) for peer, week in lived.items() if peer != ours},
        )
        for name, unit, goal, reading in _READINGS
    ]
    made[0].detail.update({name: _course(week) for name, week in lived.items()})
    return made


def _read(reading: Reading, lived: Lived) -> float | None:
    return None if lived.verdict is None else reading(lived, lived.verdict)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _course(lived: Lived) -> dict[str, Value]:
    return {
        "presentations": lived.presented.total(),
        "facts": len(lived.presented),
        **({} if lived.verdict is None else asdict(lived.verdict)),
        "kills": lived.kills,
        "power_cuts": lived.power_cuts,
        "outages": lived.outages,
        "starts": lived.starts,
        "ended_by_itself": lived.ended_by_itself,
        "hopeless_after": lived.hopeless_after,
        "seconds": lived.seconds,
    }
