"""What can be set in ``station.toml``: the kind of each setting, its default, and what is wrong with a value.

Drivers declare theirs with it; `agent.config` checks them. Messages are Chinese, for the technician.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

KINDS: dict[type, str] = {
    str: "文字（加引号）",
    int: "整数",
    float: "数字",
    bool: "true 或 false",
    list: "列表",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``check`` returns what is wrong with a value of the right kind, or nothing."""

    kind: type
    default: Any = None
    required: bool = False
    check: Callable[[Any], str] = lambda _: ""
    path: Literal["no", "file", "socket"] = "no"
    """Paths are relative to the station's folder; a socket's is short and used once."""
    takes: str = ""
    """What a value names, in Chinese, where only one setting of the whole file may have it."""


type Settings = Mapping[str, Setting]


def one_of(*choices: str) -> Callable[[str], str]:
    """Allow one of some words."""
    return lambda value: "" if value in choices else f"没有“{value}”，可选：{'、'.join(choices)}"


def between(least: float, most: float) -> Callable[[float], str]:
    """Allow a number in a range, both ends included."""
    return lambda value: "" if least <= value <= most else f"应当在 {least} 到 {most} 之间"


def shaped(pattern: str, example: str) -> Callable[[str], str]:
    """Allow what a regular expression fits as a whole; the ``example`` tells people what it may look like."""
    form = re.compile(pattern)
    return lambda value: "" if form.fullmatch(value) else f"“{value}”应当形如 {example}"


def filled(value: str) -> str:
    """Allow any text but none."""
    return "" if value.strip() and "\x00" not in value else "不能为空"


USB_ID = shaped(r"[0-9a-f]{4}:[0-9a-f]{4}", "1a2c:0e24（lsusb 显示的编号，小写）")
"""Vendor and product of a USB device."""
