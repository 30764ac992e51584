"""The drivers that a configuration can choose. To add one, write a file in `agent.drivers` and a line here.

A driver is a class that implements its port. Its ``settings`` say what can be set in ``station.toml``, and it is made
with these as keyword arguments. Its module, and the library that it needs, is loaded only if it is chosen.
"""

import importlib
from importlib.util import find_spec
from typing import Any

from agent.config.settings import ConfigSettings, Setting, filled, one_of, rectangles

READERS = {
    "simulated": "agent.drivers.simulated_reader:SimulatedReader",
    "pcsc": "agent.drivers.pcsc:PcscReader",
    "wedge": "agent.drivers.wedge:WedgeReader",
    "pn532": "agent.drivers.pn532:Pn532Reader",
    "em4100_serial": "agent.drivers.em4100_serial:Em4100SerialReader",
    "qr_scanner": "agent.drivers.qr_scanner:QrScanner",
}
INDICATORS = {
    "simulated": "agent.drivers.simulated_indicator:SimulatedIndicator",
    "gpio": "agent.drivers.gpio_indicator:GpioIndicator",
}
INPUTS = {
    "simulated": "agent.drivers.simulated_contact:SimulatedContact",
    "gpio": "agent.drivers.gpio_contact:GpioContact",
}
CAMERAS = {
    "simulated": "agent.drivers.simulated_camera:SimulatedCamera",
    "v4l2": "agent.drivers.v4l2_camera:V4l2Camera",
    "picamera2": "agent.drivers.picamera2_camera:Picamera2Camera",
}
"""Their modules load nothing large, because only the camera's process must load the libraries behind them."""
CAMERA_SETTINGS: ConfigSettings = {
    "mask": Setting(list, check=rectangles),
    "rotate": Setting(int, 0, check=one_of(0, 90, 180, 270)),
}
"""What the camera's process does with each picture of any camera: turn it clockwise, then paint the mask over it."""
CAMERA_PROCESS_SETTINGS: ConfigSettings = {
    "socket": Setting(str, check=filled, path="socket"),
    "spool": Setting(str, "camera-spool", check=filled, path="file"),
}
"""``socket``: where the camera's process is reached, if the system starts it and not the agent. ``spool``: the folder
in which its pictures wait for the agent."""
SPEAKERS = {
    "alsa": "agent.drivers.sound_player:SoundPlayer",
    "simulated": "agent.drivers.simulated_speaker:SimulatedSpeaker",
}
MACHINES = {
    "linux": "agent.drivers.linux_machine:LinuxMachine",
    "simulated": "agent.drivers.simulated_machine:SimulatedMachine",
}
LOADED_LATE = {"gpio": ("lgpio",), "v4l2": ("linuxpy",), "picamera2": ("picamera2",)}
"""Libraries that a driver loads only at its first use. Without them the driver can be made and does nothing."""


class DriverMissing(Exception):
    """A driver's library is not installed, or this machine can't load it.

    Attributes:
        library: Its name.
    """

    def __init__(self, message: str, library: str) -> None:
        super().__init__(message)
        self.library = library


def driver(place: str) -> Any:
    """Return the class of a driver, named as in the tables.

    Raises:
        DriverMissing: Its library is not here.
    """
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise DriverMissing(str(error), (error.name or module).partition(".")[0]) from error


def not_installed(name: str) -> list[str]:
    """Return the late libraries that a driver, named as in ``station.toml``, needs and that are not installed."""
    return [library for library in LOADED_LATE.get(name, ()) if find_spec(library) is None]


def settings_of(place: str) -> ConfigSettings:
    """Return the settings of a driver.

    Raises:
        DriverMissing: Its library is not here.
    """
    settings: ConfigSettings = driver(place).settings
    return settings
