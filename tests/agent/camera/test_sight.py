"""Black, covered and frozen are found; a room is a room, by day and by night."""

from pathlib import Path

import pytest
from PIL import Image

from agent.camera.sight import BLACK_LEVEL, FROZEN_AFTER, Sight
from agent.camera.stills import read_frame
from agent.drivers.simulated_camera import SimulatedCamera
from agent.ports import Suspect
from tests.agent.camera import drawn


def seen(image: Image.Image) -> Suspect:
    return Sight().judge(image)


@pytest.mark.parametrize("light", [1.3, 1.0, 0.5, 0.2, 0.1])
@pytest.mark.parametrize("noise", [0.0, 2.0, 8.0])
def test_a_room_is_a_room_by_day_and_by_night(light: float, noise: float) -> None:
    assert seen(drawn.room(light=light, noise=noise)) == ""


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_a_room_whose_brightest_spot_is_darker_than_the_limit_is_dim_and_not_black(noise: float) -> None:
    assert not any(drawn.room(light=0.06, noise=0).convert("L").histogram()[BLACK_LEVEL:])
    assert seen(drawn.room(light=0.06, noise=noise)) == ""


def test_a_room_with_one_small_lamp_is_not_black() -> None:
    night = Image.new("RGB", drawn.SIZE, (3, 3, 4))
    night.paste((60, 60, 40), (300, 100, 390, 170))
    assert seen(drawn.noisy(night, noise=4, seed=1)) == ""


@pytest.mark.parametrize("level", [0, 4, 12, 18])
@pytest.mark.parametrize("noise", [0.0, 3.0, 8.0])
def test_a_cap_on_the_lens_is_black(level: int, noise: float) -> None:
    assert seen(drawn.noisy(Image.new("RGB", drawn.SIZE, (level,) * 3), noise=noise, seed=1)) == "black"


@pytest.mark.parametrize("colour", [(150, 80, 60), (90, 30, 20), (240, 240, 235), (60, 60, 60)])
@pytest.mark.parametrize("noise", [0.0, 3.0, 8.0])
def test_a_hand_or_paper_before_the_lens_is_covered(colour: drawn.Colour, noise: float) -> None:
    assert seen(drawn.covered(colour, noise=noise)) == "covered"
    assert seen(drawn.noisy(Image.new("RGB", drawn.SIZE, colour), noise=noise, seed=2)) == "covered"


def test_a_camera_that_repeats_itself_is_frozen() -> None:
    sight = Sight()
    still = drawn.room()
    assert [sight.judge(still) for _ in range(FROZEN_AFTER + 2)] == [""] * FROZEN_AFTER + ["frozen"] * 2
    assert sight.judge(drawn.room(seed=9)) == ""
    assert sight.judge(still) == "", "one that moved in between is alive"


@pytest.mark.parametrize("quality", [95, 80, 60])
def test_an_empty_room_in_which_nothing_moves_is_not_frozen(quality: int) -> None:
    """A quiet sensor's noise is enough, also after the camera's own JPEG."""
    sight = Sight()
    for seed in range(2 * FROZEN_AFTER):
        image = drawn.room(noise=1.0, seed=seed)
        assert sight.judge(reread(image, quality)) == ""


def reread(image: Image.Image, quality: int) -> Image.Image:
    return read_frame(drawn.jpeg_frame(image, quality=quality))


def test_the_simulated_camera_is_not_frozen(tmp_path: Path) -> None:
    sight, camera = Sight(), SimulatedCamera(station="test-0001", folder=tmp_path)
    assert [sight.judge(read_frame(camera.capture())) for _ in range(2 * FROZEN_AFTER)] == [""] * 2 * FROZEN_AFTER
