"""提意见: a question to the village by keys alone, its receipt, and what became of it.

`Questions` is the place; it holds the form or the look-up that is open in it, because a form is no depth of its own.
`Questions(about=…)` asks about a document that somebody reads: its form opens at once.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from kiosk_tui.places.following import Following
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.common import View
from kiosk_tui.views.feedback import AskView, ReceiptView
from kiosk_tui.words import feedback as words
from kiosk_tui.words.common import bracketed
from protocol.feedback import MATTERS, TOPICS, Matter, Topic
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_feedback import FeedbackTaken, GiveFeedback

_A_PAGE = 6
TOPIC_PAGES = tuple(tuple(words.TOPIC[topic] for topic in TOPICS[first : first + _A_PAGE]) for first in (0, _A_PAGE))
"""All topics: 8 turns to the second page."""
_TOPIC_OF: dict[str, Topic] = {"finance": "accounts", "subsidy": "subsidies", "land": "land"}
"""What a question about a document of some kind is about. One about another kind is about something else."""


_THINGS: tuple[Topic, ...] = ("lamps", "water", "roads", "waste", "other")
"""What can be broken. An account or a subsidy can't."""


def matters_of(topic: Topic, about: "About | None" = None) -> tuple[Matter, ...]:
    """Return what can be wrong with something, in the order of its keys. A document is not broken either."""
    may_break = topic in _THINGS and about is None
    return tuple(matter for matter in MATTERS if matter != "broken" or may_break)


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document that somebody asks about."""

    bundle: str
    document: str
    title: str
    kind: str = ""

    @property
    def topic(self) -> Topic:
        """What such a question is about."""
        return _TOPIC_OF.get(self.kind, "other")


class QuestionsKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="questions"):
    """How far somebody was. A number that is being typed is not kept; what was found by one is asked for again."""

    visit: str | None = None
    about: About | None = None
    open: Literal["", "form", "follow"] = ""
    topic: Topic | None = None
    matter: Matter | None = None
    more: bool = False
    named: bool | None = None
    number: str = ""
    """The receipt's, or of what was looked up."""


