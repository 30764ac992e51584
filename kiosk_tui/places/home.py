"""Home, the place that everything returns to, and its menu: the ways from here, each by a key."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk_tui.clock import MonoMs, RunningClock
from kiosk_tui.places.asking import Questions
from kiosk_tui.places.asking_card import AskCard
from kiosk_tui.places.documents import Documents
from kiosk_tui.places.finding import FindPlace
from kiosk_tui.places.learning_map import MapPlace
from kiosk_tui.places.meetings import MeetingsPlace
from kiosk_tui.places.opening import Opening, meets, without_time
from kiosk_tui.places.place import Move, Place
from kiosk_tui.places.room import Room
from kiosk_tui.places.today import TodayPlace
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HomeView, MenuLine
from kiosk_tui.words import common as words
from kiosk_tui.words import documents as words_documents
from kiosk_tui.words import feedback as words_feedback
from kiosk_tui.words import find as words_find
from kiosk_tui.words import meetings as words_meetings
from kiosk_tui.words import visits as words_visits
from protocol.kiosk import Home, ToAgent, ToKiosk

TURN_MS = 8_000
"""How long each line of a long notice stands before the next one comes by itself."""


@dataclass(frozen=True, slots=True)
class MenuRow:
    """A way from home: its key, its name in the code, its words, what it opens, and when it is there at all."""

    key: Key
    code: str
    word: str
    open: Callable[[Opening], Place]
    shown: Callable[[Home], bool] = lambda _: True


def _documents(opening: Opening) -> Place:
    return Documents(say=opening.say, room=opening.room)


def _questions(opening: Opening) -> Place:
    return Questions(say=opening.say)


MENU: tuple[MenuRow, ...] = (
    # A meeting that is near stands in the place of 今日, and 今日 behind it.
    MenuRow("1", "meetings", words_meetings.MEETING, MeetingsPlace, meets),
    MenuRow("1", "today", words.TODAY, TodayPlace, lambda home: not meets(home)),
    MenuRow("2", "mine", words_visits.KEY_MINE, AskCard),
    MenuRow("3", "learning", words.KEY_LEARN, MapPlace),
    MenuRow("4", "documents", words_documents.SHELF, _documents),
    MenuRow("5", "questions", words_feedback.TITLE, _questions),
    MenuRow("6", "find", words_find.FIND, FindPlace),
)
"""In the order of their keys. A place that does not exist yet has no row."""


class HomePlace:
    """The place under all others."""

    personal = running = types_digits = False

    def __init__(self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None], room: Room) -> None:
        self._mono_ms = mono_ms
        self._say = say
        self._room = room
        self._clock = RunningClock(mono_ms)
        self._home: Home | None = None
        self._turned_at = mono_ms()
        self._turn = 0

    @property
    def clock(self) -> RunningClock:
        """The time that the agent told, and that goes on without it."""
        return self._clock

    @property
    def theme(self) -> str:
        """The colours that the county chose for this station."""
        return self._home.theme if self._home is not None else ""

    @property
    def known(self) -> bool:
        """Whether the agent has ever said what home shows."""
        return self._home is not None

    @property
    def said(self) -> Home | None:
        """What the agent said last that home shows."""
        return self._home

    def view(self) -> HomeView:
        """Return home as it is now."""
        assert self._home is not None
        menu = tuple(MenuLine(row.key, row.word) for row in MENU if row.shown(self._home))
        return HomeView(self._home, self._clock.minute(), self._turns(), menu)

    def key(self, key: Key) -> Move:
        """Open what the menu has under this key, or read on in a long notice with Enter."""
        opening = self.opening()
        for row in MENU:
            if opening is not None and row.key == key and row.shown(opening.home):
                return row.open(opening)
        if key == "enter":
            self._turn = self._turns() + 1
            self._turned_at = self._mono_ms()
        return "stay"

    def opening(self) -> Opening | None:
        """Return what a place over home is made with; None before the agent has said what home shows."""
        return Opening(self._home, self._clock, self._say, self._room) if self._home is not None else None

    def agent_said(self, message: ToKiosk) -> None:
        """Take what home shows."""
        if isinstance(message, Home):
            self._clock.told(message.wall)
            self._home = without_time(message)

    def agent_away(self) -> None:
        """Home comes back with the agent."""

    def _turns(self) -> int:
        return self._turn + max(0, self._mono_ms() - self._turned_at) // TURN_MS
