"""The lamp's witness: writes down every light that a simulated lamp shows, in a process of its own.

``python -m firmware_scripts.demo.lamp_log SOCKET FILE`` binds the unix datagram socket SOCKET. For each light it
appends one JSON line to FILE, with the time at which it saw the light. A station that is killed can't take a line back.
"""

import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Light:
    """One light, as the witness saw it."""

    colour: str
    fact: str
    """``EPOCHHEX/SEQ``; empty for a red light, and for one by which a person is to find the station."""
    seen_s: float
    """CLOCK_MONOTONIC of this machine."""


def read_lights(path: Path) -> list[Light]:
    """Return the lights in a lamp log; a line that is still being written is left out."""
    if not path.exists():
        return []
    whole_lines = path.read_bytes().rpartition(b"\n")[0].splitlines()
    return [Light(**json.loads(line)) for line in whole_lines]


def witness(socket_path: Path, log_path: Path) -> None:
    """Receive and write until SIGTERM."""
    socket_path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lamp:
        lamp.bind(str(socket_path))
        log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        while True:
            light = json.loads(lamp.recv(4096))
            line = {"colour": light["colour"], "fact": light["fact"], "seen_s": time.monotonic()}
            # One call for each line and no buffer: a witness that is killed has written every line that it saw.
            os.write(log, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    witness(Path(sys.argv[1]), Path(sys.argv[2]))
