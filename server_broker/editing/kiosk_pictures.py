"""What a question looks like at the kiosk, drawn by the kiosk's own program in a process of its own.

The rooms never import one another, so the county asks that program over its standard input (`protocol.kiosk_drawing`).
The process knows no secret, writes no file, and has little time and memory.
"""

import logging
import subprocess
import sys
import threading
from functools import lru_cache
from typing import NamedTuple

from protocol.codec import decode, encode
from protocol.kiosk_drawing import MAX_DRAWN_BYTES, Drawn, DrawnQuestion, QuestionToDraw, ToDraw
from protocol.refusal import Refused
from server_broker.platform.apart import run_apart

PROGRAM = "kiosk_tui.drawn"
WITHIN_S = 15.0
SEAT_WITHIN_S = 5.0
_LIMITED = ("prlimit", "--cpu=10", f"--as={768 * 2**20}", "--fsize=0", "--core=0", "--")
"""prlimit(1): seconds of processor time, memory, no file, no core."""
_SEATS = threading.BoundedSemaphore(2)
"""Most pictures that are drawn at the same time: each takes half a second of a core."""
_log = logging.getLogger(__name__)


class Screen(NamedTuple):
    """The size of a kiosk's screen in cells."""

    columns: int
    rows: int


SCREENS = {"usual": Screen(80, 22), "smallest": Screen(53, 15)}


class NotDrawn(Exception):
    """There is no picture. The message is Chinese."""


def draw(question: QuestionToDraw, screen: Screen) -> DrawnQuestion:
    """Return both screens of a question.

    Raises:
        NotDrawn: Too many draw at once, or the kiosk's program failed.
    """
    return _drawn(encode(ToDraw(columns=screen.columns, rows=screen.rows, questions=[question])))


@lru_cache(maxsize=64)
def _drawn(asked: bytes) -> DrawnQuestion:
    """Draw what is encoded here. It never looks otherwise, and a page asks for it twice at least."""
    if not _SEATS.acquire(timeout=SEAT_WITHIN_S):
        raise NotDrawn("正有别人在看大屏的样子，请过一会儿再试")
    try:
        return _asked(asked)
    finally:
        _SEATS.release()


def _asked(asked: bytes) -> DrawnQuestion:
    command = [*_LIMITED, sys.executable, "-P", "-m", PROGRAM]
    try:
        done = run_apart(command, asked, within_s=WITHIN_S)
        done.check_returncode()
        (drawn,) = decode(done.stdout, Drawn, limit=MAX_DRAWN_BYTES).questions
    except (subprocess.SubprocessError, Refused) as error:
        # What it printed may hold the question's text, so only how it ended is logged.
        _log.warning("the kiosk's program drew nothing: %s", type(error).__name__)
        raise NotDrawn("大屏的样子没有画出来；题目不受影响") from error
    return drawn
