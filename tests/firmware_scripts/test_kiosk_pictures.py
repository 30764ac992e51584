"""The pictures come from the real programs: the kiosk in foot, on a headless screen."""

import io
from pathlib import Path

from PIL import Image, ImageColor

from firmware_scripts.pictures.kiosk import take
from kiosk_tui import theme
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples
from tests.kiosk_tui.test_kiosk_and_agent import one_question_level


def test_home_touch_and_question_are_drawn(tmp_path: Path) -> None:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME, one_question_level) as agent:
        files = take(agent.path, tmp_path, touch=lambda: agent.send(samples.GREEN))
    assert [path.name for path in files] == ["kiosk-home.png", "kiosk-touch.png", "kiosk-question.png"]
    grounds = [_commonest(path) for path in files]
    assert grounds == [ImageColor.getrgb(colour) for colour in (theme.PAPER, theme.GREEN, theme.PAPER)]


def _commonest(path: Path) -> tuple[int, ...]:
    picture = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    assert picture.size == (1280, 720)
    counts = picture.getcolors(maxcolors=1 << 24) or []
    colour = max(counts)[1]
    assert isinstance(colour, tuple)
    return colour
