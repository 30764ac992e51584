"""Kiosks and an agent with the bugs that this proof must catch: ``python -m tests.proofs.keys.planted BUG ARGUMENT
…``."""

import sys
from collections.abc import Callable
from copy import replace
from typing import cast

from agent import cli as agent_cli
from agent.clocking import desk
from agent.clocking.direction_correction import CHOOSE_WITHIN_MS, Offer, Wish
from kiosk_tui import watched as kiosk
from kiosk_tui.flow import Flow
from kiosk_tui.guard import KeyGuard
from kiosk_tui.terminal.keys import Key
from protocol.facts import DirectionChosen
from protocol.kiosk import ChooseDirection, TouchShown
from protocol.units import FactRef

type Main = Callable[[], int]


def _blind() -> Main:
    """A kiosk whose keys count at once, also those of a held key."""
    KeyGuard.listens = lambda *_, **__: True  # type: ignore[method-assign]
    KeyGuard.is_repeat = lambda *_, **__: False  # type: ignore[method-assign]
    return kiosk.main


def _ends() -> Main:
    """A kiosk that ends at a key."""
    flow_key = Flow.key

    def heard(self: Flow, key: Key, *, ago_ms: int = 0, turn_page: Callable[[int], bool] = lambda _: False) -> None:
        if key == "5":
            raise RuntimeError("planted")
        flow_key(self, key, ago_ms=ago_ms, turn_page=turn_page)

    Flow.key = heard  # type: ignore[method-assign]
    return kiosk.main


def _first_touch() -> Main:
    """An agent that lets anybody at the keypad correct the first touch."""
    show = desk.ClockingDesk._show

    def offering(self: desk.ClockingDesk, shown: TouchShown, open_now: Offer | Wish | None = None) -> None:
        is_first = shown.answer == "recorded" and not shown.corrected and shown.touch is not None
        if is_first and (seen := self._history.find(cast(FactRef, shown.touch))):
            open_now = Offer(seen, self._clock.mono_ms() + CHOOSE_WITHIN_MS)
            shown = replace(shown, choose_within_ms=CHOOSE_WITHIN_MS)
        show(self, shown, open_now)

    desk.ClockingDesk._show = offering  # type: ignore[method-assign]
    return _key_alone()


def _key_alone() -> Main:
    """An agent that corrects at the key, without waiting for the card."""
    choose = desk.ClockingDesk.choose_direction

    def chosen(self: desk.ClockingDesk, kiosk: int, asked: ChooseDirection) -> None:
        choose(self, kiosk, asked)
        if self._correcting.chosen(asked.touch):
            now = self._clock.now()
            self._fact_writer.commit(DirectionChosen(at=now, touch=asked.touch, direction=asked.direction))

    desk.ClockingDesk.choose_direction = chosen  # type: ignore[method-assign]
    return agent_cli.main


PLANTED = {"blind": _blind, "ends": _ends, "first-touch": _first_touch, "key-alone": _key_alone}

if __name__ == "__main__":
    main = PLANTED[sys.argv.pop(1)]()
    sys.exit(main())
