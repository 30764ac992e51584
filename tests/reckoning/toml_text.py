"""Write the plain values of a case as TOML."""

import json
from datetime import date, datetime
from typing import Any


def toml_value(value: Any) -> str:
    """Return one value as TOML writes it; tables are written inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(toml_value(element) for element in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml_value(one)}' for key, one in value.items())} }}"
    raise TypeError(type(value))


def toml_of(case: dict[str, Any]) -> str:
    """Return a case as TOML: one line for a row, a table for each station and a line for each of its facts."""
    lines = []
    for key, value in case.items():
        if key == "stations":
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{key} = [", *(f"    {toml_value(row)}," for row in value), "]"]
        else:
            lines.append(f"{key} = {toml_value(value)}")
    for station in case.get("stations", []):
        lines += ["", "[[stations]]", *(f"{key} = {toml_value(one)}" for key, one in station.items() if key != "facts")]
        lines += ["facts = [", *(f"    {toml_value(fact)}," for fact in station["facts"]), "]"]
    return "\n".join(lines) + "\n"
