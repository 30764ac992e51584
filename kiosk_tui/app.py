"""The kiosk as a Textual app: keys and the agent's messages go into the flow, and its view is drawn on a screen.

Nobody can leave the kiosk: there is no command palette, no quit key, no suspending, no mouse, no focus, no paste.
"""

import asyncio
import signal
import time
from typing import Any, ClassVar, Protocol

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.message import Message

from kiosk_tui.clock import MonoMs, boot_time_ms
from kiosk_tui.drawing import theme
from kiosk_tui.drawing.textsize import SMALLEST
from kiosk_tui.flow import Flow
from kiosk_tui.guard import Face
from kiosk_tui.link import LinkListener
from kiosk_tui.places.keeping import FlowKept, encode
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.documents import DocumentScreen
from kiosk_tui.screens.home import HomeScreen
from kiosk_tui.screens.notices import RestScreen
from kiosk_tui.screens.phone import PhoneScreen
from kiosk_tui.screens.text_screen import TEXTS, TextScreen
from kiosk_tui.screens.today import DutyScreen
from kiosk_tui.screens.too_small import SmallTouchScreen, TooSmallScreen
from kiosk_tui.screens.touch import TouchScreen
from kiosk_tui.terminal.driver import KioskDriver
from kiosk_tui.terminal.keys import understand
from kiosk_tui.views.common import (
    AwayView,
    DutyView,
    HomeView,
    LiveBannerView,
    PhoneView,
    RestView,
    TouchView,
    View,
    WaitView,
)
from kiosk_tui.views.reading import DocumentView
from kiosk_tui.watching.heart import Heart
from kiosk_tui.watching.session_line import SessionLine
from kiosk_tui.watching.watch import BEAT_EVERY_S
from kiosk_tui.words import session as words_session
from protocol.kiosk import ToAgent, ToKiosk
from protocol.kiosk_keeping import Keep, Kept
from protocol.units import TextSizeName

TICK_S = 0.2
EXIT_PANIC = 1

SCREENS: dict[type[Any], type[KioskScreen[Any]]] = {
    **dict.fromkeys(TEXTS, TextScreen),
    HomeView: HomeScreen,
    RestView: RestScreen,
    DutyView: DutyScreen,
    TouchView: TouchScreen,
    PhoneView: PhoneScreen,
    DocumentView: DocumentScreen,
}
"""Which screen draws each kind of view: that of text, or one of its own."""


class KioskLink(Protocol):
    """The way to the agent."""

    async def run(self, listener: LinkListener) -> None:
        """Keep connected until cancelled."""

    def say(self, message: ToAgent) -> None:
        """Send to the agent, or drop while it is away."""


class AgentSaid(Message):
    """The agent sent a message. As a Textual message it waits its turn behind keys and ticks."""

    def __init__(self, message: ToKiosk) -> None:
        super().__init__()
        self.message = message


class AgentAway(Message):
    """The agent is not there."""


