"""What setting a station up needs of the machine. Nothing here decides."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from msgspec import Struct

from agent.config.station_config import StationConfig
from agent.doctor.examine import Examination
from agent.doctor.ports import CameraTrial, Probe
from agent.identity.station_identity import Identity
from agent.ports import Indicator
from protocol.kiosk_status import Status

type Value = str | int


class FoundDevice(Struct, frozen=True):
    """A device that may belong to the station.

    Attributes:
        driver: As in ``station.toml``.
        settings: Of the driver. A keyboard's lacks ``format``, which nobody knows before a card was read.
        says: What it is, in Chinese, for the technician.
        proven: Whether it has answered as the device that it is taken for.
    """

    driver: str
    settings: dict[str, Value]
    says: str
    proven: bool = True


class Listen(Protocol):
    """Begins to read cards on devices; the context ends it."""

    def __call__(
        self, found: Sequence[FoundDevice], heard: Callable[[FoundDevice, str], None]
    ) -> AbstractContextManager[None]:
        """``heard`` is called on other threads with a device and what it read: hex, or what a keyboard typed."""


class Units(Protocol):
    """The machine's service manager."""

    @property
    def there(self) -> bool:
        """Whether it runs."""

    def runs(self, unit: str) -> bool:
        """Return whether it runs, or is started again and again."""

    def do(self, act: Literal["stop", "start", "enable"], unit: str) -> str:
        """Do it and wait for its end. Return in Chinese why it failed, empty if it did not."""


class SetupTools(Struct, frozen=True):
    """The tools. None raises because of what it finds, unless it says so."""

    fetch_ca: Callable[[str], str]
    """``url``: return the CA that whoever answers there offers. Raises `DeviceError`."""
    probe: Probe
    readers: Callable[[], list[FoundDevice]]
    """Readers and whatever may be one."""
    listen: Listen
    cameras: Callable[[], list[FoundDevice]]
    try_camera: Callable[[StationConfig], CameraTrial]
    has_pins: Callable[[], bool]
    indicator: Callable[[FoundDevice], Indicator]
    """Make lamp and beeper. Raises `DeviceError` or OSError."""
    enrol: Callable[[StationConfig, str], Identity]
    """``(config, claim)``, as the folder's owner. Raises what `agent.identity.enrolment.enrol` raises."""
    units: Units
    status: Callable[[StationConfig], Status | None]
    """What the agent says of itself; None if it does not answer."""
    examine: Callable[[StationConfig], Examination]
    on_first_terminal: bool
    """Whether the person sits at the terminal that the kiosk takes."""
    wait: Callable[[float], None]
    """Wait so many seconds."""
