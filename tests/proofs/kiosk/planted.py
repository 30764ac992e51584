"""The faults that this proof must catch: kiosks and agents that leave a visit open. Each is planted while a small run
goes on."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

from kiosk_tui.flow import Flow
from kiosk_tui.places.touch import TouchPanel
from tests.proofs.visits.planted import open_to_the_next_card, put_in_place


def idle() -> AbstractContextManager[None]:
    """A kiosk that keeps a visit whose person has walked away."""
    end_visit = Flow._end_visit

    def keeping(self: Flow, why: Literal["left", "time"]) -> None:
        if why != "time":
            end_visit(self, why)

    return put_in_place(Flow, "_end_visit", keeping)


def restart() -> AbstractContextManager[None]:
    """A kiosk that goes on with a visit that its agent has forgotten."""
    agent_away = Flow.agent_away

    def going_on(self: Flow) -> None:
        visit = self._visit
        agent_away(self)
        self._visit = visit

    return put_in_place(Flow, "agent_away", going_on)


def star() -> AbstractContextManager[None]:
    """A kiosk whose ``*`` shows the last touch to whoever presses it."""
    forget, keep = TouchPanel.forget, TouchPanel.keep

    def remembering(self: TouchPanel) -> None:
        self.last = self._touch or getattr(self, "last", None)  # type: ignore[attr-defined]
        forget(self)

    def back_again(self: TouchPanel) -> bool:
        if self.view() is None and getattr(self, "last", None) is not None:
            self.show(self.last)  # type: ignore[attr-defined]
            return True
        return keep(self)

    @contextmanager
    def both() -> Iterator[None]:
        with put_in_place(TouchPanel, "forget", remembering), put_in_place(TouchPanel, "keep", back_again):
            yield

    return both()


PLANTED = {"idle": idle, "second_card": open_to_the_next_card, "restart": restart, "star": star}
