"""What can be on the screen of questions to the village and of a call for help, as plain values."""

from typing import ClassVar

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from kiosk_tui.words.common import LinkShown
from protocol.kiosk_feedback import FollowedUp, HelpContact, HelpState


class AskView(msgspec.Struct, frozen=True):
    """A choice by the keys 1 to 6. ``sends``: there is nothing to choose, and Enter sends what was chosen."""

    title: str
    ask: str
    options: tuple[str, ...]
    note: str = ""
    sends: bool = False
    turn: tuple[str, str] | None = None
    """The key of the other page of choices, and what stands there."""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """What is asked, and what the keys choose."""
        return ("ask", self.title, self.ask, self.options, self.sends)


class ReceiptView(msgspec.Struct, frozen=True):
    """A question is on disk, and this is its number."""

    number: str
    named: bool = False
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This receipt."""
        return ("receipt", self.number)


class NumberView(msgspec.Struct, frozen=True):
    """A receipt number that is typed; ``waiting``: the agent looks for it."""

    typed: str
    note: str
    waiting: bool
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """As of `EntryView`."""
        return ("number", self.waiting)


class FollowedView(msgspec.Struct, frozen=True):
    """What became of a question."""

    found: FollowedUp
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This question; its keys change when it was rated."""
        return ("followed", self.found.number, self.found.rating)


class CallView(msgspec.Struct, frozen=True):
    """What became of a call for help. None as long as the agent has said nothing; ``refused``: the code of why it was
    not recorded."""

    state: HelpState | None
    contact: HelpContact | None
    link: LinkShown
    refused: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The call; what becomes of it makes no other screen, but for a call that can be made again."""
        return ("call", self.refused)


type FeedbackView = AskView | ReceiptView | NumberView | FollowedView | CallView
