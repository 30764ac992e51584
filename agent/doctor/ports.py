"""What the doctor needs beyond files: probes of the county's endpoints, and trials of devices that nobody else uses."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from agent.config.station_config import ChosenDriver
from protocol.health import Machine

type Trouble = Literal["", "name", "away", "stranger", "dates", "refused"]
"""Why a TLS connection failed. Empty: it did not. name: the host's name is unknown. away: nobody answers. stranger: the
certificate is not the county's. dates: it is not valid by this machine's clock. refused: the station's is refused."""

type CameraTrial = Literal["well", "failed", "black", "covered"]
"""What came of one picture. black, covered: it was taken and does not show the room (`agent.camera.sight`)."""


type Probe = Callable[[str, int, Path, tuple[Path, Path] | None], Trouble]
"""``(host, port, county CA, the station's certificate and key, or None)``: make a TLS connection and end it."""


class DoctorTools(Struct, frozen=True):
    """The doctor's tools. Each may take seconds; none raises because of what it finds."""

    probe_endpoint: Probe
    machine: Callable[[], Machine]
    reader: Callable[[ChosenDriver], bool]
    """Whether a reader that nobody else uses becomes ready."""
    camera: Callable[[], CameraTrial]
    """Take a picture and throw it away."""
    indicator: Callable[[], bool]
    """Whether lamp and beeper can be opened; they are released again."""
    contact: Callable[[ChosenDriver], bool]
    """Whether a door contact or motion sensor can be watched; it is released again."""
