"""Keep the end of the program's log in memory, and remove from it whatever could be secret.

Nothing secret should be logged anywhere. But a library's message may hold something, so everything that looks like a
card number, a claim code, a key or a password is made unreadable before the text leaves the station.
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
"""A card's UID: 4, 5, 7 or 10 bytes in hex (`protocol.cards`), with or without separators between them."""
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
        """Keep one more line, and forget the oldest if there are too many."""
        try:
            self._add(self.format(record))
        except Exception:  # noqa: BLE001 -- as every handler: a line that can't be formatted costs that line alone
            self.handleError(record)

    def _add(self, line: str) -> None:
        line = line[: KEPT_BYTES // 4]  # a character has at most four bytes of UTF-8
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
        # If it was cut, its first line is only the end of one.
        return kept if len(kept) < size else kept.partition(b"\n")[2] or kept

    def save(self, path: Path) -> None:
        """Leave the lines for the next run. If the disk does not take them they are lost, because they are no facts."""
        with self._guard:
            text = "\n".join(self._lines)
        try:
            path.write_text(redacted(text), encoding="utf-8", errors="replace")
        except OSError as error:
            logging.getLogger(__name__).warning("the log's end was not kept: %s", error)

    def recall(self, path: Path) -> None:
        """Take over the lines that an earlier run left, and remove its file."""
        try:
            with path.open("rb") as file:
                text = file.read(KEPT_BYTES).decode("utf-8", "replace")
            # Otherwise a run that can't save its log would leave these lines to the next run a second time.
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            logging.getLogger(__name__).warning("the earlier log can't be read: %s", error)
            return
        for line in text.splitlines():
            self._add(line)
