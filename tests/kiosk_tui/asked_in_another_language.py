"""Say as JSON which recordings each state of the kiosk asks for, in the language of the environment.

``python -m tests.kiosk_tui.asked_in_another_language`` is a program of its own, because a kiosk's language is fixed
when it starts.
"""

import json
import sys

from kiosk_tui.spoken import SENTENCES, codes_of, lines_of
from kiosk_tui.terminal.keys import Key
from tests.kiosk_tui.edges import DRAWN
from tests.kiosk_tui.rig import OpenKiosk

STEPS: list[tuple[Key, ...]] = [("5", "1", "8"), ("5", "1", "1")]
"""The steps of a question that no drawn state stands at."""


def asked() -> dict[str, list[str]]:
    """Return the codes of the sentences of each screen, and what code each sentence of the table has."""
    kiosks = {state: OpenKiosk(way) for state, way in DRAWN.items()}
    for keys in STEPS:
        kiosks["home " + " ".join(keys)] = kiosk = OpenKiosk("home")
        kiosk.press(*keys)
    screens = {state: list(lines_of(kiosk.flow.view())) for state, kiosk in kiosks.items()}
    return screens | {code: list(codes_of(code.split(".")[0], text)) for code, text in SENTENCES.items()}


if __name__ == "__main__":
    json.dump(asked(), sys.stdout)
