"""The keypad with NumLock on and off, and as the kitty protocol names it."""

import pytest

from kiosk_tui.terminal.driver import KEYS_AT_ONCE, KeyGate
from kiosk_tui.terminal.keys import understand

WITHOUT_NUMLOCK = {
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
}


@pytest.mark.parametrize(("name", "key"), WITHOUT_NUMLOCK.items())
def test_the_same_key_without_numlock(name: str, key: str) -> None:
    assert understand(name) == key
    assert understand(key) == key


def test_the_other_keys_of_the_pad() -> None:
    assert {understand(name) for name in ("asterisk", "multiply")} == {"repeat"}
    assert {understand(name) for name in ("slash", "divide")} == {"text_size"}
    assert understand("enter") == "enter"


@pytest.mark.parametrize("name", ["ctrl+c", "ctrl+q", "ctrl+z", "f1", "escape", "tab", "a", "delete", "ctrl+1", "１"])
def test_other_keys_mean_nothing(name: str) -> None:
    assert understand(name) is None


def test_the_gate_lets_a_hand_through_and_stops_a_flood() -> None:
    gate = KeyGate()
    assert all(gate.lets_through(1000 + press / 8) for press in range(200))
    passed = sum(gate.lets_through(2000 + key / 100_000) for key in range(100_000))
    assert KEYS_AT_ONCE <= passed <= KEYS_AT_ONCE + 17
    assert gate.lets_through(2002)
