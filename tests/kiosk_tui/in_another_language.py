"""Walk through every state of the kiosk in the language of the environment, and tell what is left of Chinese.

``python -m tests.kiosk_tui.in_another_language`` writes the lines of each screen as JSON. A program of its own, because
a kiosk's language is fixed when it starts. What the county sends is Chinese: before the kiosk gets it, each Chinese
character becomes a Korean one, which is as wide. So what is Chinese on a screen is the kiosk's own.
"""

import asyncio
import json
import sys
from typing import Any

import msgspec

from kiosk_tui.flow import Flow
from protocol.kiosk import ToKiosk
from tests.kiosk_tui.rig import STATES, Rig, drawn
from tests.kiosk_tui.sentences import CHINESE

SIZE = (80, 22)
OF_THE_COUNTY = "가"


class KoreanCounty(Flow):
    """A kiosk whose county writes no Chinese."""

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message without its Chinese."""
        super().agent_said(msgspec.convert(_without(msgspec.to_builtins(message)), type(message)))


def _without(content: Any) -> Any:
    if isinstance(content, str):
        return CHINESE.sub(OF_THE_COUNTY, content)
    if isinstance(content, list):
        return [_without(one) for one in content]
    if isinstance(content, dict):
        return {key: _without(one) for key, one in content.items()}
    return content


async def screens(states: list[str]) -> dict[str, list[str]]:
    """Return the lines of each screen."""
    rig = Rig()
    found = {}
    async with rig.app.run_test(size=SIZE) as pilot:
        for state in states:
            rig.app.flow = KoreanCounty(mono_ms=rig.clock, say=rig.link.say)
            STATES[state](rig.app.flow, rig.clock)
            await rig.settle(pilot)
            found[state] = [strip.text.rstrip() for strip in drawn(rig.app)]
    return found


if __name__ == "__main__":
    json.dump(asyncio.run(screens(sys.argv[1:] or list(STATES))), sys.stdout)
