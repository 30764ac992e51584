"""The USB camera's driver by linuxpy over the kernel's V4L2, with vivid as the device."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from agent.camera.sight import Sight
from agent.camera.stills import make_still, read_frame
from agent.drivers.v4l2_camera import V4l2Camera
from agent.ports import DeviceError
from tests.agent.camera.camera_contract import check_camera
from tests.agent.camera.drawn import opened
from tests.rig.camera_child import answers

DRIVER = "v4l2"
STACK = "linuxpy 0.25, Linux V4L2, vivid"

UNBIND = Path("/sys/bus/platform/drivers/vivid")
VIVID = "vivid.0"


def capture_device() -> str:
    """Return vivid's capture node: the first of its several devices that calls itself so."""
    names = sorted(Path("/sys/class/video4linux").glob("video*/name"))
    return next(f"/dev/{path.parent.name}" for path in names if path.read_text().strip().endswith("vid-cap"))


def test_it_keeps_the_contract() -> None:
    frames = check_camera(V4l2Camera(device=capture_device()))
    assert {frame.layout for frame in frames} == {"yuyv"}
    assert len({frame.data for frame in frames}) == len(frames), "the test picture has a clock in it"


def test_the_test_pictures_bars_come_out_in_their_colours() -> None:
    """White, yellow, cyan, green, magenta, red, blue, black (vivid's 75 % colour bars), whatever the size."""
    still = opened(make_still(read_frame(V4l2Camera(device=capture_device()).capture())))
    bars = [still.getpixel(((2 * bar + 1) * still.width // 16, still.height * 7 // 8)) for bar in range(8)]
    lit = [tuple(channel > 100 for channel in colour) for colour in bars if isinstance(colour, tuple)]
    on, off = True, False
    assert lit == [
        *((on, on, on), (on, on, off), (off, on, on), (off, on, off)),
        *((on, off, on), (on, off, off), (off, off, on), (off, off, off)),
    ]


def test_it_is_seen_to_be_alive() -> None:
    sight, camera = Sight(), V4l2Camera(device=capture_device())
    assert [sight.judge(read_frame(camera.capture())) for _ in range(5)] == [""] * 5


def test_without_a_name_only_a_usb_camera_is_taken() -> None:
    with pytest.raises(DeviceError, match="no USB camera is plugged in"):
        V4l2Camera().capture()


def test_an_output_is_no_camera() -> None:
    names = sorted(Path("/sys/class/video4linux").glob("video*/name"))
    output = next(f"/dev/{path.parent.name}" for path in names if path.read_text().strip().endswith("vid-out"))
    with pytest.raises(DeviceError):
        V4l2Camera(device=output).capture()


def test_a_device_that_another_program_streams_from_is_busy() -> None:
    video: Any = importlib.import_module("linuxpy.video.device")
    path = capture_device()
    with video.Device(path) as other, video.VideoCapture(other), pytest.raises(DeviceError, match="busy"):
        V4l2Camera(device=path).capture()
    assert V4l2Camera(device=path).capture().data


def test_a_device_that_goes_and_comes_back() -> None:
    path = capture_device()
    camera = V4l2Camera(device=path)
    assert camera.capture().data
    (UNBIND / "unbind").write_text(VIVID)
    try:
        with pytest.raises(DeviceError, match="there is no"):
            camera.capture()
    finally:
        (UNBIND / "bind").write_text(VIVID)
    back = V4l2Camera(device=capture_device())
    assert back.capture().data


def test_the_cameras_process_takes_pictures_within_its_limits(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    assert answers("v4l2", {"device": capture_device()}, spool) == ["ok", "ok"]
    assert sorted(path.name for path in spool.iterdir()) == ["random-none-0-0.jpg", "random-none-0-1.jpg"]
