"""A USB camera (UVC) or any other V4L2 capture device, through linuxpy (Linux Media API, part "Video for Linux").

The device is open only while a picture is taken. At other times it watches nobody, its light is off and it takes no
memory, and a camera that was unplugged and plugged in again is simply found anew. Opening it costs a second for each
picture, but nobody waits for that.
"""

import importlib
from pathlib import Path
from typing import Any, ClassVar, Literal

from agent.config.settings import ConfigSettings, Setting, shaped
from agent.ports import CameraFrame, DeviceError

SIZE = (640, 480)
SETTLE_FRAMES = 10
"""Automatic exposure and white balance of a webcam settle within so many frames, 0.3 s at 30 frames a second."""
MOST_FRAMES = 20
FRAME_WITHIN_S = 2.0
_LAYOUTS: dict[str, Literal["jpeg", "yuyv", "nv12"]] = {"MJPEG": "jpeg", "JPEG": "jpeg", "YUYV": "yuyv", "NV12": "nv12"}
"""The formats that are understood, the best first. YCbCr has the range of ITU-R BT.601, which is V4L2's default."""
_USB = "usb-"
BY_ID = Path("/dev/v4l/by-id")


class V4l2Camera:
    """Implements `agent.ports.Camera`."""

    simulated = False

    settings: ClassVar[ConfigSettings] = {
        "device": Setting(str, "", check=shaped(r"(/dev(/\w[\w.:+-]*)+)?", "/dev/v4l/by-id/usb-厂家_型号-video-index0"))
    }

    def __init__(self, *, device: str = "", library: Any = None) -> None:
        """Make a camera; nothing is opened.

        Args:
            device: The device's path, best one of ``/dev/v4l/by-id``; empty for the first USB camera found.
            library: ``linuxpy.video.device``, or a fake of it.
        """
        self._device = device
        self._given = library

    def capture(self) -> CameraFrame:
        """Open the camera, let its exposure settle, and return what it sees."""
        library = self._given or _load()
        try:
            with library.Device(self._path(library)) as device:
                capture = library.VideoCapture(device)
                capture.set_format(*SIZE, pixel_format=_best_format(library, device))
                # The driver may change what it was asked for (VIDIOC_S_FMT), so ask what it took.
                taken = capture.get_format()
                layout = _LAYOUTS.get(taken.pixel_format.name)
                if layout is None:
                    raise DeviceError(f"the camera insists on {taken.pixel_format.name}")
                with capture:
                    data = _settled_frame(library, capture.buffer.frame_reader)
                return CameraFrame(layout, data, width=taken.width, height=taken.height, stride=taken.bytes_per_line)
        except FileNotFoundError as error:
            raise DeviceError(f"there is no {self._device}") from error
        except (OSError, ValueError, library.V4L2Error) as error:
            raise DeviceError(f"the camera fails: {error}") from error

    def _path(self, library: Any) -> Path:
        if self._device:
            return Path(self._device)
        for path in sorted(library.iter_video_capture_files()):
            # A Pi has capture devices of its own, such as its decoder and the sensor on the ribbon connector.
            with library.Device(path) as device:
                if device.info.bus_info.startswith(_USB):
                    return Path(path)
        raise DeviceError("no USB camera is plugged in")

    def close(self) -> None:
        """Do nothing, because the device is closed between pictures."""


def _load() -> Any:
    try:
        return importlib.import_module("linuxpy.video.device")
    except ImportError as error:
        raise DeviceError(f"linuxpy can't be loaded: {error}") from error


def _best_format(library: Any, device: Any) -> Any:
    offered = {
        one.pixel_format.name: one.pixel_format for one in device.info.buffer_formats(library.BufferType.VIDEO_CAPTURE)
    }
    for name in _LAYOUTS:
        if name in offered:
            return offered[name]
    raise DeviceError(f"the camera offers no format that is understood, but {', '.join(sorted(offered)) or 'none'}")


def _settled_frame(library: Any, reader: Any) -> bytes:
    """Return the first whole frame after the ones in which the exposure settles."""
    for number in range(MOST_FRAMES):
        frame = reader.read(timeout=FRAME_WITHIN_S)
        if frame is None:
            raise DeviceError(f"no frame within {FRAME_WITHIN_S:g} s")
        if number < SETTLE_FRAMES or library.BufferFlag.ERROR in frame.flags:
            continue
        # The driver marks a frame that lost data with V4L2_BUF_FLAG_ERROR; one without any data is not marked.
        if data := bytes(frame):
            return data
    raise DeviceError("the camera gives only broken frames")


def present_cameras(folder: Path = BY_ID) -> list[Path]:
    """Return the USB cameras that are there now by their lasting names. Each may have further nodes that give no
    picture."""
    return sorted(folder.glob("usb-*-video-index0"))
