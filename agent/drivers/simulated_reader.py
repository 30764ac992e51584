"""A card reader without hardware. A line with a UID on its unix socket presents that card."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from agent.config.settings import ConfigSettings, Setting, filled
from agent.drivers.simulated_lines import LineSocket


class SimulatedReader:
    """Implements `agent.ports.CardReader`. Each line is one touch, answered ``ok`` when the core has it."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {"socket": Setting(str, "touch.sock", check=filled, path="socket")}

    def __init__(self, *, socket: Path) -> None:
        self._path = socket
        self._socket: LineSocket | None = None

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Listen on the socket."""

        def on_line(line: str) -> str:
            touched(line)
            return "ok"

        self._socket = LineSocket(self._path, on_line, name="simulated-reader")
        ready(True)

    def stop(self) -> None:
        """Stop listening; a line that comes now is not answered."""
        if self._socket is not None:
            self._socket.stop()
