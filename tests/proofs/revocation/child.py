"""A program of the proof that answers each line on its input by a line."""

import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self


class Child:
    """``python -m MODULE WORDS…`` in a process group of its own. A context manager: its end ends the program."""

    def __init__(self, module: str, *words: str, environment: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", module, *words]
        self._process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, start_new_session=True)

    def ask(self, line: bytes) -> bytes:
        """Return the answer; empty if the program has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("no pipes")
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            process.terminate()
