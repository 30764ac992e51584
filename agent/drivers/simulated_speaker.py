"""A speaker without hardware. Each sound is one JSON datagram ``{"kind", "bytes", "text"}`` to a unix socket.

Whoever wants to know what would sound binds the socket. If nobody does, that is no error.
"""

import contextlib
import json
import socket as sockets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from agent.config.settings import ConfigSettings, Setting, filled
from agent.ports import Sound


class SimulatedSpeaker:
    """Implements `agent.ports.Speaker`."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {"socket": Setting(str, "speaker.sock", check=filled, path="socket")}

    def __init__(self, *, socket: Path) -> None:
        self._path = str(socket)
        self._socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM | sockets.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        self._wanted = False
        self._ready: Callable[[bool, bool], None] = lambda *_: None

    def start(self, *, ready: Callable[[bool, bool], None]) -> None:
        """See `agent.ports.Speaker`."""
        self._ready = ready

    def want(self, wanted: bool) -> None:
        """It is ready as soon as it is wanted, and reads text, too."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._ready(wanted, wanted)

    def play(self, sounds: Sequence[Sound]) -> None:
        """Tell whoever listens what would sound."""
        for one in sounds:
            text = "" if one.kind == "clip" else one.data.decode("utf-8", "replace")
            told = {"kind": one.kind, "bytes": len(one.data), "text": text}
            with contextlib.suppress(OSError):  # nobody listens, or nobody reads
                self._socket.sendto(json.dumps(told, ensure_ascii=False).encode(), self._path)

    def stop(self) -> None:
        """Close the socket."""
        self._socket.close()
