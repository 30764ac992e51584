"""Three sizes of text: `/` goes from one to the next on every screen, and the village's comes back by itself."""

import msgspec
import pytest

from kiosk_tui.drawing.textsize import LAYOUTS, READABLE_PX, SIZE_NAMES, SMALLEST, TextSize, fitting
from kiosk_tui.flow import Flow
from kiosk_tui.views.common import HelpView
from kiosk_tui.views.learning import QuestionView
from kiosk_tui.words import session as words_session
from protocol.kiosk_visits import EndVisit, VisitShown
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import STATES, HandClock, OpenKiosk, press

SHOWN = [state for state in STATES if not state.startswith(("away", "idle", "rest"))]


def test_slash_changes_the_size_and_nothing_else_on_every_screen() -> None:
    for state in SHOWN:
        kiosk = OpenKiosk(state)
        before = kiosk.flow.view()
        sizes = [kiosk.flow.text_size()]
        for _ in SIZE_NAMES:
            kiosk.clock.pass_s(0.3)  # the same key sooner than that is a key held down
            kiosk.flow.painted(before)
            press(kiosk.flow, kiosk.clock, "text_size")
            sizes.append(kiosk.flow.text_size())
        assert sizes == ["normal", "large", "largest", "normal"], state
        assert type(kiosk.flow.view()) is type(before) or state.startswith("touch")
        assert kiosk.said == []


def test_an_answer_to_whoever_is_still_there_changes_no_size() -> None:
    for state in ("away", "idle", "rest"):
        kiosk = OpenKiosk(state)
        kiosk.press("text_size")
        assert kiosk.flow.text_size() == "normal"


def test_the_villages_size_holds_until_somebody_chooses_and_after_two_minutes_at_home() -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(msgspec.structs.replace(samples.HOME, text_size="large"))
    assert kiosk.flow.text_size() == "large"
    kiosk.press("text_size")
    kiosk.clock.pass_s(119)
    kiosk.flow.view()
    assert kiosk.flow.text_size() == "largest"
    kiosk.clock.pass_s(2)
    kiosk.flow.view()
    assert kiosk.flow.text_size() == "large"


def test_a_size_lasts_into_a_visit_and_ends_with_it() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("text_size")
    kiosk.flow.agent_said(samples.VISIT)
    assert kiosk.flow.text_size() == "large"
    kiosk.press("0")
    assert kiosk.said == [EndVisit(visit=samples.VISIT.visit)]
    assert kiosk.flow.text_size() == "normal"


@pytest.mark.parametrize("ended", ["card", "restart", "time"])
def test_the_agents_end_of_a_visit_ends_its_size(ended: str) -> None:
    kiosk = OpenKiosk("visit")
    kiosk.press("text_size")
    kiosk.flow.agent_said(msgspec.convert({**_plain(samples.VISIT), "ended": ended}, VisitShown))
    assert kiosk.flow.text_size() == "normal"


def _plain(shown: VisitShown) -> dict[str, object]:
    return msgspec.structs.asdict(shown)


@pytest.mark.parametrize("why", [words_session.SIZE_BY_TERMINAL, words_session.SIZE_BY_SCREEN])
def test_where_there_is_one_size_only_slash_says_so_and_0_leads_back(why: str) -> None:
    clock = HandClock()
    flow = Flow(mono_ms=clock, say=lambda _: None, one_size=why)
    STATES["pack"](flow, clock)
    before = flow.view()
    press(flow, clock, "text_size")
    assert flow.view() == HelpView(why)
    press(flow, clock, "text_size")
    press(flow, clock, "0")
    assert flow.view() == before
    assert flow.text_size() == "normal"


@pytest.mark.parametrize("why", [words_session.SIZE_BY_TERMINAL, words_session.SIZE_BY_SCREEN])
def test_at_a_question_slash_says_so_beside_it(why: str) -> None:
    clock = HandClock()
    flow = Flow(mono_ms=clock, say=lambda _: None, one_size=why)
    STATES["question-multiple"](flow, clock)
    before = flow.view()
    assert isinstance(before, QuestionView)
    press(flow, clock, "text_size")
    assert flow.view() == msgspec.structs.replace(before, note=why)
    press(flow, clock, "7")
    assert flow.view() == before


@pytest.mark.parametrize("width", [640, 800, 1024, 1280, 1366, 1440, 1920, 3840])
@pytest.mark.parametrize("height", [480, 600, 720, 768, 900, 1080, 2160])
def test_every_size_has_room_for_a_layout_in_letters_that_can_be_read(width: int, height: int) -> None:
    sizes = fitting(width, height)
    columns, rows = _cells(sizes.normal, width, height)
    assert any(columns >= layout[0] and rows >= layout[1] for layout in LAYOUTS)
    for name in SIZE_NAMES:
        size = sizes.named(name)
        columns, rows = _cells(size, width, height)
        assert columns >= SMALLEST[0]
        assert rows >= SMALLEST[1]
        assert size.font_px >= READABLE_PX
        assert size.line_px <= size.font_px * 1.25


def _cells(size: TextSize, width: int, height: int) -> tuple[int, int]:
    return width // (-(-size.font_px // 2) + size.letter_px), height // size.line_px


def test_on_a_television_the_largest_text_is_at_least_four_tenths_larger() -> None:
    for width, height in ((1920, 1080), (1366, 768), (1280, 720), (3840, 2160)):
        sizes = fitting(width, height)
        assert sizes.named("largest").font_px >= 1.4 * sizes.normal.font_px


def test_a_screen_too_small_for_readable_letters_has_the_smallest_layout_and_one_size() -> None:
    sizes = fitting(480, 320)
    assert _cells(sizes.normal, 480, 320) == SMALLEST
    assert sizes.step_px == 0
