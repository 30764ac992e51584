"""What the doctor needs of the world beyond files: the county's doors, and devices that nobody else holds now."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.config import Chosen
from protocol.health import Machine

type Trouble = Literal["", "name", "away", "stranger", "dates", "refused"]
"""Of a TLS connection: none; the host's name is unknown; nobody answers; the certificate is not the county's; it is
not valid by this machine's clock; ours is refused."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Each may take seconds; none raises for what it finds."""

    knock: Callable[[str, int, Path, tuple[Path, Path] | None], Trouble]
    """``(host, port, county CA, our certificate and key or None)``: make a TLS connection and end it."""
    machine: Callable[[], Machine]
    reader: Callable[[Chosen], bool]
    """Whether a reader that nobody else uses becomes ready."""
    camera: Callable[[], str]
    """Take a picture and throw it away; return what went wrong, or nothing."""
    indicator: Callable[[], str]
    """Open lamp and beeper and let them go; return what went wrong, or nothing."""
