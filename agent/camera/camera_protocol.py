"""The conversation between the agent and the camera's process, declared once for both ends.

The agent first says which camera to use and where pictures go: `CameraStart`, as five command-line arguments, or as one
line of JSON if the service manager has started the process. After that each line from the agent is one request, and the
process answers each request with one line. A request is a file name (`STILL_NAME`): take a still and store it in the
spool under this name. Or it is the word `FRAME`: take a picture and send it over the line, so that it touches no disk.

======================  ==============================================================================
``ok``                  The still lies in the spool.
``ok SUSPECT``          The same, but it shows no room: ``black``, ``covered`` or ``frozen``.
``frame SIZE``          So many bytes of JPEG follow the line feed.
``failed REASON``       There is no picture this time. The process goes on.
``ended REASON``        There is no picture, and this is the process's last word.
======================  ==============================================================================

The process ends when its input ends.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from agent.ports import Suspect

FRAME = "frame"
STILL_NAME = re.compile(r"[a-z0-9-]{1,120}\.jpg")
"""No slash and no dot but one: a name can't lead out of the spool."""
MAX_STILL_BYTES = 40_000
"""Of a still in the spool and of a frame on the line: the process makes none larger, the agent accepts none larger."""

_SUSPECTS: tuple[Suspect, ...] = ("", "black", "covered", "frozen")


class CameraStart(NamedTuple):
    """What the process must know before it can take a picture."""

    driver: str
    """A name in `agent.config.catalogue.CAMERAS`."""
    settings: Mapping[str, Any]
    """Of ``[camera]``: the driver's, and those that all cameras have."""
    station: str
    folder: Path
    spool: Path

    def arguments(self) -> list[str]:
        """Return the five as text."""
        return [self.driver, json.dumps(self.settings), self.station, str(self.folder), str(self.spool)]

    def command(self) -> list[str]:
        """Return the command that starts the process as a child."""
        return [sys.executable, "-P", "-m", "agent.camera.camera_process", *self.arguments()]

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> "CameraStart":
        """Read what `arguments` wrote. Raises ValueError."""
        driver, settings, station, folder, spool = arguments
        return cls(driver, json.loads(settings), station, Path(folder), Path(spool))


class StillTaken(Struct, frozen=True):
    """The still lies in the spool."""

    suspect: Suspect = ""

    def __str__(self) -> str:
        return f"ok {self.suspect}".strip()


class FrameFollows(Struct, frozen=True):
    """So many bytes of JPEG follow."""

    size: int

    def __str__(self) -> str:
        return f"{FRAME} {self.size}"


class PictureFailed(Struct, frozen=True):
    """There is no picture."""

    reason: str
    ended: bool = False
    """The process ends, too."""

    def __str__(self) -> str:
        # A reason may be a library's message of several lines; a line of the protocol must be one.
        return f"{'ended' if self.ended else 'failed'} {' '.join(self.reason.split())}"


type Reply = StillTaken | FrameFollows | PictureFailed


class NoReply(Exception):
    """The process gave no reply that this protocol knows; the message says what came instead, or how it ended."""


def parse_reply(line: str) -> Reply:
    """Read one line of the process without its line feed.

    Raises:
        NoReply: It is none of the replies, or a frame that is empty or larger than the agent accepts.
    """
    word, _, rest = line.partition(" ")
    if word == "ok":
        for suspect in _SUSPECTS:
            if line == str(StillTaken(suspect)):
                return StillTaken(suspect)
    # isdigit() alone is true for digits of other scripts, too.
    if word == FRAME and rest.isascii() and rest.isdigit() and 0 < int(rest) <= MAX_STILL_BYTES:
        return FrameFollows(int(rest))
    if word in ("failed", "ended") and rest:
        return PictureFailed(rest, ended=word == "ended")
    raise NoReply(line)
