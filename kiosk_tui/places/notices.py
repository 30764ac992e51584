"""A notice to read, and the notices by turns while nobody is here."""

from collections.abc import Callable

import msgspec

from kiosk_tui.clock import MonoMs, RunningClock
from kiosk_tui.places.opening import meets
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key
from kiosk_tui.views.common import NoticeView, RestView
from protocol.kiosk import Home, ToAgent, ToKiosk
from protocol.kiosk_notices import AskNotices, NoticeLine, NoticeShown, NoticesShown, OpenNotice
from protocol.units import DATED_QUALITIES

REST_TURN_MS = 20_000
"""How long each notice stands while nobody is here: long enough to be read aloud."""


class NoticeKept(msgspec.Struct, frozen=True, tag="notice"):
    """Which notice was read."""

    line: NoticeLine


class NoticePlace:
    """One notice with its whole text."""

    personal = running = types_digits = False

    def __init__(self, line: NoticeLine, *, say: Callable[[ToAgent], None]) -> None:
        self._line = line
        self._say = say
        self._shown: NoticeShown | None = None
        say(OpenNotice(id=line.id))

    def kept(self) -> NoticeKept:
        """Return what this place is made from again."""
        return NoticeKept(self._line)

    @classmethod
    def again(cls, kept: NoticeKept, say: Callable[[ToAgent], None]) -> "NoticePlace":
        """Make the place again. Its text is asked for anew."""
        return cls(kept.line, say=say)

    def view(self) -> NoticeView:
        """Return the notice, or its line while the text is asked for."""
        return NoticeView(self._line, self._shown)

    def key(self, key: Key) -> Move:
        """Leave with 0, or with Enter after the last page."""
        return "leave" if key in (BACK, "enter") else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take the text. After the agent was away it is asked for again."""
        if isinstance(message, NoticeShown) and message.id == self._line.id:
            self._shown = message
        elif isinstance(message, Home) and self._shown is None:
            self._say(OpenNotice(id=self._line.id))

    def agent_away(self) -> None:
        """What is on the screen is still true."""


class Rest:
    """What home shows while nobody is here: one notice after the other."""

    def __init__(self, *, mono_ms: MonoMs, clock: RunningClock, say: Callable[[ToAgent], None]) -> None:
        self._mono_ms = mono_ms
        self._clock = clock
        self._say = say
        self._stirred_at = mono_ms()
        self._after_ms = 0
        self._dated = False
        self._began: int | None = None
        self._turn = 0
        self._lines: tuple[NoticeLine, ...] = ()
        self._shown: NoticeShown | None = None

    def stir(self) -> None:
        """Take note that somebody is here, or that home does not show."""
        self._stirred_at = self._mono_ms()
        self._began = None
        self._shown = None

    @property
    def _is_due(self) -> bool:
        return self._after_ms > 0 and self._mono_ms() - self._stirred_at >= self._after_ms

    def tick(self) -> None:
        """Begin once nobody has been here for long enough, and go on to the next notice when it is its turn."""
        if not self._is_due:
            return
        now = self._mono_ms()
        if self._began is None:
            self._began, self._turn = now, -1
        turn = (now - self._began) // REST_TURN_MS
        if turn != self._turn:
            self._next(turn)

    def view(self) -> RestView | None:
        """Return the notice whose turn it is; None while somebody may be here, and where there is no notice."""
        if self._began is None or not self._is_due or not self._lines:
            return None
        place = self._turn % len(self._lines)
        line = self._lines[place]
        shown = self._shown if self._shown is not None and self._shown.id == line.id else None
        return RestView(line, shown, self._clock.minute(), self._dated, place + 1, len(self._lines))

    def _next(self, turn: int) -> None:
        # The lines are asked for at each turn, so that what is over or withdrawn leaves the screen.
        self._turn = turn
        self._say(AskNotices())
        if self._lines:
            self._say(OpenNotice(id=self._lines[turn % len(self._lines)].id))

    def agent_said(self, message: ToKiosk) -> None:
        """Take what there is to show."""
        match message:
            case Home():
                # While people come to a meeting, home says how many have, whoever presses a key or not.
                self._after_ms = 0 if meets(message) else message.rest_min * 60_000
                self._dated = message.quality in DATED_QUALITIES
            case NoticesShown():
                lines, self._lines = self._lines, tuple(message.notices)
                if self._began is not None and self._lines and lines != self._lines:
                    self._say(OpenNotice(id=self._lines[self._turn % len(self._lines)].id))
            case NoticeShown():
                self._shown = message
