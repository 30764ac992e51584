"""Describe what can be set in ``station.toml``: a setting's kind, its default, and what is wrong with a value.

Drivers declare their settings with it; `agent.config.station_config` checks the values. Messages are Chinese, for the
technician.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

KINDS: dict[type, str] = {
    str: "文字（加引号）",
    int: "整数",
    float: "数字",
    bool: "true 或 false",
    list: "列表",
}


class Setting(Struct, frozen=True):
    """One setting. ``check`` gets a value of the right kind and returns what is wrong with it, or an empty string."""

    kind: type
    default: Any = None
    required: bool = False
    check: Callable[[Any], str] = lambda _: ""
    path: Literal["no", "file", "socket"] = "no"
    """Whether it is a path. Paths are relative to the station's folder. A socket's path must be short and used only
    once."""
    takes: str = ""
    """What the value names, in Chinese, if only one setting in the whole file may have this value, such as a pin."""


type ConfigSettings = Mapping[str, Setting]


def one_of(*choices: str | int) -> Callable[[Any], str]:
    """Allow only these words or numbers."""
    return lambda value: "" if value in choices else f"没有“{value}”，可选：{'、'.join(map(str, choices))}"


def between(least: float, most: float) -> Callable[[float], str]:
    """Allow a number in a range, both ends included."""
    return lambda value: "" if least <= value <= most else f"应当在 {least} 到 {most} 之间"


def shaped(pattern: str, example: str) -> Callable[[str], str]:
    """Allow text that a regular expression matches as a whole. The ``example`` shows people what it may look like."""
    form = re.compile(pattern)
    return lambda value: "" if form.fullmatch(value) else f"“{value}”应当形如 {example}"


def rectangles(value: list[Any]) -> str:
    """Allow up to 16 rectangles ``[x, y, width, height]`` inside a picture, in thousandths of its width and height."""
    for one in value:
        whole = isinstance(one, list) and len(one) == 4 and all(type(number) is int for number in one)
        if not whole or min(one) < 0 or not one[2] * one[3] or one[0] + one[2] > 1000 or one[1] + one[3] > 1000:
            return "每一块写成 [左, 上, 宽, 高]，单位是画面宽、高的千分之一，不出画面，例如 [[0, 0, 300, 1000]]"
    return "" if len(value) <= 16 else "最多 16 块"


def filled(value: str) -> str:
    """Allow any text that is not empty."""
    return "" if value.strip() and "\x00" not in value else "不能为空"


USB_ID = shaped(r"[0-9a-f]{4}:[0-9a-f]{4}", "1a2c:0e24（lsusb 显示的编号，小写）")
"""Vendor and product of a USB device."""
