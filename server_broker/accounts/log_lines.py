"""Log lines without one-time tokens.

Django logs the path of each request that it refuses. A sign-in link's path is its secret, and the link may still be
good: a refused request uses nothing up.
"""

import logging
import re

_LINK = re.compile(r"(/sign-in/link/)[^\s/?#'\"]+")


class WithoutTokens(logging.Formatter):
    """Writes a line, and a trace below it, without the token of a sign-in link."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        return _LINK.sub(r"\1…", super().format(record))
