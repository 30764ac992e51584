"""The agent with its real GPIO drivers, on gpiozero's own mock pins instead of a Raspberry Pi's.

``python -m tests.benchmarks.station.mock_pins run --config FILE`` runs it. The indicator has one more setting: a socket
to which it sends each light that it has put on its pins, as the simulated indicator does, for the program that measures
the time.
"""

import json
import socket
import sys
from collections import deque
from pathlib import Path
from typing import Any, ClassVar

from agent import cli
from agent.config import catalogue
from agent.config.settings import ConfigSettings, Setting, filled
from agent.drivers.gpio_contact import GpioContact
from agent.drivers.gpio_indicator import GpioIndicator
from agent.drivers.gpiozero_alone import STAND_INS
from agent.ports import Colour
from protocol.left_out import left_out

# The mock looks for packages as well, but lgpio, for which it stands, does not.
with left_out(STAND_INS):
    from gpiozero.pins.mock import MockFactory, MockPin


class ForgettingPin(MockPin):  # type: ignore[misc]
    """A mock pin that keeps only its last state. gpiozero's own keeps every state since the start, and its memory
    grows."""

    def clear_states(self) -> None:
        """As `MockPin.clear_states`; from then on the newest state replaces the one before."""
        super().clear_states()
        self.states: deque[Any] = deque(maxlen=1)


def _mock_pins(chip: int) -> MockFactory:
    """Return gpiozero's mock of a board of its own; ``chip`` does not matter."""
    return MockFactory(pin_class=ForgettingPin)


class MockPinsIndicator(GpioIndicator):
    """Implements `agent.ports.Indicator`."""

    settings: ClassVar[ConfigSettings] = {
        **GpioIndicator.settings,
        "witness": Setting(str, required=True, check=filled, path="socket"),
    }

    def __init__(self, *, witness: Path, **settings: Any) -> None:
        super().__init__(**settings, pins=_mock_pins)
        self._witness = witness
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def show(self, colour: Colour, *, fact: str) -> None:
        """As `GpioIndicator.show`; then send the light."""
        super().show(colour, fact=fact)
        try:
            self._socket.sendto(json.dumps({"colour": colour, "fact": fact}).encode(), str(self._witness))
        except OSError:
            return  # nobody watches

    def close(self) -> None:
        """As `GpioIndicator.close`."""
        super().close()
        self._socket.close()


class MockPinsContact(GpioContact):
    """Implements `agent.ports.Contact`; its pin never changes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, pins=_mock_pins)


def plug_in() -> None:
    """Make ``driver = "gpio"`` mean these classes, in this process."""
    catalogue.INDICATORS["gpio"] = f"{MockPinsIndicator.__module__}:{MockPinsIndicator.__name__}"
    catalogue.INPUTS["gpio"] = f"{MockPinsContact.__module__}:{MockPinsContact.__name__}"


if __name__ == "__main__":
    # The module is imported by its real name, so that the drivers' classes exist only once.
    from tests.benchmarks.station import mock_pins

    mock_pins.plug_in()
    sys.exit(cli.main())
