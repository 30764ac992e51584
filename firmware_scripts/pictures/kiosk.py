"""Draw the kiosk as a village sees it: home, the result of a touch, and a question."""

from collections.abc import Callable
from pathlib import Path

from firmware_scripts.pictures.stage import NORMAL, Screen, stage
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning


def take(socket: Path, out_dir: Path, *, touch: Callable[[], object], screen: Screen = NORMAL) -> list[Path]:
    """Draw home, a touch result and a question into ``out_dir`` and return the files.

    Args:
        socket: The kiosk socket of a running agent that has a level to play.
        touch: Presents a card to that agent.
        screen: The size of the screen.

    Raises:
        NotInTime: The kiosk did not show what was waited for.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    suffix = "" if screen == NORMAL else f"-{screen}"
    with stage(socket, screen) as kiosk:
        kiosk.wait_for(words.KEY_HELP)  # keys are named once they count
        drawn = [kiosk.photograph(out_dir / f"kiosk-home{suffix}.png")]
        touch()
        kiosk.wait_for(*words.ANSWER.values())
        kiosk.wait_for(words.KEY_BACK)
        drawn.append(kiosk.photograph(out_dir / f"kiosk-touch{suffix}.png"))
        kiosk.press("0", words.PRESENT_CARD)
        kiosk.wait_for(words.KEY_HELP)
        kiosk.press("3", words_learning.CHOOSE_PACK)
        kiosk.wait_for(words.KEY_BACK)
        kiosk.press("1", words_learning.CHOOSE_LEVEL)
        kiosk.wait_for(words.KEY_BACK)
        kiosk.press("1", *words_learning.KIND.values())
        kiosk.wait_for(words_learning.KEY_LEAVE)
        drawn.append(kiosk.photograph(out_dir / f"kiosk-question{suffix}.png"))
    return drawn
