"""The map of learning: which packs there are, what of them is required, chosen and done, and what waits for review."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from agent.clocking.desk import KioskScreens
from agent.kiosk.courses import Course, CourseBook
from agent.kiosk.learning import Learning
from agent.kiosk.progress import Learnt, PersonalProgress
from agent.kiosk.seen_packs import SeenPacks
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.shelf.question_set import QuestionSet
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from protocol.facts import PackChosen
from protocol.kiosk import refusal
from protocol.kiosk_learning import (
    MAP_LINES,
    MAX_AMENDED,
    Amended,
    BookLine,
    ChoosePack,
    MapShown,
    MenuLine,
    OpenMap,
    OpenPack,
    PackLine,
    PackShown,
)
from protocol.packs import PackHead
from protocol.units import CodeWord

_PARTS: tuple[CodeWord, ...] = ("required", "chosen", "open", "menu")
"""The order of packs that are not complete; complete ones come after them."""


class LearningMap:
    """Answers `OpenMap`, `OpenPack` and `ChoosePack`. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        screens: KioskScreens,
        visits: Visits,
        learning: Learning,
        progress: PersonalProgress,
        courses: CourseBook,
        seen: SeenPacks,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._screens = screens
        self._visits = visits
        self._learning = learning
        self._progress = progress
        self._courses = courses
        self._seen_packs = seen

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenMap: self.open_map, OpenPack: self.open_pack, ChoosePack: self.choose_pack}

    def open_map(self, kiosk: int, asked: OpenMap) -> None:
        """Show a page of the packs."""
        seen = self._seen_by(kiosk, asked, asked.visit)
        if seen is None:
            return
        if seen.visit is not None:
            seen.visit.note("learning")
        lines = self._lines(seen)
        pages = max(1, -(-len(lines) // MAP_LINES))
        page = min(asked.page, pages - 1)
        shown = MapShown(
            visit=asked.visit,
            page=page,
            pages=pages,
            packs=lines[page * MAP_LINES : (page + 1) * MAP_LINES],
            menu=_menu(seen),
            book=self._book(seen),
            amended=self._amended(seen.visit) if page == 0 else [],
            levels_left=self._learning.levels_left(seen.visit),
        )
        self._screens.answer(kiosk, shown)

    def open_pack(self, kiosk: int, asked: OpenPack) -> None:
        """Show a page of a pack's levels."""
        seen = self._seen_by(kiosk, asked, asked.visit)
        if seen is None:
            return
        if any(pack.id == asked.pack for pack in seen.packs):
            self._note_opened(seen, asked.pack)
        self._screens.answer(kiosk, self._pack(seen, asked.pack, asked.page) or refusal(asked, "no_such_level"))

    def choose_pack(self, kiosk: int, asked: ChoosePack) -> None:
        """Record that the person of a visit chooses a pack of their menu, or gives it up."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        seen = self._seen_in(visit)
        menu = seen.course.menu if seen.course is not None else None
        if menu is None or asked.pack not in menu.packs or all(pack.id != asked.pack for pack in seen.packs):
            self._screens.answer(kiosk, refusal(asked, "no_such_level"))
            return
        fact = PackChosen(at=self._clock.now(), by=visit.by, pack=asked.pack, chosen=asked.chosen)
        try:
            (ref,) = self._fact_writer.commit(fact)
        except StorageError:
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return
        self._progress.recorded(visit.person, ref, fact)
        shown = self._pack(self._seen_in(visit), asked.pack, 0)
        self._screens.answer(kiosk, shown or refusal(asked, "no_such_level"))

    def _seen_by(self, kiosk: int, asked: OpenMap | OpenPack, name: str) -> "_Seen | None":
        """Return what is shown from; None if the visit that the kiosk names is over, and the kiosk was told so."""
        if not name:
            return self._seen_in(None)
        visit = self._visits.asked(kiosk, asked, name)
        return self._seen_in(visit) if visit is not None else None

    def _seen_in(self, visit: Visit | None) -> "_Seen":
        course = self._courses.of(visit.person, self._progress.today()) if visit is not None else None
        return _Seen(visit, self._learning.packs(visit), self._learning.learnt(visit), course)

    def _pack(self, seen: "_Seen", name: str, page: int) -> PackShown | None:
        line = next((one for one in self._lines(seen) if one.pack == name), None)
        pack = next((one for one in seen.packs if one.id == name), None)
        if line is None or pack is None:
            return None
        levels = self._learning.levels(pack.head, seen.learnt)
        pages = max(1, -(-len(levels) // MAP_LINES))
        page = min(page, pages - 1)
        return PackShown(
            visit=seen.visit.id if seen.visit is not None else "",
            pack=line,
            page=page,
            pages=pages,
            levels=levels[page * MAP_LINES : (page + 1) * MAP_LINES],
            levels_left=self._learning.levels_left(seen.visit),
        )

    def _note_opened(self, seen: "_Seen", pack: str) -> None:
        """Take note that whoever looks has opened a pack: it is not new to them any more."""
        if seen.visit is not None:
            self._progress.note_opened(seen.visit.person, pack)
        else:
            self._seen_packs.note_opened(pack)

    def _opened(self, seen: "_Seen") -> frozenset[str]:
        return self._progress.opened(seen.visit.person) if seen.visit is not None else self._seen_packs.opened

    def _lines(self, seen: "_Seen") -> list[PackLine]:
        new = self._seen_packs.new(pack.id for pack in seen.packs) - self._opened(seen)
        lines = [self._line(pack.head, seen, is_new=pack.id in new) for pack in seen.packs]
        return sorted(lines, key=lambda line: (line.passed == line.levels, _PARTS.index(line.part), line.until or ""))

    def _line(self, pack: PackHead, seen: "_Seen", *, is_new: bool) -> PackLine:
        stars = [level.best_stars for level in self._learning.levels(pack, seen.learnt)]
        course = seen.course
        return PackLine(
            pack=pack.id,
            title=pack.title,
            sample=pack.sample,
            part=_part(pack.id, seen.learnt, course),
            until=course.required.get(pack.id) if course is not None else None,
            levels=len(stars),
            passed=sum(1 for one in stars if one),
            stars=sum(stars),
            # Stars may have been won at another station, where the pack was opened.
            new=is_new and not any(stars),
            colleagues=course.colleagues.get(pack.id) if course is not None else None,
        )

    def _book(self, seen: "_Seen") -> BookLine | None:
        if seen.visit is None or seen.learnt is None:
            return None
        book = self._learning.shown_of(seen.visit, seen.learnt.book())
        due = self._learning.due(seen.visit, book)
        today = self._progress.today()
        days: list[date] = [one.day for one in book if one.day is not None and one.day > today]
        return BookLine(
            due=len(due),
            all=len(book),
            next=min(days).isoformat() if days and not due else None,
            undated=sum(1 for one in book if one.day is None),
            rested=self._learning.rested(seen.visit),
        )

    def _amended(self, visit: Visit | None) -> list[Amended]:
        """Return what the person has to be told of answers that are marked otherwise by now, once."""
        if visit is None:
            return []
        untold = self._progress.untold(visit.person)
        found = self._learning.questions(name for name, _, _ in untold)
        told: list[Amended] = []
        for name, right, version in untold:
            # What is of a pack that is not here, or not in the version that has the answer, waits until it is.
            pack, question = found.get(name, (None, None))
            if pack is not None and question is not None and pack.version >= version and len(told) < MAX_AMENDED:
                self._progress.told(visit.person, name, right=right, version=version)
                answer = [question.options[number] for number in question.answer]
                said = question.explanation
                told.append(Amended(title=pack.title, stem=question.stem, right=right, answer=answer, explanation=said))
        return told


class _Seen(NamedTuple):
    """What a map is drawn from: whoever looks, the packs that they can play, and what concerns them."""

    visit: Visit | None
    packs: Sequence[QuestionSet]
    learnt: Learnt | None
    course: Course | None


def _menu(seen: _Seen) -> MenuLine | None:
    menu = seen.course.menu if seen.course is not None else None
    if menu is None or seen.learnt is None or seen.course is None:
        return None
    # Nobody chooses what is required of them anyway.
    chosen = seen.learnt.chosen.union(seen.course.required).intersection(menu.packs)
    return MenuLine(title=menu.title, choose=menu.choose, chosen=len(chosen))


def _part(pack: str, learnt: Learnt | None, course: Course | None) -> CodeWord:
    if course is None or learnt is None:
        return "open"
    if pack in course.required:
        return "required"
    if course.menu is not None and pack in course.menu.packs:
        return "chosen" if pack in learnt.chosen else "menu"
    return "open"
