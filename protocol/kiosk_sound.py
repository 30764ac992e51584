"""Sound on the kiosk socket: what can be heard here, and what is to be said or to fall silent."""

from typing import Annotated

from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.units import CodeWord, ShortText

MAX_LINES = 12
"""The most sentences that are said one after another for one screen."""

# Agent to kiosk.


class SoundShown(Line, frozen=True, kw_only=True, tag="sound"):
    """Which of the kiosk's sentences (`protocol.spoken_lines`) and which question can be heard here now; sent at each
    change. A kiosk that has not heard it offers no sound."""

    lines: Annotated[list[CodeWord], Meta(max_length=1_000)] = []
    run: ShortText = ""
    question: ShortText = ""
    """The question of this run can be heard, too."""


# Kiosk to agent.


class Play(Line, frozen=True, kw_only=True, tag="play"):
    """Somebody wants to hear what is on the screen: these sentences in their order, then the question of this run.

    Whatever sounded before ends.
    """

    lines: Annotated[list[CodeWord], Meta(max_length=MAX_LINES)] = []
    run: ShortText = ""
    """Empty: no question."""


class AskSound(Line, frozen=True, kw_only=True, tag="ask_sound"):
    """A question of a run stands on the screen of a kiosk that took another one's place; the answer is `SoundShown`."""

    run: ShortText


class StopSound(Line, frozen=True, kw_only=True, tag="stop"):
    """What is being said is no longer on the screen."""
