"""The kiosk's QR code can be read off its smallest screen, by a reader that shares no code with what drew it."""

import pytest
import zxingcpp
from PIL import Image

from kiosk_tui.drawing.qr import LEAST_QUIET, qr_code
from kiosk_tui.views.common import PhoneView, VisitView
from kiosk_tui.words import common as words
from protocol.kiosk import Sorry
from protocol.kiosk_visits import ShowPhoneCode
from protocol.phone_link import CODE_LETTERS, new_code, phone_address
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import SIZES, STATES, Rig
from tests.kiosk_tui.test_visits import Kiosk

CELL = 6
"""Pixels of a module in the picture that is read."""
SURROUND = 60


def picture(lines: list[str], *, ground: int) -> Image.Image:
    """Draw half blocks as a screen does, in the middle of another ground."""
    width, height = len(lines[0]) * CELL, len(lines) * 2 * CELL
    drawn = Image.new("L", (width + 2 * SURROUND, height + 2 * SURROUND), ground)
    drawn.paste(255, (SURROUND, SURROUND, SURROUND + width, SURROUND + height))
    for row, line in enumerate(lines):
        for column, block in enumerate(line):
            for half, inked in enumerate((block in "▀█", block in "▄█")):
                if inked:
                    x, y = SURROUND + column * CELL, SURROUND + (2 * row + half) * CELL
                    drawn.paste(0, (x, y, x + CELL, y + CELL))
    return drawn


def read(lines: list[str], *, ground: int = 0) -> str:
    [found] = zxingcpp.read_barcodes(picture(lines, ground=ground))
    return str(found.text)


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("door", ["https://door.example.gov.cn", "https://127.0.0.1:28443", "https://d.example"])
def test_a_code_is_read_off_every_size(door: str, size: tuple[int, int], ground: int) -> None:
    address = phone_address(door, new_code())
    lines = qr_code(address, columns=size[0] - 20, lines=size[1])
    assert lines is not None
    assert len(lines) <= size[1]
    assert len(lines[0]) <= size[0] - 20
    # Scheme and host count the same in capitals; path and code are capitals already.
    assert read(lines, ground=ground).lower() == address.lower()
    assert read(lines, ground=ground).endswith(address[address.index("/K#") :])


def test_the_quiet_zone_is_light() -> None:
    lines = qr_code(phone_address("https://d.example", new_code()), columns=33, lines=15)
    assert lines is not None
    assert lines[0].strip() == ""
    assert all(line[:LEAST_QUIET].strip() == "" and line[-LEAST_QUIET:].strip() == "" for line in lines)


def test_an_address_that_does_not_fit_is_no_code() -> None:
    assert qr_code(samples.PHONE_CODE_LONGEST.address, columns=33, lines=15) is None


def test_3_asks_for_a_code_and_0_leads_back() -> None:
    kiosk = Kiosk("visit-with-phone")
    kiosk.press("3")
    assert kiosk.said == [ShowPhoneCode(visit=samples.VISIT.visit)]
    assert kiosk.flow.view() == PhoneView(samples.VISIT.visit, None, "")
    kiosk.flow.agent_said(samples.PHONE_CODE)
    assert kiosk.flow.view() == PhoneView(samples.VISIT.visit, samples.PHONE_CODE, "")
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), VisitView)


@pytest.mark.parametrize("reason", ["no_line", "no_time", "touch_again", "not_recorded"])
def test_why_there_is_no_code_is_said(reason: str) -> None:
    kiosk = Kiosk("visit-phone-asked")
    kiosk.flow.agent_said(Sorry(reason=reason))
    assert kiosk.flow.view() == PhoneView(samples.VISIT.visit, None, reason)
    assert words.sorry(reason) != words.SORRY["malformed"]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_code_on_the_screen_is_read(size: tuple[int, int]) -> None:
    """Through Textual, as the terminal gets it."""
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        STATES["visit-phone"](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        shown = rig.app.screen.query_one("PixelArt")
        lines = list(shown.lines)  # type: ignore[attr-defined]
        assert shown.region.height == len(lines) <= size[1]
        assert shown.region.width == len(lines[0])
        assert read(lines).endswith("/K#" + samples.PHONE_CODE.code)
        assert len(samples.PHONE_CODE.code) == CODE_LETTERS
        text = "".join(segment.text for line in rig.app.screen._compositor.render_strips() for segment in line)
        assert "2345 6789 ABCD" in text
