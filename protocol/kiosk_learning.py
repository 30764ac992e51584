"""Answer to advance on the kiosk socket: the levels that can be played, questions, answers and how a level ended."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.units import ShortText


class LevelChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A level that can be played now."""

    pack: ShortText
    level: ShortText
    title: ShortText
    name: ShortText
    sample: bool
    best_stars: Annotated[int, Meta(ge=0, le=3)]


# Agent to kiosk.


class QuestionShown(Line, frozen=True, kw_only=True, tag="question"):
    """The next question of a run, options shuffled. The right answer is not in it."""

    run: str
    title: ShortText
    level: ShortText
    sample: bool
    number: int
    of: int
    lives: int
    kind: Literal["single", "multiple", "true_false", "ordering"]
    question: ShortText
    stem: str
    options: list[str]


class Marked(Line, frozen=True, kw_only=True, tag="marked"):
    """Whether an answer was right. The answer is on disk before this message is sent. Options are numbered as shown,
    from 0."""

    run: str
    question: ShortText
    right: bool
    chosen: list[int]
    answer: list[int]
    explanation: str
    source: str
    lives: int


class LevelOver(Line, frozen=True, kw_only=True, tag="level_over"):
    """The run ended."""

    run: str
    passed: bool
    stars: int
    right: int
    of: int


# Kiosk to agent.


class OpenLevel(Line, frozen=True, kw_only=True, tag="open_level"):
    """Begin a run; the answer is the first `QuestionShown`."""

    pack: ShortText
    level: ShortText


class AnswerQuestion(Line, frozen=True, kw_only=True, tag="answer"):
    """The options chosen, numbered as shown from 0; the answer is `Marked`."""

    run: ShortText
    question: ShortText
    chosen: Annotated[list[Annotated[int, Meta(ge=0, le=5)]], Meta(min_length=1, max_length=6)]


class NextQuestion(Line, frozen=True, kw_only=True, tag="next"):
    """Go on after `Marked`; the answer is `QuestionShown` or `LevelOver`."""

    run: ShortText
