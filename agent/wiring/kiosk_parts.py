"""Put together the parts that people meet at the kiosk: visits, PINs, learning, and the table of what kiosks ask."""

from collections.abc import Callable, Iterable

from agent.clocking.duty_dates import DutyDates
from agent.clocking.lamp import Lamp
from agent.clocking.touch_history import TouchHistory
from agent.kiosk.asking import Asking
from agent.kiosk.clips import ClipBook
from agent.kiosk.county_lists import CountyLists, OfferedBundles
from agent.kiosk.courses import CourseBook
from agent.kiosk.documents import DocumentDesk
from agent.kiosk.feedback import FeedbackDesk
from agent.kiosk.finding import Finding
from agent.kiosk.help_calls import HelpCalls
from agent.kiosk.keeping import Keeping
from agent.kiosk.key_book import KeyBook
from agent.kiosk.learning import Learning
from agent.kiosk.learning_map import LearningMap
from agent.kiosk.library import Library
from agent.kiosk.meeting_book import MeetingBook
from agent.kiosk.meeting_evidence import Evidence
from agent.kiosk.meeting_record import MeetingRecord
from agent.kiosk.meeting_visits import MeetingVisits
from agent.kiosk.meetings import MeetingRoom
from agent.kiosk.notices import NoticeRoom
from agent.kiosk.number_sign_in import NumberSignIn
from agent.kiosk.own_month import OwnMonth
from agent.kiosk.own_requests import OwnRequests
from agent.kiosk.own_results import OwnResults
from agent.kiosk.phone_codes import PhoneCodes
from agent.kiosk.pin_book import PinBook
from agent.kiosk.pin_setting import PinSetting
from agent.kiosk.pin_work import PinWork
from agent.kiosk.progress import PersonalProgress
from agent.kiosk.request_book import RequestBook
from agent.kiosk.seen_packs import SeenPacks
from agent.kiosk.sound import HeardScreens, KioskSound
from agent.kiosk.table import KioskTable, Rows
from agent.kiosk.visits import Visit, Visits
from agent.shelf.shelf import Shelf
from agent.storage.fact_writer import FactWriter
from agent.twin import Twin
from agent.wiring.ports import StationPorts
from protocol.facts import Fact
from protocol.units import CodeWord, FactRef

type Recent = Iterable[tuple[FactRef, Fact]]


