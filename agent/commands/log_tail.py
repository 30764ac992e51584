"""Keep the end of the program's log at hand, and let nothing secret out with it.

Nothing secret is logged anywhere; what looks like a card number, a claim code, a key or a password is made
unreadable all the same before the text leaves the station.
"""

import logging
import re
import threading
from collections import deque
from pathlib import Path

KEPT_BYTES = 64 * 1024
HIDDEN = "[…]"

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
_NAMED = re.compile(r"(?i)\b(password|passwd|secret|token|claim|pin|key)(\s*[=:]\s*)(?!\s)\S+")
_UID = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}([:\- ]?)(?:[0-9A-Fa-f]{2}\1){2}[0-9A-Fa-f]{2}"
    r"(?:(?:(?:\1[0-9A-Fa-f]{2}){3}){1,2}|\1[0-9A-Fa-f]{2})?)(?![0-9A-Za-z])"
)
"""4, 5, 7 or 10 bytes in hex (`protocol.cards`), also with separators."""
_DIGITS = re.compile(r"(?<![0-9A-Za-z.])(?:\d{8,25}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d)(?![0-9A-Za-z])")
"""Decimal card numbers of up to ten bytes, claim codes and telephone numbers."""


def redacted(text: str) -> str:
    """Return a log's text without what could be a card number, a code, a key or a password."""
    text = _PEM.sub(HIDDEN, text)
    text = _NAMED.sub(rf"\1\2{HIDDEN}", text)
    return _DIGITS.sub(HIDDEN, _UID.sub(HIDDEN, text))


class LogTail(logging.Handler):
    """The last lines that were logged, at most `KEPT_BYTES` of them."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque()
        self._size = 0
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one more line and let the oldest go."""
        try:
            self._add(self.format(record))
        except Exception:  # noqa: BLE001 -- as every handler: a line that can't be formatted costs that line alone
            self.handleError(record)

    def _add(self, line: str) -> None:
        line = line[: KEPT_BYTES // 4]
        with self._guard:
            self._lines.append(line)
            self._size += len(line.encode("utf-8", "replace")) + 1
            while self._size > KEPT_BYTES:
                self._size -= len(self._lines.popleft().encode("utf-8", "replace")) + 1

    def last(self, size: int) -> bytes:
        """Return whole lines from the end, redacted, at most ``size`` bytes of UTF-8."""
        with self._guard:
            text = "\n".join(self._lines)
        kept = redacted(text).encode("utf-8", "replace")[-size:]
        return kept if len(kept) < size else kept.partition(b"\n")[2] or kept

    def save(self, path: Path) -> None:
        """Leave the lines for the next run, as far as the disk takes them; no fact hangs on it."""
        with self._guard:
            text = "\n".join(self._lines)
        try:
            path.write_text(redacted(text), encoding="utf-8", errors="replace")
        except OSError as error:
            logging.getLogger(__name__).warning("the log's end was not kept: %s", error)

    def recall(self, path: Path) -> None:
        """Take up what an earlier run left, once."""
        try:
            with path.open("rb") as file:
                text = file.read(KEPT_BYTES).decode("utf-8", "replace")
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            logging.getLogger(__name__).warning("the earlier log can't be read: %s", error)
            return
        for line in text.splitlines():
            self._add(line)
