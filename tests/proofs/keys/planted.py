"""Kiosks and an agent with the bugs that this proof is for: ``python -m tests.proofs.keys.planted BUG ARGUMENT …``."""

import sys
from collections.abc import Callable

from agent import cli as agent_cli
from agent import desk
from kiosk_tui import cli as kiosk_cli
from kiosk_tui.flow import Flow
from kiosk_tui.guard import KeyGuard
from kiosk_tui.keys import Key

type Main = Callable[[list[str] | None], int]


def _blind() -> Main:
    """A kiosk whose keys count at once, held or not."""
    KeyGuard.listens = lambda *_, **__: True  # type: ignore[method-assign]
    KeyGuard.is_repeat = lambda *_, **__: False  # type: ignore[method-assign]
    return kiosk_cli.main


def _ends() -> Main:
    """A kiosk that a key ends."""
    flow_key = Flow.key

    def heard(self: Flow, key: Key, *, ago_ms: int = 0, turn_page: Callable[[], bool] = lambda: False) -> None:
        if key == "5":
            raise RuntimeError("planted")
        flow_key(self, key, ago_ms=ago_ms, turn_page=turn_page)

    Flow.key = heard  # type: ignore[method-assign]
    return kiosk_cli.main


def _first_touch() -> Main:
    """An agent that offers the correction at the first touch, to whoever stands at the keypad."""

    def offered(self: desk.ClockingDesk, one: desk._Judged) -> desk._Offer | None:
        seen = self._today.repeated(one.touch.card, one.touch.at)
        return desk._Offer(seen, one.touch.at.mono + desk.CHOOSE_WITHIN_MS) if seen and one.person else None

    desk.ClockingDesk._offered = offered  # type: ignore[method-assign]
    return agent_cli.main


PLANTED = {"blind": _blind, "ends": _ends, "first-touch": _first_touch}

if __name__ == "__main__":
    sys.exit(PLANTED[sys.argv[1]]()(sys.argv[2:]))
