"""A kiosk without a screen: it says one thing to an agent's kiosk socket and takes the answer."""

import socket
from pathlib import Path

from protocol.kiosk import ToAgent, ToKiosk, decode_from_agent, encode_line

_ANSWER_S = 20


def ask[T: ToKiosk](agent: Path, asked: ToAgent, answer: type[T]) -> T:
    """Say something to an agent and return its first answer of a kind.

    Raises:
        OSError: There is no agent, or it gave no such answer in time.
    """
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.settimeout(_ANSWER_S)
        kiosk.connect(str(agent))
        kiosk.sendall(encode_line(asked))
        with kiosk.makefile("rb") as lines:
            for line in lines:
                said = decode_from_agent(line)
                if isinstance(said, answer):
                    return said
    raise ConnectionResetError(f"{agent} ended without {answer.__name__}")
