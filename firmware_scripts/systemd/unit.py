"""Read a unit's file as far as the bench needs it (systemd.syntax(7)), so that it runs what stations run."""

import shlex
from pathlib import Path

FOLDER = Path(__file__).parent


def settings(unit: Path) -> dict[str, list[str]]:
    """Return the settings of all sections of a unit. A setting that stands twice has two values."""
    text = unit.read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and line[0] not in "#;[":
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def command(unit: Path) -> list[str]:
    """Return the command line that the unit starts."""
    (line,) = settings(unit)["ExecStart"]
    return shlex.split(line)


def environment(unit: Path) -> dict[str, str]:
    """Return the variables that the unit sets for its command."""
    pairs = (one.partition("=") for line in settings(unit).get("Environment", []) for one in shlex.split(line))
    return {name: value for name, _, value in pairs}
