"""A screen whose kiosk is replaced by another one with the same token, as the program that watches it does."""

from collections.abc import Callable

from kiosk_tui.places.keeping import FlowKept, encode
from protocol.kiosk_keeping import Hello, Keep
from tests.proofs.visits.office import KioskDesk, Office


class KeptScreen:
    """Has the agent keep what one kiosk shows, as its app does after each change."""

    def __init__(self, office: Office, desk: KioskDesk) -> None:
        self._office = office
        self.desk = desk
        self._token = f"{desk.number:032x}"
        self._kept: FlowKept | None = None
        self.greet()

    def greet(self, *, fresh: bool = True) -> None:
        """Say hello to an agent."""
        self._kept = None
        self.desk.link.say(Hello(token=self._token, fresh=fresh))
        self._office.exchange()

    def keep(self) -> None:
        """Have it keep what is shown now."""
        if (kept := self.desk.flow.kept()) != self._kept:
            self._kept = kept
            self.desk.link.say(Keep(state=encode(kept)))
            self._office.exchange()

    def replace(self, *, fresh: bool) -> None:
        """End the kiosk, and start one in its place, which wants what stood here or, after two falls, nothing."""
        self._office.replace_kiosk(self.desk, resumes=not fresh)
        self.greet(fresh=fresh)


def same_place(desk: KioskDesk, act: Callable[[], None]) -> bool:
    """Do something, and return whether the kiosk shows the same kind of screen afterwards."""
    before = type(desk.look())
    act()
    return type(desk.look()) is before
