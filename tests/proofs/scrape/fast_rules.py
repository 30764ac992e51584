"""The shipped rules with all their durations divided by one number."""

import re

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_RANGE = re.compile(r"\[(\d+)([smhd])\]")
_FOR = re.compile(r"^( *for: )(\d+)([smhd])$", re.MULTILINE)


def divided(text: str, factor: float) -> str:
    """Return the rules with each ``for`` and each range divided, in whole milliseconds."""
    text = _RANGE.sub(lambda found: f"[{_ms(found[1], found[2], factor)}ms]", text)
    return _FOR.sub(lambda found: f"{found[1]}{_ms(found[2], found[3], factor)}ms", text)


def delays_s(text: str, factor: float) -> dict[str, tuple[float, float]]:
    """Return of each alert how long it waits before it fires, and how far it looks back, in seconds of fast time."""
    found = {}
    for alert in text.split("- alert: ")[1:]:
        waits = [_ms(number, unit, factor) for _, number, unit in _FOR.findall(alert)]
        looks = [_ms(number, unit, factor) for number, unit in _RANGE.findall(alert)]
        found[alert.split("\n", 1)[0]] = (sum(waits) / 1000, max(looks, default=0) / 1000)
    return found


def _ms(number: str, unit: str, factor: float) -> int:
    return max(1, round(int(number) * _UNITS_MS[unit] / factor))
