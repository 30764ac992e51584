"""A question as somebody who writes it sees it: by the kiosk's own screens, as a picture for a browser."""

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from kiosk_tui.drawing.svg import CELL_HEIGHT, CELL_WIDTH
from kiosk_tui.drawn import draw
from protocol.codec import decode, encode
from protocol.kiosk_drawing import MAX_DRAWN_BYTES, Drawn, QuestionToDraw, ToDraw
from protocol.packs import Question
from tests.kiosk_tui import learning_samples

SVG = "{http://www.w3.org/2000/svg}"
QUESTION = Question(
    id="q1",
    kind="single",
    stem="示例：<script>alert(1)</script> & 红色？",
    options=["示例甲", "示例乙"],
    answer=[1],
    explanation="示例解释。",
    source="《示例办法》第一条",
    picture="sign.jpg",
)


def asked(picture: bytes = b"", *, size: tuple[int, int] = (80, 22)) -> ToDraw:
    one = QuestionToDraw(title="示例", level="第一关", sample=True, question=QUESTION, picture=picture)
    return ToDraw(columns=size[0], rows=size[1], questions=[one])


def words(svg: str) -> str:
    return "".join(one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("size", [(80, 22), (53, 15)])
async def test_both_screens_say_what_the_kiosk_says(size: tuple[int, int]) -> None:
    (drawn,) = (await draw(asked(size=size))).questions
    assert QUESTION.stem in words(drawn.asked)
    assert all(option in words(drawn.asked) for option in QUESTION.options)
    assert "第一关" in words(drawn.asked)
    assert all(text in words(drawn.marked) for text in ("答对了", "示例乙", QUESTION.explanation, QUESTION.source))
    root = ET.fromstring(drawn.asked)
    assert (root.get("width"), root.get("height")) == (str(size[0] * CELL_WIDTH), str(size[1] * CELL_HEIGHT))
    assert {one.tag for one in root.iter()} == {f"{SVG}svg", f"{SVG}rect", f"{SVG}text"}, "nothing that runs or loads"


async def test_a_text_takes_as_much_room_as_its_cells() -> None:
    (drawn,) = (await draw(asked())).questions
    option = next(one for one in ET.fromstring(drawn.asked).iter(f"{SVG}text") if one.text == "示例甲")
    assert option.get("textLength") == str(6 * CELL_WIDTH)


async def test_its_picture_is_drawn_as_the_kiosk_draws_it() -> None:
    (without,) = (await draw(asked())).questions
    (drawn,) = (await draw(asked(learning_samples.SIGN.content))).questions
    colours = {one.get("fill") for one in ET.fromstring(drawn.asked).iter(f"{SVG}rect")}
    assert len(colours) > len({one.get("fill") for one in ET.fromstring(without.asked).iter(f"{SVG}rect")})
    assert "▀" not in drawn.asked, "half blocks are areas"


def test_it_is_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk_tui.drawn"], input=encode(asked()), capture_output=True, check=True, timeout=60
    )
    (drawn,) = decode(done.stdout, Drawn, limit=MAX_DRAWN_BYTES).questions
    assert QUESTION.stem in words(drawn.asked)
