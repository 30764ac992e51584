"""Log lines without secrets that were in an address.

Django logs the path of each request that it refuses. The path of a sign-in link contains its secret, and a refused
request does not use the link up, so the secret must not be in the log. A
program may put its token of the API there, too.
"""

import logging
import re

_SECRET = re.compile(r"(/sign-in/link/|cunhui_[0-9]{1,15}_)[^\s/?#&'\"]+")


class WithoutTokens(logging.Formatter):
    """Formats a line, and the traceback below it, without the secret of a sign-in link or of a token of the API."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        return _SECRET.sub(r"\1…", super().format(record))
