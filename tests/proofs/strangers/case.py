"""A case: someone tries something, and is to be let in or not."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Board


@dataclass
class Bench:
    """The county, and two stations that are rightly enrolled."""

    county: County
    first: Board
    second: Board


@dataclass
class Outcomes:
    """Collects the results. A stranger who was let in and a rightful person who was refused are both named."""

    cases: int = 0
    admitted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def refused(self, case: str, was_admitted: bool) -> None:
        """Note an attempt that had to be refused."""
        self.cases += 1
        if was_admitted:
            self.admitted.append(case)

    def welcome(self, case: str, was_admitted: bool) -> None:
        """Note an attempt that had to succeed: a proof in which everybody is refused proves nothing."""
        self.cases += 1
        if not was_admitted:
            self.failed.append(case)


def happens(condition: Callable[[], bool], *, within_s: float) -> bool:
    """Wait until something is so, and return whether it came to be in time."""
    try:
        return wait_until(condition, what="what is looked for", timeout_s=within_s)
    except NotInTime:
        return False


type Group = Callable[[Bench, Outcomes], None]
