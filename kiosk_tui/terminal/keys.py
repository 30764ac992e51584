"""Understand a numeric keypad, with NumLock on or off.

With NumLock off the same keys send cursor keys, and with the kitty keyboard protocol a terminal uses names of its own
for the keypad's keys. Each name that Textual gives to any of these means one key of the pad. Every other key of any
keyboard means nothing.
"""

from typing import Literal

type Key = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "repeat", "text_size", "enter", "held"]

BACK: Key = "0"
HELP: Key = "9"
HELD: Key = "held"
"""`*` held down while figures are typed. No keyboard sends it: a held key is the same key again and again."""

_PAD: dict[str, Key] = {
    "0": "0",
    "1": "1",
    "2": "2",
    "3": "3",
    "4": "4",
    "5": "5",
    "6": "6",
    "7": "7",
    "8": "8",
    "9": "9",
    "insert": "0",
    "end": "1",
    "down": "2",
    "pagedown": "3",
    "left": "4",
    "kp_begin": "5",
    "right": "6",
    "home": "7",
    "up": "8",
    "pageup": "9",
    "backspace": "0",
    "asterisk": "repeat",
    "multiply": "repeat",
    "slash": "text_size",
    "divide": "text_size",
    "enter": "enter",
}


def understand(name: str) -> Key | None:
    """Return the pad's key for Textual's key name, or None for a key that means nothing here."""
    return _PAD.get(name)


def digit(key: Key) -> int | None:
    """Return the number on a digit key, or None."""
    return int(key) if key.isdigit() else None


def turned(page: int, pages: int, number: int) -> int:
    """Return the page that 7 (back) or 8 (on) turns to; after the last comes the first."""
    return (page + (1 if number == 8 else -1)) % pages
