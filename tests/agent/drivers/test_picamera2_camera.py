"""The ribbon camera, over a stand-in for picamera2 (0.3.38); the rig has the real library.

No test has a real Pi yet.
"""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.drivers.picamera2_camera import SETTLE_FRAMES, Picamera2Camera
from agent.ports import DeviceError
from tests.agent.camera import drawn
from tests.agent.camera.camera_contract import check_camera

ROOT = Path(__file__).parents[3]


class FakePicamera2:
    """One camera; ``fails`` is raised by the step of that name."""

    def __init__(self, steps: list[str], fails: dict[str, Exception]) -> None:
        self._steps, self._fails = steps, fails
        self._step("open")

    def _step(self, name: str) -> None:
        self._steps.append(name)
        if name in self._fails:
            raise self._fails[name]

    def create_still_configuration(self, *, main: dict[str, Any], raw: None, buffer_count: int) -> dict[str, Any]:
        assert (raw, buffer_count) == (None, 2)
        return {"main": main}

    def configure(self, configuration: dict[str, Any]) -> None:
        self._step("configure")
        self._main = configuration["main"]

    def start(self) -> None:
        self._step("start")

    def drop_frames(self, number: int, *, wait: float) -> None:
        assert (number, wait > 0) == (SETTLE_FRAMES, True)
        self._step("drop")

    def capture_buffer(self, name: str, *, wait: float) -> Any:
        assert (name, wait > 0) == ("main", True)
        self._step("capture")
        return SimpleNamespace(tobytes=lambda: FRAME.data)

    def camera_configuration(self) -> dict[str, Any]:
        assert self._main == {"size": (640, 480), "format": "NV12"}
        return {"main": {**self._main, "stride": FRAME.stride}}

    def close(self) -> None:
        self._step("close")


FRAME = drawn.nv12(drawn.room(), padding=128, full_range=True)


def library(steps: list[str], **fails: Exception) -> Any:
    def opened(number: int) -> FakePicamera2:
        if number:
            raise RuntimeError(f"No camera number {number} found")
        return FakePicamera2(steps, fails)

    return SimpleNamespace(Picamera2=opened)


def test_it_keeps_the_contract_and_is_open_only_for_a_picture() -> None:
    steps: list[str] = []
    frames = check_camera(Picamera2Camera(library=library(steps)))
    assert frames == [FRAME] * 4
    assert steps == ["open", "configure", "start", "drop", "capture", "close"] * 4


@pytest.mark.parametrize(
    ("step", "error", "why"),
    [
        ("configure", RuntimeError("Failed to configure"), "the camera fails: Failed to configure"),
        ("start", OSError(19, "No such device"), "No such device"),
        ("drop", TimeoutError(), "the camera fails: TimeoutError"),
        ("capture", TimeoutError(), "the camera fails: TimeoutError"),
    ],
)
def test_what_is_wrong_is_said_and_the_camera_let_go(step: str, error: Exception, why: str) -> None:
    steps: list[str] = []
    with pytest.raises(DeviceError, match=why):
        Picamera2Camera(library=library(steps, **{step: error})).capture()
    assert steps[-2:] == [step, "close"]


def test_one_that_can_not_be_opened_or_is_not_there_is_said() -> None:
    busy = RuntimeError("Camera __init__ sequence did not complete.")
    with pytest.raises(DeviceError, match="the camera fails: Camera __init__ sequence did not complete"):
        Picamera2Camera(library=library([], open=busy)).capture()
    with pytest.raises(DeviceError, match="No camera number 1 found"):
        Picamera2Camera(number=1, library=library([])).capture()


def test_without_the_library_every_picture_says_so() -> None:
    with pytest.raises(DeviceError, match="picamera2 can't be loaded"):
        Picamera2Camera().capture()


PREVIEWS = """\
try:
    import kms as pykms
    from kms import PixelFormats as PixelFormat
except ImportError:
    import pykms
    from pykms import PixelFormat
FORMATS = {"RGB888": PixelFormat.RGB888}
"""
"""How picamera2 0.3.38 loads what draws its previews (picamera2/previews/drm_preview.py)."""


@pytest.mark.parametrize("there", [False, True], ids=["Debian", "with pykms"])
def test_it_is_loaded_on_a_machine_without_what_draws_previews(tmp_path: Path, there: bool) -> None:
    (tmp_path / "picamera2.py").write_text(PREVIEWS)
    if there:
        (tmp_path / "pykms.py").write_text("class PixelFormat:\n    RGB888 = 'of pykms'\n")
    code = "from agent.drivers.picamera2_camera import load; load(); print(load().FORMATS['RGB888'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == ("of pykms" if there else "RGB888"), done.stderr
