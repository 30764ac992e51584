"""QEMU's monitor, by its machine protocol: JSON lines over a unix socket (QEMU: docs/interop/qmp-spec.rst)."""

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

_WORD = re.compile(r"\s*[0-9a-f]+: 0x([0-9a-f]{8})\s*")
_TIMEOUT_S = 60.0


class MonitorGone(Exception):
    """The emulator ended."""


class MonitorRefused(Exception):
    """The emulator did not do what it was told, or its answer can't be read."""


class Monitor:
    """One connection. Any thread may use it; commands go one after another."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_TIMEOUT_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._lock = threading.Lock()
        self._line()
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        """Carry out a command and return its result. In names of arguments an underscore stands for QMP's hyphen.

        Raises:
            MonitorGone: The emulator ended.
            MonitorRefused: The emulator refuses; the message says why.
        """
        request = {"execute": command, "arguments": {name.replace("_", "-"): to for name, to in arguments.items()}}
        with self._lock:
            try:
                self._socket.sendall(json.dumps(request).encode() + b"\n")
            except OSError as error:
                raise MonitorGone(str(error)) from error
            # Events of the emulator come between; they are no answer.
            while True:
                said = self._line()
                if "error" in said:
                    raise MonitorRefused(f"{command}: {said['error'].get('desc')}")
                if "return" in said:
                    return said["return"]

    def word(self, address: int) -> int:
        """Return the 32-bit word at a physical address of the machine, as a device's register has it."""
        return word_in(str(self.execute("human-monitor-command", command_line=f"xp /1wx {address:#x}")))

    def close(self) -> None:
        """End the connection."""
        self._lines.close()
        self._socket.close()

    def _line(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except (OSError, ValueError) as error:
            raise MonitorGone(str(error)) from error
        if not line:
            raise MonitorGone("the emulator ended")
        said: dict[str, Any] = json.loads(line)
        return said


def word_in(answer: str) -> int:
    """Return the word in what ``xp /1wx`` prints: ``000000003f200034: 0x00020000``.

    Raises:
        MonitorRefused: It is something else.
    """
    found = _WORD.fullmatch(answer)
    if found is None:
        raise MonitorRefused(f"no word of memory: {answer[:80]!r}")
    return int(found[1], 16)
