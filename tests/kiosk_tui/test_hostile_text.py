"""Names and texts as people and other programs write them: long, turned round, unseen, and made to steer a terminal."""

import re
import unicodedata
from collections.abc import Callable

import msgspec
import pytest

from kiosk_tui.drawing.textsize import SMALLEST
from kiosk_tui.flow import Flow
from protocol.kiosk import ToKiosk, decode_from_agent, encode_line
from protocol.refusal import Refused
from tests.kiosk_tui.rig import STATES, Rig

HOSTILE = "\x1b]0;\x07\x9bJ\u202e\u200b👧\u200d[bold]"
"""Renames the window and clears the screen; turns the direction; signs without width, half an emoji of two, and
Textual's own markup."""
LONG = "示例阿卜杜热西提·买买提艾力·" * 3
_CHINESE = re.compile("[\u4e00-\u9fff]")
SHOWN = [
    "home-noticed",
    "touch-in",
    "notice",
    "visit",
    "help-seen",
    "question-single",
    "visit-map",
    "visit-pack",
    "visit-amended",
    "visit-over",
    "follow-answered",
    "find-some",
    "home-live",
]
"""One state of each kind of screen with words from outside."""


def spoilt(message: ToKiosk, spoil: Callable[[str], str]) -> ToKiosk:
    """Return a message whose Chinese words are spoilt, as far as the contract lets it pass."""

    def walk(value: object) -> object:
        match value:
            case str() if _CHINESE.search(value):
                return spoil(value)
            case list():
                return [walk(one) for one in value]
            case dict():
                return {key: walk(one) for key, one in value.items()}
        return value

    raw = msgspec.json.decode(encode_line(message))
    try:
        return decode_from_agent(msgspec.json.encode(walk(raw)))
    except Refused:
        return message


async def shown(
    state: str, spoil: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> list[str]:
    """Return the lines of a state's screen where the agent's words are spoilt."""
    take = Flow.agent_said
    monkeypatch.setattr(Flow, "agent_said", lambda flow, message: take(flow, spoilt(message, spoil)))
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        STATES[state](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        return rig.lines()


@pytest.mark.parametrize("state", SHOWN)
async def test_no_sign_reaches_the_terminal_that_steers_it_or_that_nobody_sees(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = await shown(state, lambda text: HOSTILE + text, monkeypatch, (80, 24))
    assert [sign for line in lines for sign in line if unicodedata.category(sign)[0] == "C"] == []
    assert "[bold]" in "".join("".join(lines).split()), "nothing hostile came so far"


@pytest.mark.parametrize("state", ["touch-in", "visit", "home", "today"])
async def test_a_name_of_forty_characters_breaks_no_line(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = await shown(state, lambda text: LONG[:40] if "示例" in text else text, monkeypatch, SMALLEST)
    assert len(lines) == SMALLEST[1]
    assert {sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line) for line in lines} == {
        SMALLEST[0]
    }
    assert any("示例阿卜杜" in line for line in lines)
