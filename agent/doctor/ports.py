"""What the doctor needs of the world beyond files: the county's doors, and devices that nobody else holds now."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.config.station_config import Chosen
from protocol.health import Machine

type Trouble = Literal["", "name", "away", "stranger", "dates", "refused"]
"""Of a TLS connection: none; the host's name is unknown; nobody answers; the certificate is not the county's; it is
not valid by this machine's clock; ours is refused."""

type CameraTrial = Literal["well", "failed", "black", "covered"]
"""What came of one picture; the last two were taken and show no room (`agent.camera.sight`)."""


@dataclass(frozen=True, slots=True)
class DoctorTools:
    """Each may take seconds; none raises for what it finds."""

    probe_endpoint: Callable[[str, int, Path, tuple[Path, Path] | None], Trouble]
    """``(host, port, county CA, our certificate and key or None)``: make a TLS connection and end it."""
    machine: Callable[[], Machine]
    reader: Callable[[Chosen], bool]
    """Whether a reader that nobody else uses becomes ready."""
    camera: Callable[[], CameraTrial]
    """Take a picture and throw it away."""
    indicator: Callable[[], bool]
    """Whether lamp and beeper can be had; they are let go again."""
    contact: Callable[[Chosen], bool]
    """Whether a door contact or motion sensor can be watched; it is let go again."""
