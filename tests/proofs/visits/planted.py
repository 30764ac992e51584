"""The faults that this proof must catch, each planted while a small run goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agent.kiosk.pin_book import PinBook, Tried
from agent.kiosk.visits import Visits
from kiosk_tui.flow import Flow
from protocol.pin_tries import PinTries
from protocol.units import FactRef, Moment


@contextmanager
def put_in_place(owner: type, name: str, value: Any) -> Iterator[None]:
    """Have a class use another function in the place of its own while the context lasts."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def kept_on_the_kiosk() -> Any:
    """A kiosk that goes home at the end of a visit, and keeps who visited."""
    forget = Flow._forget_visit

    def keeping(self: Flow) -> None:
        self.last_visit = self._visit  # type: ignore[attr-defined]
        forget(self)

    return put_in_place(Flow, "_forget_visit", keeping)


def told_to_everybody() -> Any:
    """An agent that shows a visit at every kiosk."""

    def show(self: Visits, visit: Any) -> None:
        from protocol.kiosk_visits import VisitShown  # noqa: PLC0415

        shown = VisitShown(visit=visit.id, name=self._twin.name_of(visit.person), can=self._can(visit))
        self._screens.show(shown)

    return put_in_place(Visits, "show", show)


def open_to_the_next_card() -> Any:
    """An agent that leaves a visit open when another card is touched."""
    touched = Visits.touched

    def leaving(self: Visits, person: str, ref: FactRef, at: Moment) -> str:
        running, self._visits = self._visits, {}
        try:
            return touched(self, person, ref, at)
        finally:
            self._visits = running

    return put_in_place(Visits, "touched", leaving)


def counted_after() -> Any:
    """An agent that counts a try in memory before it is judged, and on disk only afterwards."""

    def begin_try(self: PinBook, tried: Tried) -> PinTries:
        write = self._slot.write
        self._slot.write = lambda value: None  # type: ignore[method-assign]
        try:
            return begin(self, tried)
        finally:
            self._slot.write = write  # type: ignore[method-assign]

    begin = PinBook.begin_try
    return put_in_place(PinBook, "begin_try", begin_try)


VISITING = {
    "kept_on_the_kiosk": kept_on_the_kiosk,
    "told_to_everybody": told_to_everybody,
    "open_to_the_next_card": open_to_the_next_card,
}
GUESSING = {"counted_after": counted_after}
PLANTED = (*VISITING, *GUESSING)
