"""A screen that outlives its program: what a kiosk shows is kept with the agent, for the kiosk that comes in its place.

A kiosk that crashed or hung is started again within seconds, by whoever started it (`kiosk_tui/watching/watch.py`). It
knows a token that the one before knew, and no other kiosk does.
"""

from typing import Annotated

from msgspec import Meta

from protocol.kiosk_line import Line

MAX_STATE_CHARACTERS = 16_000
"""Of a state. Each takes three bytes of a line at most, so that the line is never too long."""

type KioskToken = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""Random, one for each run of the program that starts kiosks."""
type KioskState = Annotated[str, Meta(max_length=MAX_STATE_CHARACTERS)]
"""What a kiosk shows, in its own words. The agent does not read it."""

# Agent to kiosk.


class Kept(Line, frozen=True, kw_only=True, tag="kept"):
    """What was kept for this token; empty if nothing was. A visit that goes on here was shown before it."""

    state: KioskState = ""


# Kiosk to agent.


class Hello(Line, frozen=True, kw_only=True, tag="hello"):
    """A kiosk takes the place of the one that knew this token; the answer is `Kept`."""

    token: KioskToken
    fresh: bool = False
    """It wants nothing of before: what was kept is dropped, and a visit that ran there has ended."""


class Keep(Line, frozen=True, kw_only=True, tag="keep"):
    """Keep this state in place of the one before. Only after `Hello`; there is no answer."""

    state: KioskState
