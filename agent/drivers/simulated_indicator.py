"""A lamp without hardware. Each light is one JSON datagram ``{"colour", "fact", "mono_ns"}`` to a unix socket.

Whoever wants to see the lamp binds the socket. If nobody does, that is no error.
"""

import json
import socket as sockets
import time
from pathlib import Path
from typing import ClassVar

from agent.config.settings import ConfigSettings, Setting, filled
from agent.ports import Colour, DeviceError

_LIMIT_S = 0.05
"""The core thread shows the light, so it must not wait for somebody who has stopped reading."""


class SimulatedIndicator:
    """Implements `agent.ports.Indicator`."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {"socket": Setting(str, "lamp.sock", check=filled, path="socket")}

    def __init__(self, *, socket: Path) -> None:
        self._path = str(socket)
        self._socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM | sockets.SOCK_CLOEXEC)
        self._socket.settimeout(_LIMIT_S)

    @property
    def ready(self) -> bool:
        """Always true, because nobody has to look."""
        return True

    def show(self, colour: Colour, *, fact: str) -> None:
        """Send one light.

        Raises:
            DeviceError: Somebody binds the socket but does not take the light within 50 ms.
        """
        light = {"colour": colour, "fact": fact, "mono_ns": time.monotonic_ns()}
        try:
            self._socket.sendto(json.dumps(light).encode(), self._path)
        except (FileNotFoundError, ConnectionRefusedError):
            return
        except OSError as error:
            raise DeviceError(f"the lamp's socket: {error}") from error

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
