"""The pictures come from the real programs: the kiosk in foot, by the unit's command line, on a headless screen."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageColor

from firmware_scripts.pictures.kiosk import take
from firmware_scripts.pictures.stage import NORMAL, SCREENS, Screen
from kiosk_tui.drawing import theme
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples

DAY = theme.COLOURS["day"]


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_home_touch_and_question_are_drawn(tmp_path: Path, screen: Screen) -> None:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME, samples.one_question_level) as agent:
        files = take(agent.path, tmp_path, touch=lambda: agent.send(samples.GREEN), screen=screen)
    suffix = "" if screen == NORMAL else f"-{screen}"
    assert [path.name for path in files] == [f"kiosk-{name}{suffix}.png" for name in ("home", "touch", "question")]
    pictures = [Image.open(io.BytesIO(path.read_bytes())).convert("RGB") for path in files]
    assert [picture.size for picture in pictures] == [(screen.width, screen.height)] * 3
    assert [_commonest(picture) for picture in pictures] == list(
        map(
            ImageColor.getrgb,
            (DAY["paper"], DAY["green-lamp"], DAY["paper"]),
        )
    )
    assert {picture.getpixel((screen.width - 1, screen.height - 1)) for picture in pictures} <= {
        ImageColor.getrgb(colour) for colour in (DAY["paper"], DAY["green-lamp"], DAY["band"])
    }, "what is left around the cells is paper"


def _commonest(picture: Image.Image) -> object:
    counts = picture.getcolors(maxcolors=1 << 24) or []
    return max(counts, key=lambda count: count[0])[1]
