"""Write findings so that they fit one screen of 80 columns and 22 lines and can be read out on the telephone."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from agent.doctor.problems import Finding, all_well

COLUMNS, LINES = 80, 22
_PART_COLUMNS = 10
_SIGNS = {True: "√", False: "×", None: "–"}


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes (Unicode UAX #11)."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def fitted(text: str, columns: int) -> str:
    """Return a text cut to at most so many columns, with … where something was left out."""
    if width(text) <= columns:
        return text
    # The width of … is ambiguous (UAX #11): a Chinese terminal may give it two columns.
    while width(text) > columns - 2:
        text = text[:-1]
    return text + "…"


def screen(title: str, findings: Sequence[Finding]) -> str:
    """Return the whole screen.

    If it would be too long, the parts that are well share a line. If that is not enough, the last remedies are left
    out, because the technician's guide has them too. Each problem is always there with its code.
    """
    bad = [one for one in findings if one.well is False]
    others = [one for one in findings if one.well is not False]
    # The title and the end take a line each, and every problem one more for its remedy.
    if 2 + len(findings) + len(bad) > LINES and others:
        named = "、".join(dict.fromkeys(one.part for one in others if one.well))
        findings = [*bad, Finding("其余正常", named)] if named else bad
    room = LINES - 2 - len(findings)
    lines = [fitted(title, COLUMNS)]
    for one in findings[: LINES - 2]:
        part = one.part + " " * max(1, _PART_COLUMNS - width(one.part))
        # The words may be cut, the code never: it is what the technician reads out.
        code = f"  代码 {one.code}" if one.code else ""
        lines.append(fitted(f"{_SIGNS[one.well]} {part}{one.says}", COLUMNS - width(code)) + code)
        if one.remedy and room > 0:
            lines.append(fitted(f"    处理：{one.remedy}", COLUMNS))
            room -= 1
    if bad:
        codes = "、".join(map(str, dict.fromkeys(one.code for one in bad)))
        lines.append(fitted(f"有 {len(bad)} 处不正常，请把代码报给县里：{codes}", COLUMNS))
    else:
        lines.append("查过的都正常；– 的没有检查。" if any(one.well is None for one in others) else "全部正常。")
    return "\n".join(lines)


def report(station: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the same for a program to read."""
    return {
        "name": "doctor",
        "station": station,
        "well": all_well(findings),
        "findings": [
            {"part": one.part, "well": one.well, "says": one.says, "code": one.code, "remedy": one.remedy}
            for one in findings
        ],
    }
