"""Decide what the kiosk shows, from what the agent says, what a person presses and what time it is.

This module knows no terminal: the screens draw the view that `Flow.view` returns and nothing else. A touch is shown
before everything else. Next comes the message that the agent is away, then the question whether anybody is still there,
then the page that the person chose. A key counts only if its screen was painted (`Flow.painted`) and has stood long
enough to be read.
"""

from collections.abc import Callable

import msgspec

from kiosk_tui import words
from kiosk_tui.clock import MonoMs, RunningClock
from kiosk_tui.guard import KeyGuard
from kiosk_tui.keys import BACK, HELP, Key
from kiosk_tui.lesson import Lesson
from kiosk_tui.touch import TouchPanel
from kiosk_tui.views import AwayView, HelpView, HomeView, IdleView, LiveBannerView, TouchView, View
from protocol.kiosk import AskHelp, Home, LiveShown, Sorry, Status, ToAgent, ToKiosk, TouchShown

IDLE_MS = 120_000
"""After so long without a key the kiosk asks whether anybody is still there."""
COUNTDOWN_MS = 30_000
TURN_MS = 8_000
"""How long a page of the duty board stands before the next one comes by itself."""


class Flow:
    """The kiosk without its screens."""

    def __init__(self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None]) -> None:
        self._mono_ms = mono_ms
        self._say = say
        self._clock = RunningClock(mono_ms)
        self._guard = KeyGuard(mono_ms)
        self._touch = TouchPanel(mono_ms=mono_ms, say=say)
        self._home: Home | None = None
        self._away = True
        self._interrupted = False
        self._lesson: Lesson | None = None
        self._help = False
        self._note = ""
        self._viewer = ""
        self._viewed_until = 0
        self._last_life = mono_ms()
        self._turned_at = mono_ms()
        self._turn = 0

    def view(self) -> View:
        """Return what is to be shown now."""
        if self._mono_ms() - self._last_life >= IDLE_MS + COUNTDOWN_MS:
            self._lesson, self._help = None, False
        if (touch := self._touch.view()) is not None:
            return touch
        if self._away or self._home is None:
            return AwayView(self._interrupted)
        # Nobody is asked at home whether they are still there: home is where an idle kiosk ends up.
        if self._lesson is None and not self._help:
            return HomeView(self._home, self._clock.minute(), self._turns())
        if (left := self._last_life + IDLE_MS + COUNTDOWN_MS - self._mono_ms()) <= COUNTDOWN_MS:
            return IdleView(-(-left // 1000))
        if self._help or self._lesson is None:
            return HelpView(self._note)
        return self._lesson.view()

    def banner(self) -> LiveBannerView | None:
        """Return the line above every screen while the county looks into the room, or None."""
        left_ms = self._viewed_until - self._mono_ms()
        return LiveBannerView(self._viewer, -(-left_ms // 1000)) if left_ms > 0 else None

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message of the agent."""
        match message:
            case Home():
                self._clock.told(message.wall)
                # The clock tells the time from here on. Without the time, two homes that look alike are equal values,
                # and nothing is drawn again.
                self._home = msgspec.structs.replace(message, wall=0)
                self._away = self._interrupted = False
                if self._lesson is not None:
                    self._lesson.offered(message.levels)
            case TouchShown():
                self._touch.show(message)
                # The duty board shows its first page when the touch leaves the screen.
                self._turn, self._turned_at = 0, self._touch.until
            case LiveShown():
                self._viewer = message.viewer
                self._viewed_until = self._mono_ms() + message.left_s * 1000 if message.left_s else 0
            case Sorry() if message.touch is not None:
                self._touch.sorry(message)
            case Status():
                pass  # it answers a technician's program; no kiosk asks for it
            case _ if self._lesson is not None:
                self._lesson.agent_said(message)

    def agent_away(self) -> None:
        """Take note that the agent is gone; a running level is lost."""
        self._away = True
        self._viewed_until = 0
        self._touch.agent_away()
        if self._lesson is not None and self._lesson.running:
            self._interrupted = True
            self._lesson.interrupted()

    def painted(self, view: View | None) -> None:
        """Take note that a view has really been painted, so that the person sees it; None if no key counts on it."""
        self._guard.painted(None if view is None else view.face)

    def listens(self) -> bool:
        """Tell whether the present view has been seen for long enough that its keys count."""
        view = self.view()
        return self._guard.listens(view.face, after_ms=view.deaf_ms)

    def key(self, key: Key, *, ago_ms: int = 0, turn_page: Callable[[], bool] = lambda: False) -> None:
        """Take a key of the pad.

        Args:
            key: Counts only while `listens` is true, and only once while it is held down.
            ago_ms: How long ago it was pressed; a busy machine may deliver it late.
            turn_page: Turns to the next page of a long text on the screen; returns False if there is none.
        """
        view = self.view()
        repeats = self._guard.is_repeat(key, ago_ms=ago_ms)
        if repeats or not self._guard.listens(view.face, after_ms=view.deaf_ms, ago_ms=ago_ms):
            return
        # A key on a touch's result says nothing about whether somebody still plays the level behind it.
        if not isinstance(view, TouchView):
            self._last_life = self._mono_ms()
        if key == "enter" and turn_page():
            return
        if key == "repeat":
            if not self._touch.repeat() and not self._help and not self._away:
                self._open_help(words.NOTHING_TO_REPEAT)
        elif isinstance(view, TouchView):
            self._touch.key(key)
        # A key on the idle screen has done its part above: it says that somebody is there.
        elif key != "text_size" and not isinstance(view, IdleView | AwayView):
            self._key_on_page(key)

    def _key_on_page(self, key: Key) -> None:
        if self._help:
            self._help = key not in (BACK, "enter")
        elif key == HELP:
            self._open_help()
        elif self._lesson is not None:
            if not self._lesson.key(key):
                self._lesson = None
        elif key == "1":
            self._lesson = Lesson(say=self._say)
            self._lesson.offered(self._home.levels if self._home is not None else [])
        elif key == "enter":
            self._turn = self._turns() + 1
            self._turned_at = self._mono_ms()

    def _open_help(self, note: str = "") -> None:
        # The view's name goes into a fact, as the screen on which help was asked for. So renaming a view changes what
        # the county stores.
        screen = "home" if self._lesson is None else type(self._lesson.view()).__name__.removesuffix("View").lower()
        self._help, self._note = True, note
        # Help with a note was not asked for by a person, so the agent records no call for help.
        if not note:
            self._say(AskHelp(screen=screen))

    def _turns(self) -> int:
        return self._turn + max(0, self._mono_ms() - self._turned_at) // TURN_MS
