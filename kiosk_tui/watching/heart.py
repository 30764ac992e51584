"""A watched kiosk's word to the program that started it: that its loop turns, and why it dies."""

import os
import traceback
from pathlib import Path
from typing import NoReturn

from kiosk_tui.watching.watch import BEAT, EXIT_FELL

_HERE = Path(__file__).parents[2]
_FRAMES = 4


class Heart:
    """The pipe to the program that watches this kiosk.

    Args:
        pipe: A descriptor to write to.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        os.set_blocking(pipe, False)
        os.set_inheritable(pipe, False)

    def beat(self) -> None:
        """Say that the loop turns."""
        self._say(BEAT)

    def die(self, error: BaseException | None) -> NoReturn:
        """End this process at once and say where an error came from.

        Nothing is cleared up: the watching program does that, and whatever failed might fail again here. The error's
        own words are left out, because they may quote a name.
        """
        if error is not None:
            frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
            places = " < ".join(f"{_short(frame.filename)}:{frame.lineno}" for frame in reversed(frames))
            self._say(f"{type(error).__name__} at {places}".encode())
        os._exit(EXIT_FELL)

    def _say(self, what: bytes) -> None:
        try:
            os.write(self._pipe, what)
        except BlockingIOError:
            pass  # nobody reads, and then nobody counts beats either
        except BrokenPipeError:
            os._exit(EXIT_FELL)  # whoever watched is gone, and nobody would start the next kiosk


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_HERE)) if path.is_relative_to(_HERE) else path.name
