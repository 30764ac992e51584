"""Find out how a reader prints card numbers, by one card whose UID is known."""

import select
import time
from contextlib import suppress
from queue import Empty, Queue
from typing import TextIO

from agent.inputs.uid import MAX_PRINTED, formats_that_fit
from protocol.refusal import Refused

WITHIN_S = 120.0
_LOOK_EVERY_S = 0.1


def first_line(printed: Queue[str], keyboard: TextIO, *, alone: bool, within_s: float = WITHIN_S) -> str | None:
    """Return the first line that a reader or this terminal's keyboard gives, or None if none comes in time.

    Args:
        alone: No reader is listened to, so that nothing can come any more once the terminal ends.
    """
    deadline = time.monotonic() + within_s
    open_yet = True
    while time.monotonic() < deadline and (open_yet or not alone):
        with suppress(Empty):
            return printed.get(timeout=_LOOK_EVERY_S)
        if open_yet and select.select([keyboard], [], [], 0)[0]:
            if line := keyboard.readline(200):
                return line
            # The end of the input, which select would report again and again.
            open_yet = False
    return None


def printed_format(uid: str, printed: str) -> tuple[bool, str]:
    """Return whether the format was found, and what to tell the technician."""
    if not printed.strip():
        return False, "没有读到号码：请把读卡器的前缀、后缀关掉，只留回车，再试一次。"
    try:
        # Ten digits that begin with 0 are padded. Then 8H10D is the better format, because it shows when a digit got
        # lost.
        padded = printed.strip().startswith("0")
        forms = sorted(
            formats_that_fit(printed.strip()[:MAX_PRINTED], uid), key=lambda form: form != "8H10D" or not padded
        )
    except Refused:
        return False, f"“{uid}”不是卡号：请写县里给的十六进制卡号，例如 04A22B1C。"
    if not forms:
        return False, "对不上：请确认刷的就是这张卡，并把读卡器打出的号码报给县里。"
    also = f"（{'、'.join(forms[1:])} 也一样）" if forms[1:] else ""
    return True, f'在 station.toml 的这个读卡器里写：format = "{forms[0]}"{also}'
