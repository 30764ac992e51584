"""What the county's bundles say of people: the roster with its PINs, what each has learnt, courses, each
month, and answers."""

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import UNSET

from agent.shelf.state import HeldBundle
from protocol.bundle_contents import Month, Roster, read_content
from protocol.bundles import Bundle, BundleKind
from protocol.courses import Courses
from protocol.feedback import Answer, Answers
from protocol.progress import Progress
from protocol.refusal import Refused
from protocol.units import PersonId

log = logging.getLogger(__name__)

PROGRESS_KEPT = 4
"""People whose progress is in memory: those who stand here, not the whole village."""


class OfferedBundles(Protocol):
    """The shelf, as these lists need it."""

    def bundles(self, kind: BundleKind) -> Sequence[HeldBundle]:
        """Return what is offered of one kind."""

    def read(self, bundle: HeldBundle) -> Bundle:
        """Read one of them.

        Raises:
            Refused: The file is no longer what it was.
            OSError: It can't be read.
        """


class CountyLists:
    """Reads the lists and keeps the newest in memory. Used on the core thread only."""

    def __init__(self, offered: OfferedBundles) -> None:
        self._offered = offered
        self._roster: tuple[bytes, Roster | None] = (b"", None)
        self._courses: tuple[bytes, Courses | None] = (b"", None)
        self._progress: dict[bytes, Progress | None] = {}
        self._learners: dict[bytes, PersonId] = {}
        """Whose progress lies in which bundle."""
        self._months: dict[bytes, tuple[PersonId, ...]] = {}
        """Whose months lie in which bundle. The months themselves stay on the disk."""

    def roster(self) -> Roster | None:
        """Return the roster that is in force, or None."""
        newest = max(self._offered.bundles("roster"), key=lambda one: one.version, default=None)
        if newest is None:
            return None
        if self._roster[0] != newest.sha256:
            read = self._read(newest)
            self._roster = (newest.sha256, read if isinstance(read, Roster) else None)
        return self._roster[1]

    def progress(self, person: PersonId) -> Progress | None:
        """Return what the county has of a person's learning, or None."""
        offered = self._offered.bundles("progress")
        self._learners = {one.sha256: self._learners[one.sha256] for one in offered if one.sha256 in self._learners}
        for bundle in offered:
            if self._learners.get(bundle.sha256, person) != person:
                continue
            found = self._progress_in(bundle)
            if found is not None:
                self._learners[bundle.sha256] = found.person
                if found.person == person:
                    return found
        return None

    def _progress_in(self, bundle: HeldBundle) -> Progress | None:
        if bundle.sha256 not in self._progress:
            read = self._read(bundle)
            while len(self._progress) >= PROGRESS_KEPT:
                del self._progress[next(iter(self._progress))]
            self._progress[bundle.sha256] = read if isinstance(read, Progress) else None
        return self._progress[bundle.sha256]

    def courses(self) -> Courses | None:
        """Return what is required of whom, or None."""
        newest = max(self._offered.bundles("courses"), key=lambda one: one.version, default=None)
        if newest is None:
            return None
        if self._courses[0] != newest.sha256:
            read = self._read(newest)
            self._courses = (newest.sha256, read if isinstance(read, Courses) else None)
        return self._courses[1]

    def month(self, person: PersonId) -> Month | None:
        """Return what the county has of a person's touches and requests, or None. It is read anew at each call."""
        offered = self._offered.bundles("month")
        self._months = {one.sha256: self._months[one.sha256] for one in offered if one.sha256 in self._months}
        for bundle in offered:
            if person not in self._months.get(bundle.sha256, (person,)):
                continue
            read = self._read(bundle)
            months = _all_of(read) if isinstance(read, Month) else []
            self._months[bundle.sha256] = tuple(one.person for one in months)
            for month in months:
                if month.person == person:
                    return month
        return None

    def answers(self) -> Iterator[Answer]:
        """Yield the county's answers to questions of this village. They are read anew each time and not kept."""
        for bundle in self._offered.bundles("answers"):
            read = self._read(bundle)
            if isinstance(read, Answers):
                yield from read.answers

    def _read(self, held: HeldBundle) -> object:
        try:
            return read_content(self._offered.read(held))
        except (Refused, OSError) as error:
            log.warning("a list of the county can't be read: %s", error)
            return None


def _all_of(month: Month) -> list[Month]:
    return [month, *(() if month.others is UNSET else month.others)]
