"""Draw every state of the kiosk in the language of the environment, with a county that writes no Chinese.

``python -m tests.kiosk_tui.in_another_language`` writes the lines of each screen as JSON. A program of its own, because
a kiosk's language is fixed when it starts. Before the kiosk gets what the county sends, each Chinese character in it
becomes a Korean one, which is as wide. So what is Chinese on a screen is the kiosk's own.
"""

import asyncio
import json
import sys
from typing import Any, cast

import msgspec

from kiosk_tui.flow import Flow
from protocol.kiosk import ToKiosk
from tests.kiosk_tui.drawing import easel
from tests.kiosk_tui.edges import DRAWN
from tests.kiosk_tui.rig import HandClock, Way
from tests.kiosk_tui.sentences import CHINESE

SIZE = (80, 22)
OF_THE_COUNTY = "가"


class KoreanCounty:
    """A kiosk's flow whose county writes no Chinese."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flow, name)

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message without its Chinese."""
        self._flow.agent_said(_without(message))


def _without(content: Any) -> Any:
    if isinstance(content, str):
        return CHINESE.sub(OF_THE_COUNTY, content)
    if isinstance(content, list | tuple):
        return type(content)(_without(one) for one in content)
    if isinstance(content, dict):
        return {key: _without(one) for key, one in content.items()}
    if isinstance(content, msgspec.Struct):
        fields = {name: _without(getattr(content, name)) for name in content.__struct_fields__}
        return msgspec.structs.replace(content, **fields)
    return content


def _from_korea(way: Way) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        way(cast(Flow, KoreanCounty(flow)), clock)

    return go


async def screens(states: list[str]) -> dict[str, list[str]]:
    """Return the lines of each screen."""
    async with easel() as ready:
        return {
            state: [strip.text.rstrip() for strip in await ready.draw(_from_korea(DRAWN[state]), SIZE)]
            for state in states
        }


if __name__ == "__main__":
    json.dump(asyncio.run(screens(sys.argv[1:] or list(DRAWN))), sys.stdout)
