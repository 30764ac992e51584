"""Take the values of one table of a case, key by key; what is wrong is a fault with its line."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from tests.reckoning.lines import LineFinder, Path


class Fault(Exception):
    """The file is not a case: on which line, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


REQUIRED = object()
MEANINGS = {
    "text": "a text",
    "number": "a whole number",
    "seconds": "a number of seconds",
    "truth": "true or false",
    "date": "a date",
    "moment": "a local date and time",
    "clock": 'a time of day, "HH:MM"',
    "list": "a list",
}


def clock_of(value: str) -> time:
    """Return a time of day that is written ``HH:MM``.

    Raises:
        ValueError: It is not written so.
    """
    hours, minutes = value.split(":")
    if len(hours) != 2 or len(minutes) != 2:
        raise ValueError(value)
    return time(int(hours), int(minutes))


class Row:
    """A table with its place in the text; each key is taken once, and what is left over is unknown."""

    def __init__(self, values: object, path: Path, lines: LineFinder) -> None:
        self.path = path
        self.lines = lines
        if not isinstance(values, dict):
            raise self.fault(None, f"{path[-1] if path else 'the file'} must be a table")
        self.values: dict[str, Any] = values
        self.taken: set[str] = set()

    def fault(self, key: str | None, why: str) -> Fault:
        return Fault(self.lines.find(self.path if key is None else (*self.path, key)), why)

    def has(self, key: str) -> bool:
        return key in self.values

    def _take(self, key: str, kind: str, right: Callable[[Any], bool], default: Any) -> Any:
        self.taken.add(key)
        if key not in self.values:
            if default is REQUIRED:
                raise self.fault(None, f"{key} is missing")
            return default
        value = self.values[key]
        if not right(value):
            raise self.fault(key, f"{key} must be {MEANINGS[kind]}")
        return value

    def text(self, key: str, default: Any = REQUIRED, among: tuple[str, ...] = ()) -> Any:
        value = self._take(key, "text", lambda value: isinstance(value, str), default)
        if among and key in self.values and value not in among:
            raise self.fault(key, f"{key} must be one of {', '.join(among)}, not {value!r}")
        return value

    def number(self, key: str, default: Any = REQUIRED, least: int = 0) -> Any:
        value = self._take(key, "number", lambda value: isinstance(value, int) and not isinstance(value, bool), default)
        if key in self.values and value < least:
            raise self.fault(key, f"{key} must be at least {least}")
        return value

    def seconds(self, key: str, default: Any = REQUIRED) -> Any:
        return self._take(
            key, "seconds", lambda value: isinstance(value, int | float) and not isinstance(value, bool), default
        )

    def truth(self, key: str, default: Any = REQUIRED) -> Any:
        return self._take(key, "truth", lambda value: isinstance(value, bool), default)

    def day(self, key: str, default: Any = REQUIRED) -> Any:
        return self._take(key, "date", is_date, default)

    def moment(self, key: str, default: Any = REQUIRED) -> Any:
        return self._take(key, "moment", is_moment, default)

    def clock(self, key: str) -> time:
        value: str = self.text(key)
        try:
            return clock_of(value)
        except ValueError as error:
            raise self.fault(key, f"{key} must be {MEANINGS['clock']}") from error

    def several(self, key: str, default: Any = REQUIRED, right: Callable[[Any], bool] = lambda value: True) -> Any:
        value = self._take(key, "list", lambda value: isinstance(value, list), default)
        if key in self.values and not all(right(element) for element in value):
            raise self.fault(key, f"{key} holds something that does not belong there")
        return value

    def texts(self, key: str, default: Any = REQUIRED) -> tuple[str, ...]:
        return tuple(self.several(key, default, lambda value: isinstance(value, str)))

    def days(self, key: str, default: Any = REQUIRED) -> tuple[date, ...]:
        return tuple(self.several(key, default, is_date))

    def moments(self, key: str) -> tuple[datetime, ...]:
        return tuple(self.several(key, [], is_moment))

    def rows(self, key: str) -> "list[Row]":
        return [
            Row(values, (*self.path, key, number), self.lines) for number, values in enumerate(self.several(key, []))
        ]

    def once(self, table: str, *keys: str) -> None:
        """Refuse two rows of a table that say the same of one thing; ``keys`` together name it."""
        seen = set()
        for row in self.rows(table):
            name = tuple(str(row.values.get(key)) for key in keys)
            if name in seen:
                raise row.fault(keys[0], f"{' '.join(name)} is there twice")
            seen.add(name)

    def finish(self) -> None:
        """Refuse what nobody has taken."""
        for key in self.values:
            if key not in self.taken:
                raise self.fault(key, f"unknown key {key}")


def is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def is_moment(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None
