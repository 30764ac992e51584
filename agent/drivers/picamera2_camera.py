"""A camera on the Pi's ribbon connector, by picamera2 over libcamera. Not tried on a real Pi yet.

As with a USB camera, it is open only while a picture is taken. The frame is NV12, because that takes half the memory of
RGB, and a Pi 3B sets little memory aside for devices. picamera2's configuration for stills asks for the colour space
sYCC, so the frame has the full range.
"""

import importlib
import os
import sys
import types
from importlib.util import find_spec
from typing import Any, ClassVar

from agent.config.settings import ConfigSettings, Setting, between
from agent.ports import CameraFrame, DeviceError

SIZE = (640, 480)
SETTLE_FRAMES = 12
"""libcamera's automatic exposure and white balance converge within these."""
WITHIN_S = 8.0
_BUFFERS = 2
_USB = "/usb"
"""In the id of a camera that libcamera reaches through the driver of USB cameras, which is not ours to use."""


class Picamera2Camera:
    """Implements `agent.ports.Camera`."""

    simulated = False

    settings: ClassVar[ConfigSettings] = {"number": Setting(int, 0, check=between(0, 3))}

    def __init__(self, *, number: int = 0, library: Any = None) -> None:
        """Make a camera; nothing is opened.

        Args:
            number: Which camera, in libcamera's order.
            library: ``picamera2``, or a fake of it.
        """
        self._number = number
        self._given = library

    def capture(self) -> CameraFrame:
        """Open the camera, let its exposure settle, and return what it sees."""
        library = self._given or load()
        try:
            camera = library.Picamera2(self._number)
            try:
                main = {"size": SIZE, "format": "NV12"}
                camera.configure(camera.create_still_configuration(main=main, raw=None, buffer_count=_BUFFERS))
                camera.start()
                camera.drop_frames(SETTLE_FRAMES, wait=WITHIN_S)
                data = camera.capture_buffer("main", wait=WITHIN_S).tobytes()
                # libcamera may adjust the size that was asked for, and pads rows as the hardware needs it.
                given = camera.camera_configuration()["main"]
                width, height = given["size"]
                return CameraFrame("nv12", data, width=width, height=height, stride=given["stride"], full_range=True)
            finally:
                camera.close()
        except (OSError, RuntimeError, ValueError) as error:
            raise DeviceError(f"the camera fails: {str(error) or type(error).__name__}") from error

    def close(self) -> None:
        """Do nothing, because the device is closed between pictures."""


def load() -> Any:
    """Return ``picamera2``.

    Raises:
        DeviceError: It, or libcamera, can't be loaded here.
    """
    # numpy has little to do here, and each further thread of its library reserves tens of megabytes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _do_without_kms()
    try:
        return importlib.import_module("picamera2")
    except ImportError as error:
        raise DeviceError(f"picamera2 can't be loaded: {error}") from error


def _do_without_kms() -> None:
    """Put a stand-in in the place of ``pykms``, if it is not installed.

    picamera2 (0.3.38) loads it for previews on a screen, which no camera of a station has, and can't be loaded without.
    Debian has no such package, and what Raspberry Pi OS has is outside of this program's environment.
    """
    if "pykms" not in sys.modules and find_spec("kms") is None and find_spec("pykms") is None:
        module = types.ModuleType("pykms")
        module.PixelFormat = _AnyFormat()  # type: ignore[attr-defined]
        sys.modules["pykms"] = module


class _AnyFormat:
    """Has every pixel format by name, because the previews' table names some when it is loaded."""

    def __getattr__(self, name: str) -> str:
        return name


def present_cameras() -> list[str]:
    """Return the models of the cameras on the ribbon connectors, in libcamera's order; none where there is no
    libcamera."""
    try:
        return [str(one["Model"]) for one in load().Picamera2.global_camera_info() if _USB not in str(one["Id"])]
    except (DeviceError, OSError, RuntimeError):
        return []