class Questions:
    """The place."""

    running = False

    def __init__(self, *, say: Callable[[ToAgent], None], visit: str | None = None, about: About | None = None) -> None:
        """
        Args:
            visit: The visit in which it is opened: its person may leave their name.
            about: The document that is being read.
        """
        self._say = say
        self._visit = visit
        self._about = about
        self._inner: _Form | Following | None = None
        if about is not None:
            self._inner = _Form(say=say, visit=visit, about=about)

    def kept(self) -> QuestionsKept:
        """Return what this place is made from again.

        Whether a question that waits was recorded nobody knows then: its last step is shown, and the list of receipts
        is the agent's.
        """
        base = QuestionsKept(self._visit, self._about)
        if isinstance(self._inner, _Form):
            return self._inner.kept(base)
        if self._inner is None:
            return base
        return msgspec.structs.replace(base, open="follow", number=self._inner.number)

    @classmethod
    def again(cls, kept: QuestionsKept, say: Callable[[ToAgent], None]) -> "Questions":
        """Make the place again."""
        place = cls(say=say, visit=kept.visit, about=kept.about)
        if kept.open == "form":
            place._inner = _Form.again(kept, say)
        elif kept.open == "follow":
            place._inner = Following(say=say, number=kept.number)
        return place

    @property
    def personal(self) -> bool:
        """Whether it belongs to somebody's visit, or shows the answer to somebody's question."""
        return self._visit is not None or (isinstance(self._inner, Following) and self._inner.shows)

    @property
    def types_digits(self) -> bool:
        """Whether a receipt number is being typed."""
        return isinstance(self._inner, Following) and self._inner.types_digits

    def view(self) -> View:
        """Return what is open, or the choice between asking and looking up."""
        if self._inner is not None:
            return self._inner.view()
        return AskView(words.TITLE, words.MENU_ASK, words.MENU)

    def key(self, key: Key) -> Move:
        """Choose, or give the key to what is open."""
        if self._inner is not None:
            if self._inner.key(key) == "leave":
                self._inner = None
                return "leave" if self._about is not None else "stay"
        elif key == "1":
            self._inner = _Form(say=self._say, visit=self._visit)
        elif key == "2":
            self._inner = Following(say=self._say)
        elif key == BACK:
            return "leave"
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Give a message to what is open."""
        if self._inner is not None:
            self._inner.agent_said(message)

    def agent_away(self) -> None:
        """What was being recorded may be recorded or not; nothing says that it is."""
        if self._inner is not None:
            self._inner.agent_away()


class _Form:
    """Topic, what is wrong, in a visit the name, and Enter."""

    def __init__(self, *, say: Callable[[ToAgent], None], visit: str | None, about: About | None = None) -> None:
        self._say = say
        self._visit = visit
        self._about = about
        self._topic = about.topic if about is not None else None
        self._matter: Matter | None = None
        self._more = False
        self._named: bool | None = None if visit is not None else False
        self._waiting = False
        self._note = ""
        self._number = ""

    def kept(self, base: QuestionsKept) -> QuestionsKept:
        """Return what was chosen, and the receipt if there is one."""
        return msgspec.structs.replace(
            base,
            open="form",
            topic=self._topic,
            matter=self._matter,
            more=self._more,
            named=self._named,
            number=self._number,
        )

    @classmethod
    def again(cls, kept: QuestionsKept, say: Callable[[ToAgent], None]) -> "_Form":
        """Make the form again."""
        form = cls(say=say, visit=kept.visit, about=kept.about)
        form._topic, form._matter, form._more = kept.topic, kept.matter, kept.more
        form._named, form._number = kept.named, kept.number
        return form

    def view(self) -> View:
        """Return the step."""
        if self._number:
            return ReceiptView(self._number, named=bool(self._named))
        if self._topic is None:
            turn = ("7", words.FEWER) if self._more else ("8", words.MORE)
            return AskView(words.TITLE, words.TOPIC_ASK, TOPIC_PAGES[self._more], turn=turn)
        if self._matter is None:
            options = tuple(words.MATTER[matter] for matter in matters_of(self._topic, self._about))
            return AskView(words.said(words.TITLE, self._subject), words.MATTER_ASK, options)
        said = words.said(self._subject, words.MATTER[self._matter])
        if self._named is None:
            return AskView(said, words.NAME_ASK, words.NAMES)
        name = words.NAMED if self._named else words.NAMELESS
        if self._waiting:
            return AskView(words.TITLE, words.SENDING, ())
        return AskView(
            words.TITLE, said + bracketed(name), (), self._note or words.confirm(self._topic, self._matter), sends=True
        )

    @property
    def _subject(self) -> str:
        return self._about.title if self._about is not None else words.topic(self._topic)

    def key(self, key: Key) -> Move:
        """Choose, confirm with Enter, or go a step back with 0."""
        if self._number:
            # Enter has just sent the question. Pressed once more it must not take the number away.
            return "leave" if key == BACK else "stay"
        if self._waiting:
            return "stay"
        if key == BACK:
            return self._back()
        number = digit(key)
        if self._topic is None:
            self._choose_topic(key)
        elif self._matter is None:
            self._matter = _nth(matters_of(self._topic, self._about), number)
        elif self._named is None:
            self._named = {1: False, 2: True}.get(number or 0)
        elif key == "enter":
            self._send(self._topic, self._matter)
        return "stay"

    def _choose_topic(self, key: Key) -> None:
        if key in ("7", "8"):
            self._more = key == "8"
        else:
            first = _A_PAGE if self._more else 0
            self._topic = _nth(TOPICS[first : first + _A_PAGE], digit(key))

    def _back(self) -> Move:
        self._note = ""
        if self._named is not None and self._visit is not None:
            self._named = None
        elif self._matter is not None:
            self._matter = None
        elif self._topic is not None and self._about is None:
            self._topic = None
        elif self._more:
            self._more = False
        else:
            return "leave"
        return "stay"

    def _send(self, topic: Topic, matter: Matter) -> None:
        self._waiting, self._note = True, ""
        visit = self._visit if self._named else None
        bundle, item = (self._about.bundle, self._about.document) if self._about is not None else ("", "")
        self._say(GiveFeedback(topic=topic, matter=matter, about=bundle, item=item, visit=visit))

    def agent_said(self, message: ToKiosk) -> None:
        """Take the receipt, or why there is none."""
        if not self._waiting:
            return
        if isinstance(message, FeedbackTaken):
            self._waiting, self._number = False, message.number
        elif isinstance(message, Sorry) and message.refuses(GiveFeedback):
            self._waiting, self._note = False, words.sorry(message.reason)

    def agent_away(self) -> None:
        """Say that it did not work, if it was being recorded."""
        if self._waiting:
            self._waiting, self._note = False, words.FAILED


def _nth[T](of: tuple[T, ...], number: int | None) -> T | None:
    return of[number - 1] if number is not None and 1 <= number <= len(of) else None
