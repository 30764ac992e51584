"""The ribbon camera's driver by the real picamera2 and libcamera, on libcamera's virtual camera instead of a sensor."""

from pathlib import Path
from typing import Any

import pytest

from agent.camera.stills import make_still, read_frame
from agent.drivers.picamera2_camera import Picamera2Camera
from agent.ports import DeviceError
from tests.agent.camera.camera_contract import check_camera
from tests.agent.camera.drawn import opened
from tests.rig import picamera2_shim
from tests.rig.camera_child import answers

DRIVER = "picamera2"
pytestmark = pytest.mark.timeout(600)
"""In an emulator that shares its processor, loading numpy and picamera2 alone may take a minute."""
STACK = "picamera2 0.3.38, libcamera 0.4.0, its virtual pipeline, with the rig's shim"


@pytest.fixture(scope="module")
def library() -> Any:
    picamera2_shim.plug_in()
    return picamera2_shim.library()


def test_it_keeps_the_contract_and_lets_the_camera_go_each_time(library: Any) -> None:
    frames = check_camera(Picamera2Camera(library=library))
    assert {(frame.layout, frame.width, frame.height) for frame in frames} == {("nv12", 640, 480)}


def test_the_bars_come_out_as_bars(library: Any) -> None:
    still = opened(make_still(read_frame(Picamera2Camera(library=library).capture())))
    row = [still.getpixel((x, still.height // 2)) for x in range(20, still.width, 40)]
    assert len({tuple(level // 64 for level in colour) for colour in row if isinstance(colour, tuple)}) >= 6


def test_a_number_without_a_camera_is_said(library: Any) -> None:
    with pytest.raises(DeviceError, match="No camera number 3 found"):
        Picamera2Camera(number=3, library=library).capture()


def test_a_camera_that_another_program_has_is_said(library: Any) -> None:
    other = library.Picamera2(0)
    try:
        with pytest.raises(DeviceError, match="the camera fails"):
            Picamera2Camera(library=library).capture()
    finally:
        other.close()
    assert Picamera2Camera(library=library).capture().data


def test_the_cameras_process_takes_pictures_within_its_limits(library: Any, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    assert answers("picamera2", {}, spool) == ["ok", "ok"]
    assert sorted(path.name for path in spool.iterdir()) == ["random-none-0-0.jpg", "random-none-0-1.jpg"]