class KioskRooms:
    """The rooms of the kiosk. Every part is public, as those of `agent.wiring.parts.Station` are."""

    def __init__(
        self,
        ports: StationPorts,
        *,
        fact_writer: FactWriter,
        twin: Twin,
        duty_dates: DutyDates,
        history: TouchHistory,
        lamp: Lamp,
    ) -> None:
        """Make the visits; the other parts follow in `furnish`, because the desk stands between them."""
        self._ports = ports
        self._fact_writer = fact_writer
        self._twin = twin
        self._duty_dates = duty_dates
        self._history = history
        self._lamp = lamp
        self.visits = Visits(
            clock=ports.clock,
            fact_writer=fact_writer,
            twin=twin,
            screens=ports.kiosks,
            can=self._can,
            number_of=lambda person: self.pin_book.number_of(person),
            next_meeting=lambda person: self._meeting_book.next_of(person),
        )
        self.keeping = Keeping(clock=ports.clock, screens=ports.kiosks, visits=self.visits)
        speaker = ports.speaker.speaker if ports.speaker else None
        self.sound = KioskSound(speaker=speaker, twin=twin, screens=ports.kiosks)
        self.visits.on_end(self.sound.visit_ended)
        self.screens = HeardScreens(ports.kiosks, self.sound)
        self._make_the_meetings()

    def _make_the_meetings(self) -> None:
        """Make the parts of meetings; what the county announces follows in `furnish`."""
        ports = self._ports
        self._meeting_book = MeetingBook(ports.clock)
        record = MeetingRecord(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            screens=ports.kiosks,
            evidence=Evidence(clock=ports.clock, twin=self._twin),
        )
        self.meetings = MeetingRoom(clock=ports.clock, screens=ports.kiosks, book=self._meeting_book, record=record)
        self.meeting_visits = MeetingVisits(
            clock=ports.clock,
            screens=ports.kiosks,
            visits=self.visits,
            book=self._meeting_book,
            record=record,
            room=self.meetings,
        )

    def furnish(
        self,
        *,
        library: Library,
        offered: OfferedBundles,
        shelf: Shelf,
        recent: Recent,
        connected: Callable[[], bool],
    ) -> None:
        """Make the parts that read what the county sent.

        Args:
            offered: The lists about people; a test may have them without a shelf.
            connected: Tells whether the county hears of a fact at once.
        """
        ports, visits = self._ports, self.visits
        self.lists = CountyLists(offered)
        self._meeting_book.furnish(offered)
        self.meetings.recall(recent)
        self.documents = DocumentDesk(clock=ports.clock, shelf=shelf.offered, screens=ports.kiosks)
        self._furnish_learning(library, recent)
        self.sound.furnish(ClipBook(shelf.offered), self.learning.open_question)
        self._furnish_numbers()
        self._furnish_own(recent)
        self.phone_codes = PhoneCodes(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            twin=self._twin,
            screens=ports.kiosks,
            visits=visits,
            connected=connected,
        )
        self.notices = NoticeRoom(offered=shelf.offered, screens=ports.kiosks)
        self.finding = Finding(finder=shelf.finder, screens=ports.kiosks)
        self._furnish_questions(recent)

    def _furnish_learning(self, library: Library, recent: Recent) -> None:
        """Make the parts of answer to advance."""
        ports, visits = self._ports, self.visits
        self.progress = PersonalProgress(
            clock=ports.clock,
            state=ports.outbox,
            twin=self._twin,
            county=self.lists.progress,
            keys=KeyBook(library).key,
        )
        self.progress.recall(recent)
        self.learning = Learning(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            state=ports.outbox,
            twin=self._twin,
            library=library,
            screens=self.screens,
            visits=visits,
            progress=self.progress,
            random=ports.random,
        )
        self.learning_map = LearningMap(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            screens=ports.kiosks,
            visits=visits,
            learning=self.learning,
            progress=self.progress,
            courses=CourseBook(twin=self._twin, courses=self.lists.courses),
            seen=SeenPacks(clock=ports.clock, state=ports.outbox),
        )

    def _furnish_numbers(self) -> None:
        """Make the parts of numbers and PINs."""
        ports, visits = self._ports, self.visits
        self.pin_book = PinBook(clock=ports.clock, state=ports.outbox, roster=self.lists.roster)
        self.pin_work = PinWork(ports.inbox)
        self.number_sign_in = NumberSignIn(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            twin=self._twin,
            history=self._history,
            lamp=self._lamp,
            screens=self.screens,
            visits=visits,
            meetings=self.meetings,
            book=self.pin_book,
            work=self.pin_work,
        )
        self.pin_setting = PinSetting(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            screens=ports.kiosks,
            visits=visits,
            book=self.pin_book,
            work=self.pin_work,
        )

    def _furnish_questions(self, recent: Recent) -> None:
        """Make the parts by which people call the township and ask the village."""
        ports = self._ports
        self.help_calls = HelpCalls(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            stream=ports.outbox,
            twin=self._twin,
            screens=ports.kiosks,
        )
        self.help_calls.recall(recent)
        self.feedback = FeedbackDesk(
            clock=ports.clock,
            fact_writer=self._fact_writer,
            stream=ports.outbox,
            state=ports.outbox,
            screens=ports.kiosks,
            visits=self.visits,
            answers=self.lists.answers,
        )
        self.feedback.recall(recent)

    def _furnish_own(self, recent: Recent) -> None:
        """Make the parts that show the person of a visit their touches and requests."""
        ports, month = self._ports, self.lists.month
        self.request_book = RequestBook(
            state=ports.outbox, fact_writer=self._fact_writer, month=month, name_of=self._twin.name_of
        )
        self.request_book.recall(recent)
        self.own_month = OwnMonth(
            clock=ports.clock,
            history=self._history,
            stream=ports.outbox,
            month=month,
            book=self.request_book,
            screens=ports.kiosks,
            visits=self.visits,
        )
        self.own_results = OwnResults(
            month=month,
            touches=self.own_month,
            book=self.request_book,
            screens=ports.kiosks,
            visits=self.visits,
        )
        self.own_requests = OwnRequests(
            clock=ports.clock,
            book=self.request_book,
            month=self.own_month,
            screens=ports.kiosks,
            visits=self.visits,
        )

        self.asking = Asking(
            clock=ports.clock,
            twin=self._twin,
            duty_dates=self._duty_dates,
            book=self.request_book,
            month=self.own_month,
            screens=ports.kiosks,
            visits=self.visits,
        )

    def table(self, *others: Rows) -> KioskTable:
        """Return the table of what kiosks may ask, with the rows of rooms that are not the kiosk's own."""
        rooms = [
            self.visits.rows(),
            self.keeping.rows(),
            self.own_month.rows(),
            self.own_results.rows(),
            self.own_requests.rows(),
            self.asking.rows(),
            self.number_sign_in.rows(),
            self.pin_setting.rows(),
            self.phone_codes.rows(),
            self.learning.rows(),
            self.learning_map.rows(),
            self.finding.rows(),
            self.help_calls.rows(),
            self.sound.rows(),
            self.feedback.rows(),
            self.documents.rows(),
            self.notices.rows(),
            self.meetings.rows(),
            self.meeting_visits.rows(),
        ]
        return KioskTable(self._ports.kiosks, [*others, *rooms])

    def _can(self, visit: Visit) -> list[CodeWord]:
        """Return what a person may open or do in a visit."""
        pin = "change_pin" if self.pin_book.verifier(visit.person) is not None else "set_pin"
        # Whoever came by card has clocked with it. Whoever came by number needs their card for a new PIN.
        last = pin if visit.opened_by == "card" else "clock"
        own = ["month", *self.own_results.can(visit), "requests", "ask", "learning", last]
        return [*self.meeting_visits.can(visit), *own, *self.phone_codes.can(visit), "feedback"]
