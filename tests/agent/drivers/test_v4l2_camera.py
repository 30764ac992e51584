"""A USB camera, over a stand-in for linuxpy; the real stack under it is met in the rig."""

import subprocess
import sys

import pytest

from agent.config.settings import ConfigSettings
from agent.drivers.v4l2_camera import MOST_FRAMES, SETTLE_FRAMES, V4l2Camera
from agent.ports import CameraFrame, DeviceError
from tests.agent.camera import drawn
from tests.agent.camera.camera_contract import check_camera, check_frame
from tests.fakes.v4l2 import FakeDevice, FakeVideo

JPEG = CameraFrame("jpeg", drawn.jpeg(drawn.room()), 640, 480)
DARK = CameraFrame("jpeg", drawn.jpeg(drawn.room(light=0.1)), 640, 480)


def device(*frames: CameraFrame | None, **options: object) -> FakeDevice:
    return FakeDevice("/dev/video0", list(frames) or [JPEG], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frame", "offers"),
    [
        (JPEG, ("YUYV", "MJPEG")),
        (drawn.yuyv(drawn.room()), ("NV12", "YUYV")),
        (drawn.yuyv(drawn.room(), padding=32), ("H264", "YUYV")),
        (drawn.nv12(drawn.room()), ("NV12",)),
    ],
)
def test_it_keeps_the_contract_in_every_format(frame: CameraFrame, offers: tuple[str, ...]) -> None:
    made = device(frame, offers=offers)
    taken = check_camera(V4l2Camera(library=FakeVideo(made)))
    assert taken == [frame] * 4
    assert made.open == 0


def test_motion_jpeg_comes_first() -> None:
    made = device(offers=("YUYV", "NV12", "MJPEG"))
    V4l2Camera(library=FakeVideo(made)).capture()
    assert made.chosen == "MJPEG"


def test_the_first_frames_are_passed_over() -> None:
    made = device(*[DARK] * SETTLE_FRAMES, JPEG)
    assert V4l2Camera(library=FakeVideo(made)).capture() == JPEG


def test_broken_and_empty_frames_are_passed_over() -> None:
    empty = CameraFrame("jpeg", b"", 640, 480)
    made = device(*[DARK] * (SETTLE_FRAMES + 1), empty, JPEG, broken={SETTLE_FRAMES})
    assert V4l2Camera(library=FakeVideo(made)).capture() == JPEG


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (device(CameraFrame("jpeg", b"", 640, 480)), "only broken frames"),
        (device(broken=set(range(MOST_FRAMES))), "only broken frames"),
        (device(None), "no frame within 2 s"),
        (device(JPEG, JPEG, None), "no frame within 2 s"),
        (device(vanishes_after=0), "the camera fails: .*No such device"),
        (device(vanishes_after=5), "the camera fails: .*No such device"),
        (device(offers=("H264",)), "offers no format that is understood, but H264"),
        (device(offers=()), "but none"),
        (device(insists="H264"), "insists on H264"),
        (FakeDevice("/dev/video0", [JPEG], bus_info="platform:vivid-000"), "no USB camera is plugged in"),
        (FakeDevice("/dev/video1", [JPEG], captures=False), "no USB camera is plugged in"),
    ],
)
def test_what_is_wrong_is_said_and_the_device_let_go(made: FakeDevice, why: str) -> None:
    camera = V4l2Camera(library=FakeVideo(made))
    with pytest.raises(DeviceError, match=why):
        camera.capture()
    assert made.open == 0


def test_one_that_was_unplugged_is_found_again() -> None:
    video = FakeVideo(device())
    camera = V4l2Camera(library=video)
    check_frame(camera.capture())
    unplugged = video.devices.pop("/dev/video0")
    with pytest.raises(DeviceError, match="no USB camera"):
        camera.capture()
    video.devices["/dev/video3"] = unplugged
    check_frame(camera.capture())


def test_of_several_the_named_one_is_taken() -> None:
    path = "/dev/v4l/by-id/usb-Example_Cam-video-index0"
    video = FakeVideo(device(DARK), FakeDevice(path, [JPEG], bus_info="platform:anything"))
    assert V4l2Camera(library=video).capture() == DARK
    assert V4l2Camera(device=path, library=video).capture() == JPEG
    with pytest.raises(DeviceError, match="there is no /dev/video9"):
        V4l2Camera(device="/dev/video9", library=video).capture()


def test_the_real_library_says_that_there_is_no_device() -> None:
    with pytest.raises(DeviceError, match="there is no /dev/video-of-nobody"):
        V4l2Camera(device="/dev/video-of-nobody").capture()


def test_a_device_that_is_no_camera_is_refused_by_the_real_library() -> None:
    with pytest.raises(DeviceError, match="offers no format that is understood"):
        V4l2Camera(device="/dev/null").capture()


@pytest.mark.parametrize("value", ["", "/dev/video0", "/dev/v4l/by-id/usb-046d_0825_1A2B-video-index0"])
def test_a_path_of_a_device_may_be_set(value: str) -> None:
    settings: ConfigSettings = V4l2Camera.settings
    assert settings["device"].check(value) == ""


@pytest.mark.parametrize("value", ["video0", "/etc/passwd", "/dev/../etc/passwd", "/dev/a b"])
def test_anything_else_may_not(value: str) -> None:
    settings: ConfigSettings = V4l2Camera.settings
    assert settings["device"].check(value)


def test_choosing_it_loads_no_library() -> None:
    program = "import sys, agent.drivers.v4l2_camera; print([m for m in sys.modules if m.startswith('linuxpy')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
