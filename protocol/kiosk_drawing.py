"""Asking the kiosk's program for pictures of its screens, for people who write what it shows.

``python -m kiosk_tui.drawn`` takes an encoded `ToDraw` on its standard input and answers with an encoded `Drawn`.
"""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.packs import Question
from protocol.units import ShortText

MAX_DRAWN = 20
MAX_PICTURE_BYTES = 256 * 1024
MAX_TO_DRAW_BYTES = MAX_DRAWN * (MAX_PICTURE_BYTES + 8_192)
MAX_DRAWN_BYTES = 8 * 2**20


class QuestionToDraw(Message, frozen=True, kw_only=True):
    """A question where it stands, and its picture."""

    title: ShortText
    """Of the pack."""
    level: ShortText
    sample: bool
    question: Question
    picture: Annotated[bytes, Meta(max_length=MAX_PICTURE_BYTES)] = b""
    """As a kiosk is sent it. Empty: there is none."""


class ToDraw(Message, frozen=True, kw_only=True):
    """Questions, and for which size of a screen."""

    columns: Annotated[int, Meta(ge=20, le=200)]
    rows: Annotated[int, Meta(ge=10, le=80)]
    questions: Annotated[list[QuestionToDraw], Meta(min_length=1, max_length=MAX_DRAWN)]


class DrawnQuestion(Message, frozen=True, kw_only=True):
    """Two screens, each as an SVG: the question as it is asked, and what stands there after a right answer."""

    asked: str
    marked: str


class Drawn(Message, frozen=True, kw_only=True):
    """The pictures, in the order of the questions."""

    questions: list[DrawnQuestion]
