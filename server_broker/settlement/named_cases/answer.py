"""The answer to a named case as docs/cases.md wants it: plain rows for JSON."""

from collections.abc import Mapping
from fractions import Fraction

from server_broker.settlement.counting import Totals
from server_broker.settlement.exceptions import Odd
from server_broker.settlement.meeting import Attended
from server_broker.settlement.resident import Resided
from server_broker.settlement.results import Result
from server_broker.settlement.settle import Settled, Slip
from server_broker.settlement.times import iso
from server_broker.settlement.version import RULES

type Row = dict[str, object]

DAYS: Mapping[str, str] = {
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
"""The columns of days by result."""


def answer(name: str, settled: Settled) -> dict[str, object]:
    """Return the answer without its differences."""
    return {
        "name": name,
        "rules": RULES,
        "refused": settled.refused,
        "windows": [_window(one) for one in settled.windows],
        "totals": [_totals(one) for one in settled.totals],
        "resident": [_resident(one) for one in settled.resident],
        "meetings": [_meeting(one) for one in settled.meetings],
        "months": [{"month": month, "state": state} for month, state in settled.months],
        "slips": [_slip(one) for one in settled.slips],
        "exceptions": [_exception(one) for one in settled.exceptions],
    }


def of_day(minute: int) -> str:
    """Return a window's start as in a case."""
    return f"{minute // 60:02}:{minute % 60:02}"


def days(share: Fraction) -> float:
    """Return days to four decimals."""
    return float(round(share, 4))


def _window(one: Result) -> Row:
    return {
        "person": one.person,
        "date": one.day.isoformat(),
        "start": of_day(one.start),
        "result": one.result,
        "kind": one.kind,
        "beside": list(one.beside),
        "late": one.late,
        "early": one.early,
        "flags": list(one.flags),
        "line": one.line,
        "reason": one.reason,
    }


def _totals(one: Totals) -> Row:
    return {
        "person": one.person,
        "due": days(one.due),
        "present": days(one.present),
        **{name: days(one.of(word)) for name, word in DAYS.items()},
        "late_times": one.late_times,
        "late_minutes": one.late_minutes,
        "early_times": one.early_times,
        "early_minutes": one.early_minutes,
        "missing_times": one.missing_times,
        "part_leave_minutes": one.part_leave_minutes,
        "leave": {kind: days(share) for kind, share in sorted(one.leave.items())},
        "final": one.final,
    }


def _resident(one: Resided) -> Row:
    return {
        "person": one.person,
        "month": one.month,
        "days": one.days,
        "nights": one.nights,
        "incomplete": [date.isoformat() for date in one.incomplete],
    }


def _meeting(one: Attended) -> Row:
    return {
        "meeting": one.meeting,
        "expected": list(one.expected),
        "came": list(one.came),
        "excused": list(one.excused),
        "absent": list(one.absent),
        "late": list(one.late),
        "quorum_at_start": one.quorum_at_start,
        "quorum_at_votes": list(one.quorum_at_votes),
    }


def _slip(one: Slip) -> Row:
    return {
        "person": one.now.person,
        "date": one.now.day.isoformat(),
        "start": of_day(one.now.start),
        "was": one.was.result,
        "now": one.now.result,
    }


def _exception(one: Odd) -> Row:
    who = "person" if one.kind == "off_place" else "card"
    return {"kind": one.kind, who: one.who, "station": one.station, "at": iso(one.at)}
