"""Codes of alarms and of results stand in one place each: nothing in the agent spells one out."""

import ast
from pathlib import Path

from protocol import alarm_codes, result_reasons

CALLS = {"AlarmRaised": 9, "AlarmCleared": 9, "AlarmSeen": 9, "raise_once": 0, "raise_alarm": 0, "clear_alarm": 0}
CALLS |= {"alarm": 0, "finish": 2, "refuse": 1, "command_refused": 1}
"""By a call's name, which of its arguments is a code; with ``code=`` it can also be given by name."""


def spelt_out(module: Path) -> list[str]:
    """Return the places where a call gives a code as a text of its own."""
    found = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        place = CALLS.get(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        if place is not None:
            codes = [*node.args[place : place + 1], *[word.value for word in node.keywords if word.arg == "code"]]
            begun = [code.values[0] if isinstance(code, ast.JoinedStr) else code for code in codes]
            if any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in begun):
                found.append(f"{module}:{node.lineno}")
    return found


def test_the_agent_spells_out_no_code() -> None:
    modules = sorted(Path("agent").rglob("*.py"))
    assert len(modules) > 100
    assert [place for module in modules for place in spelt_out(module)] == []


def test_a_code_that_is_spelt_out_is_found(tmp_path: Path) -> None:
    module = tmp_path / "one.py"
    module.write_text('AlarmRaised(code="too_hot")\nx.finish(id, "failed", f"no_log: {x}")\nx.finish(id, "done")\n')
    assert spelt_out(module) == [f"{module}:1", f"{module}:2"]


def test_every_constant_is_listed() -> None:
    for module, listed in ((alarm_codes, alarm_codes.STATION_ALARMS), (result_reasons, result_reasons.RESULT_REASONS)):
        constants = {value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
        assert constants <= listed
