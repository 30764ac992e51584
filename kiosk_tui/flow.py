"""Decide what the kiosk shows, from what the agent says, what a person presses and what time it is.

This module knows no terminal: the screens draw the view that `Flow.view` returns and nothing else. To look changes
nothing; what time brings is done by `Flow.tick`. A touch is shown before everything else. Next comes the message that
the agent is away, then the question whether anybody is still there, then the place that the person chose. Home lies
under everything; a visit stands in its place. A key counts only if its screen was painted (`Flow.painted`) and has
stood long enough to be read.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from kiosk_tui.clock import MonoMs
from kiosk_tui.drawing.textsize import SIZE_NAMES
from kiosk_tui.guard import KeyGuard
from kiosk_tui.places import keeping
from kiosk_tui.places.help import Help
from kiosk_tui.places.home import HomePlace
from kiosk_tui.places.lesson import Lesson
from kiosk_tui.places.notices import Rest
from kiosk_tui.places.place import Place
from kiosk_tui.places.room import Room
from kiosk_tui.places.touch import TouchPanel
from kiosk_tui.places.visit import VisitPlace
from kiosk_tui.spoken import Voice
from kiosk_tui.terminal.keys import HELD, HELP, Key
from kiosk_tui.views.common import (
    AwayView,
    EntryView,
    HomeView,
    IdleView,
    LiveBannerView,
    RestView,
    TouchView,
    View,
    WaitView,
)
from kiosk_tui.views.feedback import AskView
from kiosk_tui.views.months import ChoiceView, ConfirmView
from kiosk_tui.views.wishes import WishView
from kiosk_tui.words import common as words
from protocol.kiosk import (
    Home,
    LiveShown,
    Sorry,
    ToAgent,
    ToKiosk,
    TouchShown,
)
from protocol.kiosk_keeping import Hello, Kept
from protocol.kiosk_meetings import Vouched
from protocol.kiosk_sound import SoundShown
from protocol.kiosk_status import Status
from protocol.kiosk_visits import EndVisit, VisitShown
from protocol.units import TextSizeName

IDLE_MS = 120_000
"""After so long without a key the kiosk asks whether anybody is still there."""
COUNTDOWN_MS = 30_000
RESUME_MS = 2_000
"""How long a kiosk that takes another one's place waits for what was kept. Then it is a kiosk like any other."""
MAX_OVER = 4
"""Places over home or a visit: what a person opened there, what it leads to, a form or a detail of that, and help."""
PAGES: dict[Key, int] = {"enter": 1, "8": 1, "7": -1}
"""The keys that turn the pages of a long text, if it has such a page; otherwise they mean what the place says."""


