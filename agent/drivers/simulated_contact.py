"""A door contact or motion sensor without hardware. Lines ``on`` and ``off`` on its unix socket switch it."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from agent.config.settings import ConfigSettings, Setting, filled
from agent.drivers.simulated_lines import LineSocket


class SimulatedContact:
    """Implements `agent.ports.Contact`. ``on`` means that the door is open or something moves. It begins ``off``."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {"socket": Setting(str, "input.sock", check=filled, path="socket")}

    def __init__(self, *, socket: Path) -> None:
        self._path = socket
        self._socket: LineSocket | None = None
        self._active = False

    def start(self, *, changed: Callable[[bool], None]) -> None:
        """Listen on the socket; each line gets ``ok``, or ``on or off`` if it is neither."""
        self._changed = changed
        changed(self._active)
        self._socket = LineSocket(self._path, self._on_line, name="simulated-contact")

    def _on_line(self, line: str) -> str:
        if line not in ("on", "off"):
            return "on or off"
        if (line == "on") is not self._active:
            self._active = line == "on"
            self._changed(self._active)
        return "ok"

    def stop(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            self._socket.stop()
