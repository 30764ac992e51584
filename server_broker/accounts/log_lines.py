"""Log lines without one-time tokens.

Django logs the path of each request that it refuses. The path of a sign-in link contains its secret, and a refused
request does not use the link up, so the secret must not be in the log.
"""

import logging
import re

_LINK = re.compile(r"(/sign-in/link/)[^\s/?#'\"]+")


class WithoutTokens(logging.Formatter):
    """Formats a line, and the traceback below it, without the token of a sign-in link."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        return _LINK.sub(r"\1…", super().format(record))
