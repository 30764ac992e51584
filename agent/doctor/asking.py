"""Ask the running agent how it is, through the kiosk's socket, because nobody else may open the agent's outbox."""

import socket
import time
from pathlib import Path
from typing import Literal

from protocol.kiosk import MAX_LINE_BYTES, decode_from_agent, encode_line
from protocol.kiosk_status import AskStatus, Status
from protocol.refusal import Refused

WITHIN_S = 5.0
_MAX_LINES = 200

type NoStatus = Literal["absent", "silent", "denied"]
"""absent: nobody listens. silent: somebody listens and sends no status. denied: this user may not connect."""


def ask_agent(path: Path, *, within_s: float = WITHIN_S) -> Status | NoStatus:
    """Return the agent's status, or why there is none."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(within_s)
        try:
            sock.connect(str(path))
        except PermissionError:
            return "denied"
        except (FileNotFoundError, ConnectionRefusedError):
            return "absent"
        except OSError:
            # Somebody listens and does not accept in time.
            return "silent"
        deadline = time.monotonic() + within_s
        received = b""
        try:
            sock.sendall(encode_line(AskStatus()))
            for _ in range(_MAX_LINES):
                while b"\n" not in received:
                    # Never 0, because 0 makes a socket non-blocking.
                    sock.settimeout(max(0.001, deadline - time.monotonic()))
                    piece = sock.recv(16_384)
                    received += piece
                    if not piece or len(received) > 2 * MAX_LINE_BYTES:
                        return "silent"
                line, _, received = received.partition(b"\n")
                message = decode_from_agent(line)
                # Other messages come first: the home screen, and what is shown to every kiosk.
                if isinstance(message, Status):
                    return message
        except (OSError, Refused):
            pass
        return "silent"
