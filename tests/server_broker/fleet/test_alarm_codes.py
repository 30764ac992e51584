"""The codes of the county's own alarms stand in one module, and a page has a word for each."""

import ast
from collections.abc import Iterator
from pathlib import Path

import server_broker
from server_broker.console.words import ALARMS, REMEDIES
from server_broker.fleet import alarm_codes
from server_broker.incidents.kinds import OTHER, SAID, kind_of

ROOT = Path(server_broker.__file__).parent
CODE_AT = {"AlarmCall": 1, "AlarmOver": 1, "raise_alarm": None, "raise_or_resolve": None, "resolve": None}
"""Where a code stands in a call, if it has no name there."""


def test_every_code_is_listed() -> None:
    codes = {value for name, value in vars(alarm_codes).items() if name.isupper() and isinstance(value, str)}
    assert codes == alarm_codes.COUNTY_ALARMS | {alarm_codes.INPUT_FLAPPING}


def test_every_alarm_of_the_county_has_a_name() -> None:
    assert (alarm_codes.COUNTY_ALARMS | alarm_codes.OWN_ALARMS) - ALARMS.keys() == set()


def test_every_alarm_says_what_a_person_does_about_it_whoever_raises_it() -> None:
    codes = alarm_codes.COUNTY_ALARMS | alarm_codes.OWN_ALARMS
    assert codes - REMEDIES.keys() == set()
    assert [code for code in codes if not REMEDIES[code].endswith("。")] == []


def test_every_alarm_belongs_to_a_kind_of_incident_with_a_word_of_its_own() -> None:
    assert [code for code in sorted(alarm_codes.COUNTY_ALARMS) if kind_of(code, "county") is OTHER] == []
    assert [code for code in sorted(alarm_codes.OWN_ALARMS) if kind_of(code, "station") is SAID] == []


def test_no_alarm_is_raised_or_closed_by_a_code_that_is_written_in_its_room() -> None:
    found = [one for path in sorted(ROOT.rglob("*.py")) for one in written_codes(path)]
    assert found == []


def written_codes(path: Path) -> Iterator[str]:
    """Yield the calls about alarms in a file that write their code in letters."""
    source = path.read_text()
    if "fleet.alarms import" not in source:
        return
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in CODE_AT:
            place = CODE_AT[call.func.id]
            given = [word.value for word in call.keywords if word.arg == "code"]
            given += call.args[place : place + 1] if place is not None else []
            if any(isinstance(one, ast.Constant | ast.JoinedStr) and is_written(one) for one in given):
                yield f"{path.name}:{call.lineno}"


def is_written(code: ast.Constant | ast.JoinedStr) -> bool:
    """Tell whether a code begins with letters rather than with a name."""
    return isinstance(code, ast.Constant) or isinstance(code.values[0], ast.Constant)
