"""What a verb prints, so that no terminal obeys a text that somebody else wrote.

Names, alarms and errors come from stations, files and other programs. A terminal would take an escape sequence in them
for a command: to clear the screen, to hide a line, to show another text than is there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

from protocol.plain_text import spelled_out


class _Plain:
    """A stream that writes text as `spelled_out` has it. All else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(spelled_out(text, in_lines=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def plain_output() -> Iterator[None]:
    """Have standard output and standard error show what is printed, and obey nothing of it.

    Bytes that are written to ``sys.stdout.buffer`` stay as they are: they are a file.
    """
    with (
        redirect_stdout(cast(TextIO, _Plain(sys.stdout))),
        redirect_stderr(cast(TextIO, _Plain(sys.stderr))),
    ):
        yield