class Flow:
    """The kiosk without its screens."""

    def __init__(
        self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None], resumes: bool = False, one_size: str = ""
    ) -> None:
        """
        Args:
            resumes: This kiosk may take the place of another one and asks for what that one showed.
            one_size: What to say if somebody wants another size of text and the terminal has only one; empty: it is
                given the size that `text_size` says.
        """
        self._mono_ms = mono_ms
        self._resuming_until: int | None = mono_ms() + RESUME_MS if resumes else None
        self._one_size = one_size
        self._size: TextSizeName | None = None
        self._say = say
        self._guard = KeyGuard(mono_ms)
        self._touch = TouchPanel(mono_ms=mono_ms, say=say)
        self.room = Room()
        self._home = HomePlace(mono_ms=mono_ms, say=say, room=self.room)
        self._rest = Rest(mono_ms=mono_ms, clock=self._home.clock, say=say)
        self._voice = Voice(say)
        self._visit: VisitPlace | None = None
        self._over: list[Place] = []
        self._away = True
        self._interrupted = False
        self._form_dropped = False
        self._viewer = ""
        self._viewed_until = 0
        self._last_life = mono_ms()

    @property
    def _place(self) -> Place:
        return self._over[-1] if self._over else self._visit or self._home

    @property
    def theme(self) -> str:
        """The name of the colours in which everything is drawn; empty before the agent has said it."""
        return self._home.theme

    def tick(self) -> None:
        """Do what time brings: end what nobody goes on with, turn the notices at rest, and end what is being said.

        It comes before each look at the view, several times a second.
        """
        idle_ms = self._mono_ms() - self._last_life
        if idle_ms >= IDLE_MS + COUNTDOWN_MS:
            if self._over:
                self._rest.stir()
            self._end_visit("time")
            self._over.clear()
        if self._place is self._home and idle_ms >= IDLE_MS:
            self._size = None
        self._touch.tick()
        if self._resuming_until is not None and self._mono_ms() >= self._resuming_until:
            self._resuming_until = None
        view = self._what_to_show()
        # At rest nobody would see that the county refuses this machine, and would touch here.
        if isinstance(view, HomeView) and not view.home.county_refuses:
            self._rest.tick()
        else:
            self._rest.stir()
        self._voice.shown(self._or_rest(view))

    def view(self) -> View:
        """Return what is to be shown now, as the last `tick` left it."""
        return self._or_rest(self._what_to_show())

    def _or_rest(self, view: View) -> View:
        # Nobody stands before home for so long without a key or a card.
        return self._rest.view() or view if isinstance(view, HomeView) else view

    def _what_to_show(self) -> View:
        if (touch := self._touch.view()) is not None:
            return touch
        if self._resuming_until is not None:
            return WaitView()
        if self._away or not self._home.known:
            return AwayView(self._interrupted)
        # Nobody is asked at home whether they are still there: home is where an idle kiosk ends up.
        left_ms = self._last_life + IDLE_MS + COUNTDOWN_MS - self._mono_ms()
        if self._place is not self._home and left_ms <= COUNTDOWN_MS:
            return IdleView(-(-left_ms // 1000))
        return self._place.view()

    def banner(self) -> LiveBannerView | None:
        """Return the line above every screen while the county looks into the room, or None."""
        left_ms = self._viewed_until - self._mono_ms()
        return LiveBannerView(self._viewer, -(-left_ms // 1000)) if left_ms > 0 else None

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message of the agent."""
        match message:
            case TouchShown():
                self._show_touch(message)
            case LiveShown():
                self._viewer = message.viewer
                self._viewed_until = self._mono_ms() + message.left_s * 1000 if message.left_s else 0
            case Sorry() if message.touch is not None:
                self._touch.sorry(message)
            case Vouched():
                self._touch.vouched(message)
            case Sorry() if self._resuming_until is not None and message.refuses(Hello):
                self._resuming_until = None  # an agent that keeps nothing
            case Kept():
                self._take_up(message)
            case SoundShown():
                self._voice.told(message)
            case Status():
                pass  # it answers a technician's program; no kiosk asks for it
            case VisitShown():
                self._visit_shown(message)
            case _:
                if isinstance(message, Home):
                    self._away = self._interrupted = False
                self._rest.agent_said(message)
                self._home.agent_said(message)
                for place in self._over:
                    place.agent_said(message)

    def _show_touch(self, touch: TouchShown) -> None:
        dropped, self._form_dropped = self._form_dropped, False
        if self._visit is None:
            # Whoever was typing here has turned away, or it is their card.
            dropped = dropped or _are_filled_in(place for place in self._over if place.personal)
            self._over = [place for place in self._over if not place.personal]
        self._touch.show(touch, dropped=dropped)

    def kept(self) -> keeping.FlowKept:
        """Return what another kiosk needs to go on from here."""
        return keeping.FlowKept(
            life=self._last_life,
            visit=self._visit.id if self._visit is not None else "",
            size=self._size,
            over=keeping.keep_places(self._over),
        )

    def _take_up(self, message: Kept) -> None:
        """Go on where the kiosk before this one stood, if that is still awaited."""
        awaited, self._resuming_until = self._resuming_until is not None, None
        if not awaited or (kept := keeping.decode(message.state)) is None:
            return
        self._last_life = min(kept.life, self._mono_ms())
        self._size = kept.size
        visit = self._visit.id if self._visit is not None else ""
        self._over = keeping.make_again(kept, visit=visit, say=self._say, opening=self._home.opening())
        for place in self._over:
            if self._home.said is not None:
                place.agent_said(self._home.said)

    def text_size(self) -> TextSizeName:
        """Return how large the text is to be: as somebody here chose it, or as the village did."""
        return self._size or (self._home.said.text_size if self._home.said is not None else SIZE_NAMES[0])

    def _next_size(self, view: View) -> None:
        if not self._one_size:
            self._size = SIZE_NAMES[(SIZE_NAMES.index(self.text_size()) + 1) % len(SIZE_NAMES)]
        elif not isinstance(view, TouchView) and not self._place.types_digits and not isinstance(self._place, Help):
            self._tell(self._one_size)

    def _visit_shown(self, shown: VisitShown) -> None:
        running = self._visit is not None and self._visit.id == shown.visit
        if shown.ended:
            if running:
                # The card's own screen, which comes next, says that what was being filled in is gone.
                self._form_dropped = shown.ended == "card" and _are_filled_in(self._over)
                self._forget_visit()
        elif self._visit is not None and running:
            self._visit.agent_said(shown)
        else:
            asks = self._touch.asks_in(shown.visit)
            self._forget_visit()
            self._visit = VisitPlace(shown, say=self._say, opening=self._home.opening)
            self._last_life = self._mono_ms()
            if asks and (place := self._visit.asking()) is not None:
                self._open(place)

    def _end_visit(self, why: Literal["left", "time"]) -> None:
        if self._visit is not None:
            self._say(EndVisit(visit=self._visit.id, why=why))
            self._forget_visit()

    def _forget_visit(self) -> None:
        """Drop everything that may show or hold something of a person."""
        if self._visit is not None:
            self._size = None
        self._visit = None
        self._over.clear()
        self._touch.forget()

    def agent_away(self) -> None:
        """Take note that the agent is gone; a running level is lost, and so is a visit."""
        self._away = True
        self._viewed_until = 0
        self._voice.agent_away()
        self._touch.agent_away()
        self._interrupted = self._interrupted or any(place.running for place in self._over)
        for place in self._over:
            place.agent_away()
        # An agent that only says nothing reads this once it goes on, and its visit ends too.
        self._end_visit("time")

    @property
    def visiting(self) -> bool:
        """Whether somebody's visit runs here."""
        return self._visit is not None

    @property
    def typing(self) -> bool:
        """Whether digits are figures now, as in a number."""
        return self._place.types_digits

    @property
    def speaks(self) -> bool:
        """Whether `*` has some of the present screen said aloud."""
        view = self.view()
        return not (self._place.types_digits and not isinstance(view, TouchView)) and self._voice.can_say(view)

    def painted(self, view: View | None) -> None:
        """Take note that a view has really been painted, so that the person sees it; None if no key counts on it."""
        self._guard.painted(None if view is None else view.face)

    def listens(self) -> bool:
        """Tell whether the present view has been seen for long enough that its keys count."""
        view = self.view()
        return self._guard.listens(view.face, after_ms=view.deaf_ms)

    def key(self, key: Key, *, ago_ms: int = 0, turn_page: Callable[[int], bool] = lambda _: False) -> None:
        """Take a key of the pad.

        Args:
            key: Counts only while `listens` is true, and only once while it is held down.
            ago_ms: How long ago it was pressed; a busy machine may deliver it late.
            turn_page: Turns a long text on the screen to its next page (1) or back (-1); False if there is none.
        """
        self.tick()
        view = self.view()
        if self._guard.is_repeat(key, ago_ms=ago_ms):
            if not self._leaves_by_holding(view, key):
                return
            key = HELD
        if not self._guard.listens(view.face, after_ms=view.deaf_ms, ago_ms=ago_ms):
            return
        # A key on a touch's result says nothing about whether somebody still plays the level behind it.
        if not isinstance(view, TouchView):
            self._last_life = self._mono_ms()
        self._rest.stir()
        # At rest nobody has read yet what the keys of home open, so this one only shows home.
        if isinstance(view, RestView) or (self._turns_page(view, key) and turn_page(PAGES[key])):
            return
        # A key on the idle screen has done its part above: it says that somebody is there.
        if key == "text_size":
            if not isinstance(view, IdleView | AwayView):
                self._next_size(view)
        elif self._types(view):
            self._key_on_place(key)
        elif key == "repeat":
            self._again(view)
        elif isinstance(view, TouchView):
            self._touch.key(key)
        elif not isinstance(view, IdleView | AwayView):
            self._key_on_place(key)

    def _leaves_by_holding(self, view: View, key: Key) -> bool:
        return key == "repeat" and self._guard.is_held(key) and self._types(view)

    def _again(self, view: View) -> None:
        """Keep a result on the screen, have the screen said, or tell why there is nothing to hear."""
        kept = self._touch.keep()
        if not self._voice.again(view) and not kept and not isinstance(self._place, Help) and not self._away:
            self._tell(words.NOTHING_TO_SAY if self._over else words.NOTHING_TO_REPEAT)

    def _tell(self, note: str) -> None:
        """Say why a key does nothing: beside the question that somebody is answering, elsewhere on the page of help."""
        if not (isinstance(self._place, Lesson) and self._place.take_note(note)):
            self._open_help(note)

    def _types(self, view: View) -> bool:
        """Return whether every digit is a figure of what this view asks for."""
        return self._place.types_digits and not isinstance(view, TouchView | IdleView | AwayView)

    def _turns_page(self, view: View, key: Key) -> bool:
        """Return whether the key is for the pages of a long text, and for no figure and no direction."""
        figures = self._place.types_digits or isinstance(view, TouchView)
        return key == "enter" or (key in PAGES and not figures)

    def _key_on_place(self, key: Key) -> None:
        place = self._place
        if key == HELP and not place.types_digits and not isinstance(place, Help):
            self._open_help()
            return
        match place.key(key):
            case "stay":
                pass
            case "leave" if self._over:
                self._over.pop()
            case "leave":
                self._end_visit("left")
            case opened:
                self._open(opened)

    def _open_help(self, note: str = "") -> None:
        place = self._place
        # The view's name goes into a fact, if help is called, as the screen on which it was asked for. So renaming a
        # view changes what the county stores.
        screen = type(place.view()).__name__.removesuffix("View").lower()
        self._open(Help(note, screen=screen, home=self._home.said, say=self._say, resumes=place.running))

    def _open(self, place: Place) -> None:
        assert len(self._over) < MAX_OVER
        self._over.append(place)


def _are_filled_in(places: Iterable[Place]) -> bool:
    """Return whether somebody has begun to fill something in and not finished. Nothing of that is recorded."""
    return any(_is_filled_in(place.view()) for place in places)


def _is_filled_in(view: View) -> bool:
    if isinstance(view, EntryView):
        return view.step != "set" and (view.typed > 0 or view.step != "number")
    if isinstance(view, WishView):
        return view.step != "kind"
    return isinstance(view, AskView | ChoiceView | ConfirmView)
