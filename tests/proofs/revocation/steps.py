"""Count what a program does to the world outside it, and make something happen before one of these steps.

A step is a call that another process or the disk can notice: a file written, renamed or synced, a lock, a signal, a
connection, a statement to the database. Nothing can be noticed between two steps. So a program that was killed before
each of them in turn was killed at every place that matters.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_FILES = ("open", "write", "flush", "fsync", "ftruncate", "rename", "replace", "unlink", "chown", "chmod", "flock")
_CALLS = frozenset((*_FILES, "kill", "connect", "send", "sendall"))
_MODULES = frozenset(("posix", "fcntl"))
_KINDS = frozenset(("socket", "BufferedWriter"))
_STATEMENTS = frozenset((("utils.py", "execute"), ("base.py", "_commit")))
"""Of Django's database layer (`django.db.backends`)."""


class Steps:
    """While it counts, ``happen`` is called once, right before step number ``at``; 0 for never."""

    def __init__(self, at: int = 0, happen: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._at = at
        self._happen = happen

    def begin(self) -> None:
        """Count from now on, in this thread."""
        sys.setprofile(self._seen)

    def end(self) -> None:
        """Stop counting. If something was to happen after the last step, it happens now."""
        sys.setprofile(None)
        if self.count < self._at:
            self._happen()

    def _seen(self, frame: FrameType, event: str, what: Any) -> None:
        if not (_is_call(what) if event == "c_call" else event == "call" and _is_statement(frame)):
            return
        self.count += 1
        if self.count == self._at:
            sys.setprofile(None)
            self._happen()
            sys.setprofile(self._seen)


def _is_call(function: Any) -> bool:
    if function.__name__ not in _CALLS:
        return False
    return function.__module__ in _MODULES or type(function.__self__).__name__ in _KINDS


def _is_statement(frame: FrameType) -> bool:
    code = frame.f_code
    folder, _, file = code.co_filename.rpartition("/")
    return (file, code.co_name) in _STATEMENTS and "django/db/backends" in folder
