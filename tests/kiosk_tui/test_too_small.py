"""In a window smaller than the screens are made for a touch is answered, and no key means what nobody sees."""

import pytest

from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import STATES, Rig

TOO_SMALL = "屏幕设置不对，请叫装机员"
TOUCHES = {
    "touch-in": "✓打卡成功·上班张示例08:06",
    "touch-unknown": "！已记录，待县里核对08:06这张卡还没有登记，核对以后照样算数。",
    "touch-not-recorded": "×没有记录本站存满了，请联系镇办。",
}


@pytest.mark.parametrize("size", [(52, 15), (53, 14), (30, 6)], ids=str)
@pytest.mark.parametrize("state", TOUCHES)
async def test_a_touch_is_answered(state: str, size: tuple[int, int]) -> None:
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        STATES[state](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        assert rig.text() == TOUCHES[state]
        await pilot.press("1", "0", "enter")
        await rig.settle(pilot)
        assert rig.text() == TOUCHES[state]
        assert rig.link.said == []
        rig.clock.pass_s(20)
        await rig.settle(pilot)
        assert rig.text() == TOO_SMALL


@pytest.mark.parametrize("state", ["home", "map", "question-single", "away"])
async def test_everything_else_says_whom_to_call(state: str) -> None:
    rig = Rig()
    async with rig.app.run_test(size=(52, 14)) as pilot:
        STATES[state](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        assert rig.text() == TOO_SMALL


async def test_keys_pressed_unseen_have_done_nothing() -> None:
    rig = Rig()
    async with rig.app.run_test(size=(52, 15)) as pilot:
        rig.app.flow.agent_said(samples.HOME)
        await pilot.press("1", "1", "1", "9", "asterisk", "enter")
        await pilot.resize_terminal(53, 15)
        await rig.settle(pilot)
        assert samples.HOME.village in rig.text()
        assert "打卡" in rig.text()
        assert rig.link.said == []
