"""The faults that this proof must catch: kiosks and agents that leave a visit open. Each is planted while a small run
goes on."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

from agent.kiosk.visits import Visits
from kiosk_tui.flow import Flow
from kiosk_tui.touch import TouchPanel
from protocol.units import FactRef, Moment


@contextmanager
def _put_in_place(owner: type, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def idle() -> AbstractContextManager[None]:
    """A kiosk that keeps a visit whose person has walked away."""
    end_visit = Flow._end_visit

    def keeping(self: Flow, why: Literal["left", "time"]) -> None:
        if why != "time":
            end_visit(self, why)

    return _put_in_place(Flow, "_end_visit", keeping)


def second_card() -> AbstractContextManager[None]:
    """An agent that leaves a visit open when another card is touched."""
    touched = Visits.touched

    def leaving(self: Visits, person: str, ref: FactRef, at: Moment) -> str:
        running, self._visits = self._visits, {}
        try:
            return touched(self, person, ref, at)
        finally:
            self._visits = running

    return _put_in_place(Visits, "touched", leaving)


def restart() -> AbstractContextManager[None]:
    """A kiosk that goes on with a visit that its agent has forgotten."""
    agent_away = Flow.agent_away

    def going_on(self: Flow) -> None:
        visit = self._visit
        agent_away(self)
        self._visit = visit

    return _put_in_place(Flow, "agent_away", going_on)


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
        with _put_in_place(TouchPanel, "forget", remembering), _put_in_place(TouchPanel, "keep", back_again):
            yield

    return both()


PLANTED = {"idle": idle, "second_card": second_card, "restart": restart, "star": star}
