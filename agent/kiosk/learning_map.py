"""The map of learning: which packs there are, what of them is required, chosen and done, and what waits for review."""

from datetime import date

from agent.clocking.desk import KioskScreens
from agent.kiosk.courses import Course, CourseBook
from agent.kiosk.learning import Learning
from agent.kiosk.library import Library
from agent.kiosk.progress import Learnt, PersonalProgress
from agent.kiosk.seen_packs import SeenPacks
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
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
        library: Library,
        progress: PersonalProgress,
        courses: CourseBook,
        seen: SeenPacks,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._screens = screens
        self._visits = visits
        self._learning = learning
        self._library = library
        self._progress = progress
        self._courses = courses
        self._seen = seen

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenMap: self.open_map, OpenPack: self.open_pack, ChoosePack: self.choose_pack}

    def open_map(self, kiosk: int, asked: OpenMap) -> None:
        """Show a page of the packs."""
        visit = None
        if asked.visit:
            visit = self._visits.asked(kiosk, asked, asked.visit)
            if visit is None:
                return
            visit.note("learning")
        learnt = self._learning.learnt(visit)
        lines = self._lines(visit, learnt)
        pages = max(1, -(-len(lines) // MAP_LINES))
        page = min(asked.page, pages - 1)
        shown = MapShown(
            visit=asked.visit,
            page=page,
            pages=pages,
            packs=lines[page * MAP_LINES : (page + 1) * MAP_LINES],
            menu=self._menu(visit, learnt),
            book=self._book(visit, learnt),
            amended=self._amended(visit) if page == 0 else [],
            levels_left=self._learning.levels_left(visit),
        )
        self._screens.answer(kiosk, shown)

    def open_pack(self, kiosk: int, asked: OpenPack) -> None:
        """Show a page of a pack's levels."""
        visit = None
        if asked.visit:
            visit = self._visits.asked(kiosk, asked, asked.visit)
            if visit is None:
                return
        shown = self._pack(visit, asked.pack, asked.page)
        self._screens.answer(kiosk, shown or refusal(asked, "no_such_level"))

    def choose_pack(self, kiosk: int, asked: ChoosePack) -> None:
        """Record that the person of a visit chooses a pack of their menu, or gives it up."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        menu = self._courses.of(visit.person).menu
        if menu is None or asked.pack not in menu.packs or self._pack(visit, asked.pack, 0) is None:
            self._screens.answer(kiosk, refusal(asked, "no_such_level"))
            return
        fact = PackChosen(at=self._clock.now(), by=visit.by, pack=asked.pack, chosen=asked.chosen)
        try:
            (ref,) = self._fact_writer.commit(fact)
        except StorageError:
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return
        self._progress.recorded(visit.person, ref, fact)
        self._screens.answer(kiosk, self._pack(visit, asked.pack, 0) or refusal(asked, "no_such_level"))

    def _pack(self, visit: Visit | None, name: str, page: int) -> PackShown | None:
        learnt = self._learning.learnt(visit)
        line = next((one for one in self._lines(visit, learnt) if one.pack == name), None)
        pack = self._library.find(name)
        if line is None or pack is None:
            return None
        levels = self._learning.levels(pack.head, learnt)
        pages = max(1, -(-len(levels) // MAP_LINES))
        page = min(page, pages - 1)
        return PackShown(
            visit=visit.id if visit is not None else "",
            pack=line,
            page=page,
            pages=pages,
            levels=levels[page * MAP_LINES : (page + 1) * MAP_LINES],
        )

    def _lines(self, visit: Visit | None, learnt: Learnt | None) -> list[PackLine]:
        course = self._courses.of(visit.person) if visit is not None else None
        heads = [pack.head for pack in self._learning.packs(visit)]
        new = self._seen.new(head.id for head in heads)
        lines = [self._line(head, learnt, course, is_new=head.id in new) for head in heads]
        return sorted(lines, key=lambda line: (line.passed == line.levels, _PARTS.index(line.part), line.until or ""))

    def _line(self, pack: PackHead, learnt: Learnt | None, course: Course | None, *, is_new: bool) -> PackLine:
        stars = [level.best_stars for level in self._learning.levels(pack, learnt)]
        return PackLine(
            pack=pack.id,
            title=pack.title,
            sample=pack.sample,
            part=_part(pack.id, learnt, course),
            until=course.required.get(pack.id) if course is not None else None,
            levels=len(stars),
            passed=sum(1 for one in stars if one),
            stars=sum(stars),
            new=is_new,
            colleagues=course.colleagues.get(pack.id) if course is not None else None,
        )

    def _menu(self, visit: Visit | None, learnt: Learnt | None) -> MenuLine | None:
        menu = self._courses.of(visit.person).menu if visit is not None else None
        if menu is None or learnt is None:
            return None
        return MenuLine(title=menu.title, choose=menu.choose, chosen=len(learnt.chosen.intersection(menu.packs)))

    def _book(self, visit: Visit | None, learnt: Learnt | None) -> BookLine | None:
        if visit is None or learnt is None:
            return None
        here = {pack.id for pack in self._learning.packs(visit)}
        book = [one for one in learnt.book() if one.question[0] in here]
        due = self._learning.due(visit, book)
        today = self._progress.today()
        days: list[date] = [one.day for one in book if one.day is not None and one.day > today]
        return BookLine(
            due=len(due),
            all=len(book),
            next=min(days).isoformat() if days and not due else None,
            undated=sum(1 for one in book if one.day is None),
            rested=self._learning.rested(visit),
        )

    def _amended(self, visit: Visit | None) -> list[Amended]:
        """Return what the person has to be told of answers that are marked otherwise by now, once."""
        if visit is None:
            return []
        told = []
        for name, right in self._progress.untold(visit.person)[:MAX_AMENDED]:
            self._progress.told(visit.person, name, right=right)
            found = self._learning.question(name)
            if found is not None:
                head, question = found
                answer = [question.options[number] for number in question.answer]
                said = question.explanation
                told.append(Amended(title=head.title, stem=question.stem, right=right, answer=answer, explanation=said))
        return told


def _part(pack: str, learnt: Learnt | None, course: Course | None) -> CodeWord:
    if course is None or learnt is None:
        return "open"
    if pack in course.required:
        return "required"
    if course.menu is not None and pack in course.menu.packs:
        return "chosen" if pack in learnt.chosen else "menu"
    return "open"
