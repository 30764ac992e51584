"""The whole kiosk can be had in English: no screen keeps Chinese of its own."""

import json
import os
import subprocess
import sys

from kiosk_tui.catalogue import LANGUAGE_VARIABLE
from tests.kiosk_tui.edges import DRAWN
from tests.kiosk_tui.in_another_language import OF_THE_COUNTY
from tests.kiosk_tui.sentences import CHINESE


def screens_in(language: str, *states: str) -> dict[str, list[str]]:
    drawn = subprocess.run(
        [sys.executable, "-m", "tests.kiosk_tui.in_another_language", *states],
        env={**os.environ, LANGUAGE_VARIABLE: language},
        check=True,
        capture_output=True,
    )
    found: dict[str, list[str]] = json.loads(drawn.stdout)
    return found


def chinese_in(screens: dict[str, list[str]]) -> dict[str, list[str]]:
    found = {state: [line for line in lines if CHINESE.search(line)] for state, lines in screens.items()}
    return {state: lines for state, lines in found.items() if lines}


def test_every_screen_is_in_english() -> None:
    screens = screens_in("en")
    assert list(screens) == list(DRAWN)
    assert chinese_in(screens) == {}
    home = "\n".join(screens["home"])
    assert "Hold your card to the reader" in home
    assert OF_THE_COUNTY in home, "what the county sends is shown"


def test_a_kiosk_is_in_chinese_unless_another_language_is_chosen() -> None:
    for language in ("zh", "de"):
        assert chinese_in(screens_in(language, "home")).keys() == {"home"}
