"""Log lines: one JSON object a line, in UTC, without secrets, numbers of people, and signs that a terminal obeys.

All parts of ours write the same fields: ``at`` (RFC 3339, UTC, milliseconds), ``level``, ``part`` (the process),
``room`` (the logger), ``message``, ``station`` where the caller named one, ``trace`` of an exception. Where systemd
reads the line, its level stands in front as sd-daemon(3) has it, so that ``journalctl -p`` works.

Django logs the path of each request that it refuses. The path of a sign-in link contains its secret, and a refused
request does not use the link up, so the secret must not be in the log. A program may put its token of the API there,
too. Numbers of people are in no message of ours, but an error of a library may quote what it was given.
"""

import datetime as dt
import json
import logging
import os
import re
import time
from collections.abc import Mapping
from typing import override

from protocol.plain_text import spelled_out

_SECRET = re.compile(r"(/sign-in/link/|cunhui_[0-9]{1,15}_)[^\s/?#&'\"]+")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")
"""An identity number (GB 11643), or a mobile telephone's."""
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


class WithoutTokens(logging.Formatter):
    """Formats a line, and the traceback below it, without secrets and numbers of people. Times are UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the text. A message has one line, whatever it quotes; a traceback below it has several."""
        return spelled_out(_cleaned(super().format(record)), in_lines=True)

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line without its traceback."""
        return spelled_out(super().formatMessage(record))


class JsonLines(WithoutTokens):
    """Formats each record as one line.

    Args:
        part: The process, as the county's parts are called.
        for_journal: Whether systemd reads the line.
    """

    def __init__(self, part: str, *, for_journal: bool = False) -> None:
        super().__init__()
        self._part = part
        self._for_journal = for_journal

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without the newline at its end."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, str] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "part": self._part,
            "room": record.name,
            "message": _cleaned(record.getMessage()),
        }
        station = getattr(record, "station", None)
        if station is not None:
            line["station"] = str(station)
        if record.exc_info:
            line["trace"] = _cleaned(self.formatException(record.exc_info))
        text = spelled_out(json.dumps(line, ensure_ascii=False))
        return f"<{_priority(record.levelno)}>{text}" if self._for_journal else text


def formatter_of(environ: Mapping[str, str] = os.environ) -> logging.Formatter:
    """Return the formatter of this process. What is no part of a county is a verb, whose lines a person reads."""
    part = environ.get("CUNHUI_PART", "")
    if not part:
        return WithoutTokens("%(asctime)s %(levelname)s %(name)s %(message)s")
    return JsonLines(part, for_journal=_goes_to_journal(environ))


def _goes_to_journal(environ: Mapping[str, str]) -> bool:
    """Tell whether standard error is the journal's. The variable alone is inherited by whoever writes elsewhere."""
    try:
        error = os.fstat(2)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM", "") == f"{error.st_dev}:{error.st_ino}"


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG)


def _cleaned(text: str) -> str:
    return _NUMBER.sub("…", _SECRET.sub(r"\1…", text))