class KioskApp(App[None], inherit_bindings=False):
    """The kiosk.

    Args:
        link: The way to the agent.
        mono_ms: The clock for everything that is timed in the kiosk.
        may_quit: ctrl+q ends the program. This is for a demonstration on somebody's own machine, never for a station.
        resumes: This kiosk may take the place of one that fell.
        session: Gives the terminal another size of text.
        heart: Tells a watching program that this one lives, or why it dies.
    """

    CSS_PATH = "kiosk.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self,
        link: KioskLink,
        *,
        mono_ms: MonoMs = boot_time_ms,
        may_quit: bool = False,
        resumes: bool = False,
        session: SessionLine | None = None,
        heart: Heart | None = None,
    ) -> None:
        super().__init__(driver_class=KioskDriver)
        one_size = words_session.SIZE_BY_TERMINAL
        if session is not None:
            one_size = words_session.SIZE_BY_SCREEN if session.one_size else ""
        self.flow = Flow(mono_ms=mono_ms, say=link.say, resumes=resumes, one_size=one_size)
        self._session = session
        self._size_asked: TextSizeName | None = None
        self._heart = heart
        self._keeping = False
        self._kept: FlowKept | None = None
        self._link = link
        self._may_quit = may_quit
        self._link_task: asyncio.Task[None] | None = None
        self._drawn: tuple[View, LiveBannerView | None, tuple[int, int], bool, bool] | None = None
        self._face: Face = None
        self._kiosk_screens: dict[type[Any], KioskScreen[Any]] = {}
        for known in theme.THEMES:
            self.register_theme(known)
        self.theme = theme.DEFAULT

    def on_mount(self) -> None:
        """Start the link and the tick."""
        loop = asyncio.get_running_loop()
        # Both end the kiosk in good order, so that the terminal is left as it was found.
        for ending in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, self.exit)
        self.push_screen(self._screen_for(TextScreen))
        self._link_task = asyncio.create_task(self._link.run(self))
        self.set_interval(TICK_S, self.draw)
        if self._heart is not None:
            # The first beat comes once the first screen stands: until then a slow computer has more time.
            self.set_interval(BEAT_EVERY_S, self._heart.beat)
        self.draw()

    def on_unmount(self) -> None:
        """End the link."""
        if self._link_task is not None:
            self._link_task.cancel()

    def panic(self, *renderables: RenderableType) -> None:
        """End with a status that says that something went wrong: at once if somebody watches, otherwise with words."""
        if self._heart is not None:
            self._heart.die(None)
        self._return_code = EXIT_PANIC
        super().panic(*renderables)

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print every local variable on the screen, and a name may be among them.
        if self._heart is not None:
            self._heart.die(error)
        super()._handle_exception(error)

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message of the agent. The link calls it."""
        self.post_message(AgentSaid(message))

    def agent_away(self) -> None:
        """Take note that the agent is away. The link calls it."""
        self.post_message(AgentAway())

    def on_agent_said(self, said: AgentSaid) -> None:
        """Give the message to the flow and show what follows from it."""
        self.flow.agent_said(said.message)
        self._keeping = self._keeping or isinstance(said.message, Kept)
        self.draw()
        self._keep()

    def on_agent_away(self) -> None:
        """Show that the agent is away."""
        self.flow.agent_away()
        self._keeping, self._kept = False, None
        self.draw()

    def on_key(self, event: events.Key) -> None:
        """Give a key of the keypad to the flow; every other key means nothing."""
        # Textual's own keys must not act, such as ctrl+c or tab.
        event.stop()
        event.prevent_default()
        if self._may_quit and event.key == "ctrl+q":
            self.exit()
            return
        key = understand(event.key)
        if key is None or self._too_small():
            return
        # A busy machine may deliver a key late, but it counts for the screen that stood when it was pressed.
        ago_ms = round((time.monotonic() - event.time) * 1000)
        self.flow.key(key, ago_ms=ago_ms, turn_page=self._turn_page)
        self.draw()
        self._keep()

    def _keep(self) -> None:
        """Have the agent keep what is shown now, for a kiosk that may have to take this one's place."""
        if self._keeping and (kept := self.flow.kept()) != self._kept:
            self._kept = kept
            self._link.say(Keep(state=encode(kept)))

    def _set_size(self, view: View) -> None:
        """Have the session give the terminal the size of text that is wanted now."""
        # Before the agent has said what the village chose and what stood here, the terminal keeps the size that it has.
        if self._session is None or self._session.one_size or isinstance(view, AwayView | WaitView):
            return
        if (size := self.flow.text_size()) != self._size_asked:
            self._size_asked = size
            self._session.set_size(size)

    def on_resize(self) -> None:
        """Draw for the new size. The first call comes before there is a screen, and does nothing."""
        if self._link_task is not None:
            self.draw()

    def draw(self) -> None:
        """Let the flow do what time brings, and show its view, if that or the size has changed."""
        # While the app ends, its screens are gone before its tick is.
        if not self.screen_stack:
            return
        size = (self.size.width, self.size.height)
        self.flow.room.resize(*size)
        self.flow.tick()
        view = self.flow.view()
        self._set_size(view)
        if (chosen := theme.known(self.flow.theme)) != self.theme:
            self.theme = chosen
        banner, listens, speaks = self.flow.banner(), self.flow.listens(), self.flow.speaks
        # The tick comes five times a second, and drawing is too slow on a Raspberry Pi to be done for nothing.
        if (view, banner, size, listens, speaks) == self._drawn:
            return
        self._drawn = (view, banner, size, listens, speaks)
        self._keep()
        face, self._face = self._face, None if self._too_small() else view.face
        screen = self._screen_for(self._kind_for(view))
        if screen is not self.screen:
            left = self.screen
            self.switch_screen(screen)
            if isinstance(left, KioskScreen):
                left.forget_drawn()
            if isinstance(view, HomeView):
                # Nothing lies over home, so nobody goes back to a text.
                for known in self._kiosk_screens.values():
                    known.forget()
        screen.show_banner(banner)
        screen.show(view)
        screen.show_keys(count=listens)
        screen.show_voice(speaks=speaks)
        if face != self._face:
            # The whole screen is painted in one piece. Otherwise Textual calls back before the last widget is painted,
            # and a key would count that the person has not read yet.
            screen.refresh(layout=True)
        screen.call_after_refresh(self.flow.painted, None if self._too_small() else view)

    def _kind_for(self, view: View) -> type[KioskScreen[Any]]:
        if not self._too_small():
            return SCREENS[type(view)]
        return SmallTouchScreen if isinstance(view, TouchView) else TooSmallScreen

    def _too_small(self) -> bool:
        """Return whether the window is too small for any screen; a key would then mean something that nobody can
        read."""
        return self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1]

    def _screen_for(self, kind: type[KioskScreen[Any]]) -> KioskScreen[Any]:
        # Each screen is built once, because building widgets is slow on a Raspberry Pi.
        if kind not in self._kiosk_screens:
            screen = kind()
            self.install_screen(screen, kind.__name__)
            self._kiosk_screens[kind] = screen
        return self._kiosk_screens[kind]

    def _turn_page(self, by: int) -> bool:
        return isinstance(self.screen, KioskScreen) and self.screen.turn_page(by)
