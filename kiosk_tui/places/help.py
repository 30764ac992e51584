"""Help: a call to the township by key 1 alone, with what became of it, and by key 2 how the kiosk is used."""

from collections.abc import Callable

import msgspec

from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key
from kiosk_tui.views.common import HelpView
from kiosk_tui.views.feedback import CallView
from kiosk_tui.words import help as words_help
from kiosk_tui.words.common import link_of
from protocol.kiosk import AskHelp, Home, Sorry, ToAgent, ToKiosk

REFUSALS = ("not_recorded", "too_many")
"""Why a call is not taken."""


class HelpKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="help"):
    """What help is made from again."""

    note: str = ""
    screen: str = ""
    called: bool = False
    rules: bool = False
    resumes: bool = False


class Help:
    """Reading it calls nobody."""

    personal = running = types_digits = False

    def __init__(
        self, note: str, *, screen: str, home: Home | None, say: Callable[[ToAgent], None], resumes: bool = False
    ) -> None:
        """
        Args:
            note: Why it opened, if nobody asked for it.
            screen: Where it was opened; a call names it.
            resumes: A level goes on under it.
        """
        self._note = note
        self._screen = screen
        self._resumes = resumes
        self._rules = False
        self._home = home
        self._say = say
        self._called = False
        self._refused = ""
        """A code, if the agent did not record the call."""

    def kept(self) -> HelpKept:
        """Return what this place is made from again."""
        return HelpKept(self._note, self._screen, self._called, self._rules, self._resumes)

    @classmethod
    def again(cls, kept: HelpKept, say: Callable[[ToAgent], None]) -> "Help":
        """Make the place again. What became of a call comes with the agent's next home."""
        place = cls(kept.note, screen=kept.screen, home=None, say=say, resumes=kept.resumes)
        place._called, place._rules = kept.called, kept.rules
        return place

    def view(self) -> HelpView | CallView:
        """Return the help, or what became of the call."""
        state = self._home.help if self._home else None
        link = link_of(self._home) if self._home else "offline"
        contact = self._home.contact if self._home else None
        if self._called:
            return CallView(state, contact, link, self._refused)
        note = self._note or (words_help.short(state, link) if state else "")
        return HelpView(note, self._rules, self._resumes, contact)

    def key(self, key: Key) -> Move:
        """Call with 1, read the rules with 2, leave with 0 or Enter: the rules first."""
        if self._rules:
            self._rules = key not in (BACK, "enter")
            return "stay"
        if key == "2" and not self._called:
            self._rules = True
        if key == "1" and (not self._called or self._refused):
            self._called, self._refused = True, ""
            self._say(AskHelp(screen=self._screen))
        return "leave" if key in (BACK, "enter") else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take what became of the call."""
        if isinstance(message, Home):
            self._home = message
        elif isinstance(message, Sorry) and self._called and message.refuses(AskHelp) and message.reason in REFUSALS:
            self._refused = message.reason

    def agent_away(self) -> None:
        """Help needs no agent."""
