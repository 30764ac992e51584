"""Split what a terminal sends into characters and whole escape sequences, and give up on those that never end.

Whoever can type or paste into the terminal can send anything. A sequence without an end, a paste without an end or an
enormous number must neither end the kiosk nor make it deaf: each is dropped, and the next key counts. The grammar is
that of ECMA-48 (5.4: control sequences, 5.6: strings); the brackets of a paste are xterm's.
"""

import re
from collections.abc import Iterator

SEQUENCE_S = 0.5
"""A terminal sends a sequence in one piece, so one that is unfinished for longer than this was none."""
PASTE_PAUSE_S = 1.0
"""A paste comes without a pause, so after a pause it is over, with or without its end."""
LONGEST_PASTE_S = 10.0
"""A flood without a pause, which somebody made look like a paste, must not lock the keypad for longer than this."""
LONGEST_SEQUENCE = 64

_ESC = "\x1b"
_PASTE_BEGINS = "\x1b[200~"
_PASTE_ENDS = "\x1b[201~"
_UNFINISHED = re.compile(
    r"""\x1b(?:
        \[[0-?]*[ -/]*          # a control sequence before its final character
      | O                       # a function key of old
      | [\]PX^_][^\x07\x1b]*    # a string before its terminator
    )?""",
    re.VERBOSE,
)
_FINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O\]PX^_\x1b])")


class TerminalInput:
    """The state between two pieces of input."""

    def __init__(self) -> None:
        self._begun = ""
        self._begun_at = 0.0
        self._too_long = False
        self._paste_since: float | None = None
        self._heard_at = 0.0

    def feed(self, text: str, now_s: float) -> Iterator[str]:
        """Yield the characters and whole sequences that ``text`` completes, without those of a paste.

        Args:
            now_s: Monotonic seconds.
        """
        if now_s - self._begun_at > SEQUENCE_S:
            self._begun = ""
        if self._paste_since is not None and (
            now_s - self._heard_at > PASTE_PAUSE_S or now_s - self._paste_since > LONGEST_PASTE_S
        ):
            self._paste_since = None
        self._heard_at = now_s
        for character in text:
            whole = self._take(character, now_s)
            if whole == _PASTE_BEGINS:
                self._paste_since = now_s
            elif whole == _PASTE_ENDS:
                self._paste_since = None
            elif whole and self._paste_since is None:
                yield whole

    def _take(self, character: str, now_s: float) -> str:
        """Return what a character completes; an empty string inside a sequence."""
        # An escape always begins anew, so that no unfinished sequence can swallow the next key.
        if character == _ESC:
            self._begun, self._begun_at, self._too_long = _ESC, now_s, False
            return ""
        if not self._begun:
            return character
        self._begun += character
        if _UNFINISHED.fullmatch(self._begun):
            # Only its beginning is kept, so that memory stays small. Its end is still awaited, and then it is dropped.
            if len(self._begun) > LONGEST_SEQUENCE:
                self._begun, self._too_long = self._begun[: len("\x1b[")], True
            return ""
        sequence, self._begun = self._begun, ""
        return sequence if _FINISHED.fullmatch(sequence) and not self._too_long else ""
