"""Try devices out while no agent uses them, and release each at once.

The log says in English why a device can't be used. The doctor's screen says only that it can't.
"""

import logging
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from agent.camera.camera_line import ServedCamera, SpawnedCamera
from agent.camera.camera_protocol import (
    FRAME,
    CameraStart,
    FrameFollows,
    NoReply,
    PictureFailed,
    Reply,
    StillTaken,
)
from agent.config.catalogue import DriverMissing
from agent.config.station_config import StationConfig
from agent.doctor.ports import CameraTrial
from agent.ports import CardReader, Contact, DeviceError, Indicator

log = logging.getLogger(__name__)

READER_S = 5.0
CAMERA_S = 20.0


def reader_ready(make: Callable[[], CardReader], *, within_s: float = READER_S) -> bool:
    """Return whether a reader says within a few seconds that it can read cards."""
    there = threading.Event()
    try:
        reader = make()
        reader.start(touched=lambda _: None, ready=lambda ready: there.set() if ready else None)
    except (OSError, DeviceError, DriverMissing):
        return False
    try:
        return there.wait(within_s)
    finally:
        reader.stop()


def indicator_ready(make: Callable[[], Indicator]) -> bool:
    """Return whether lamp and beeper can be used. Nothing is lit, because a green light would be a lie."""
    try:
        indicator = make()
    except (OSError, DeviceError, DriverMissing) as error:
        log.warning("no lamp: %s", error)
        return False
    try:
        return indicator.ready
    finally:
        indicator.close()


def contact_ready(make: Callable[[], Contact]) -> bool:
    """Return whether a door contact or a motion sensor can be watched."""
    try:
        contact = make()
        contact.start(changed=lambda _: None)
    except (OSError, DeviceError, DriverMissing) as error:
        log.warning("no input: %s", error)
        return False
    contact.stop()
    return True


def try_camera(config: StationConfig) -> CameraTrial:
    """Have a picture taken and thrown away.

    If the system serves the camera, ask for a frame: a still would go into that camera's spool, which the doctor must
    not clear. Frames touch no disk, and nobody judges what they show.
    """
    if config.camera is None:
        return "well"
    settings = dict(config.camera.settings)
    socket, spool = settings.pop("socket"), settings.pop("spool")
    start = CameraStart(config.camera.driver, settings, "doctor", config.folder, Path(spool))
    reply: Reply
    try:
        reply = _frame(socket, start) if socket else _still(start)
    except (OSError, NoReply) as error:
        reply = PictureFailed(str(error))
    match reply:
        case FrameFollows() | StillTaken(suspect=""):
            return "well"
        case StillTaken(suspect="black" | "covered" as suspect):
            return suspect
        case PictureFailed() | StillTaken():  # frozen: one picture alone never is
            log.warning("the camera took no picture: %s", reply)
            return "failed"


def _frame(socket: Path, start: CameraStart) -> Reply:
    line = ServedCamera(socket, start.arguments())
    try:
        return line.ask(FRAME, within_s=CAMERA_S)
    finally:
        line.end()


def _still(start: CameraStart) -> Reply:
    with tempfile.TemporaryDirectory(prefix="cunhui-doctor-") as spool:
        line = SpawnedCamera(start._replace(spool=Path(spool)).command())
        try:
            return line.ask("doctor.jpg", within_s=CAMERA_S)
        finally:
            line.end()
