"""Stands in for ``linuxpy.video.device`` (0.25): a few capture devices that do as a test says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, IntFlag
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from agent.ports import CameraFrame


class V4L2Error(Exception):
    pass


class BufferType(Enum):
    VIDEO_CAPTURE = 1


class BufferFlag(IntFlag):
    ERROR = 0x40


class PixelFormat(Enum):
    MJPEG = 1
    YUYV = 2
    NV12 = 3
    H264 = 4


@dataclass
class FakeDevice:
    """One device node. ``frames`` is what it gives, the last one again and again; None is silence."""

    path: str
    frames: list[CameraFrame | None]
    offers: tuple[str, ...] = ("YUYV", "MJPEG")
    insists: str = ""
    bus_info: str = "usb-0000:01:00.0-1.2"
    captures: bool = True
    vanishes_after: int | None = None
    broken: set[int] = field(default_factory=set)
    """Numbers of frames with the error flag, from 0."""
    read: int = 0
    open: int = 0
    chosen: str = ""


class FakeVideo:
    """The module."""

    V4L2Error = V4L2Error
    BufferType = BufferType
    BufferFlag = BufferFlag

    def __init__(self, *devices: FakeDevice) -> None:
        self.devices = {device.path: device for device in devices}

    def iter_video_capture_files(self) -> Iterator[Path]:
        return (Path(path) for path, device in self.devices.items() if device.captures)

    @contextmanager
    def Device(self, path: Path) -> Iterator["_Open"]:
        device = self.devices.get(str(path))
        if device is None:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        device.open += 1
        try:
            yield _Open(device)
        finally:
            device.open -= 1

    def VideoCapture(self, opened: "_Open") -> "_Capture":
        return _Capture(opened.device)


class _Open:
    def __init__(self, device: FakeDevice) -> None:
        self.device = device
        self.info = SimpleNamespace(bus_info=device.bus_info, buffer_formats=self._formats)

    def _formats(self, _: BufferType) -> list[Any]:
        return [SimpleNamespace(pixel_format=PixelFormat[name]) for name in self.device.offers]


class _Capture:
    def __init__(self, device: FakeDevice) -> None:
        self._device = device
        self.buffer = SimpleNamespace(frame_reader=SimpleNamespace(read=self._read))

    def set_format(self, width: int, height: int, *, pixel_format: PixelFormat) -> None:
        assert (width, height) == (640, 480)
        self._device.chosen = self._device.insists or pixel_format.name

    def get_format(self) -> Any:
        shown = next((frame for frame in self._device.frames if frame is not None), CameraFrame("jpeg", b""))
        pixel_format = PixelFormat[self._device.chosen]
        return SimpleNamespace(
            width=shown.width, height=shown.height, bytes_per_line=shown.stride, pixel_format=pixel_format
        )

    def __enter__(self) -> "_Capture":
        return self

    def __exit__(self, *_: object) -> None:
        if self._device.vanishes_after is not None:
            raise OSError(19, "No such device")

    def _read(self, *, timeout: float) -> Any:
        device = self._device
        assert timeout > 0
        if device.vanishes_after is not None and device.read >= device.vanishes_after:
            raise OSError(19, "No such device")
        frame = device.frames[min(device.read, len(device.frames) - 1)]
        flags = BufferFlag.ERROR if device.read in device.broken else BufferFlag(0)
        device.read += 1
        return None if frame is None else _Given(frame.data, flags)


@dataclass
class _Given:
    data: bytes
    flags: BufferFlag

    def __bytes__(self) -> bytes:
        return self.data
