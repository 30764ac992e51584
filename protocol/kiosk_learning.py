"""Answer to advance on the kiosk socket: the map of packs, levels, questions, answers, how a level ended, and reviews.

Where ``visit`` is empty, nobody has shown who they are, and nothing that is asked or shown is anybody's.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.facts_learning import LearningMode
from protocol.kiosk_line import Line
from protocol.packs import QuestionKind
from protocol.units import CodeWord, DayText, FileName, ShortText

MAP_LINES = 6
"""Packs of a page: as many as a keypad's numbers choose from."""
MAX_AMENDED = 5

type VisitOrNone = Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?\Z")]


class LevelChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A level of a pack, with its stars."""

    pack: ShortText
    level: ShortText
    title: ShortText
    name: ShortText
    sample: bool
    best_stars: Annotated[int, Meta(ge=0, le=3)]
    open: bool = True
    """Whether it can be played now: the level before has a star."""


class PackLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pack on the map."""

    pack: ShortText
    title: ShortText
    sample: bool = False
    part: CodeWord = "open"
    """``required``: somebody requires it of the person. ``chosen``: the person chose it from the menu. ``menu``: it can
    be chosen. ``open``: anybody may play it."""
    until: DayText | None = None
    """By when it is required."""
    levels: Annotated[int, Meta(ge=1)]
    passed: Annotated[int, Meta(ge=0)] = 0
    """So many of its levels have a star."""
    stars: Annotated[int, Meta(ge=0)] = 0
    """Of all levels together; three a level at most."""
    new: bool = False
    """It came less than two weeks ago, and the person has not opened it; without a visit, nobody has."""
    colleagues: Annotated[int, Meta(ge=1)] | None = None
    """So many people of the person's own type chose it, in the county; None: fewer than 10, or nobody counted."""


class MenuLine(msgspec.Struct, frozen=True, kw_only=True):
    """How many packs of a menu the person should choose, and has chosen."""

    title: ShortText
    choose: Annotated[int, Meta(ge=1)]
    chosen: Annotated[int, Meta(ge=0)]


class BookLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The wrong book of the person."""

    due: Annotated[int, Meta(ge=0)]
    """Questions that a review shows now."""
    all: Annotated[int, Meta(ge=0)]
    next: DayText | None = None
    """When the next question is due, where none is now."""
    undated: Annotated[int, Meta(ge=0)] = 0
    """Questions that wait until the time is known at which they were answered."""
    rested: bool = False
    """Today's ten are done."""


class Amended(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the person is marked otherwise by now, because the question was corrected."""

    title: ShortText
    stem: str
    right: bool
    """Whether the person's answer is right now."""
    answer: list[str]
    """The right options."""
    explanation: str = ""
    """Why they are right."""


# Agent to kiosk.


class MapShown(Line, frozen=True, kw_only=True, tag="map"):
    """A page of the packs: required ones by their day, then chosen ones, the others, and what the menu offers."""

    visit: VisitOrNone = ""
    page: Annotated[int, Meta(ge=0)] = 0
    pages: Annotated[int, Meta(ge=1)] = 1
    packs: Annotated[list[PackLine], Meta(max_length=MAP_LINES)] = []
    menu: MenuLine | None = None
    book: BookLine | None = None
    """None: nobody has shown who they are."""
    amended: Annotated[list[Amended], Meta(max_length=MAX_AMENDED)] = []
    levels_left: Annotated[int, Meta(ge=0)] | None = None
    """How many levels the person can still play today; None: as many as they like."""


class PackShown(Line, frozen=True, kw_only=True, tag="pack"):
    """A page of the levels of a pack."""

    visit: VisitOrNone = ""
    pack: PackLine
    page: Annotated[int, Meta(ge=0)] = 0
    pages: Annotated[int, Meta(ge=1)] = 1
    levels: Annotated[list[LevelChoice], Meta(max_length=MAP_LINES)]
    levels_left: Annotated[int, Meta(ge=0)] | None = None
    """As in `MapShown`."""


class QuestionShown(Line, frozen=True, kw_only=True, tag="question"):
    """The next question of a run, options shuffled. The right answer is not in it."""

    run: str
    title: ShortText
    level: ShortText
    sample: bool
    number: int
    of: int
    lives: int
    kind: QuestionKind
    question: ShortText
    stem: str
    options: list[str]
    pack: ShortText = ""
    """Whose pictures these are; also the id of its bundle."""
    pack_version: Annotated[int, Meta(ge=0)] = 0
    """The version that is played, and whose pictures are shown; also that of its bundle. 0: an agent of before."""
    picture: FileName | None = None
    """Shown with the stem; the kiosk asks for it by `protocol.kiosk_documents.AskPicture`."""
    sound: bool = False
    """The question has a sound of its own, which belongs to it: it can be heard again."""
    mode: LearningMode = "level"


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
    mode: LearningMode = "level"
    next: LevelChoice | None = None
    """The level after it, if that can be played now."""
    back: DayText | None = None
    """When the first of those that went wrong comes back; None: nobody's run, or the day is not known."""
    left: Annotated[int, Meta(ge=0)] = 0
    """So many questions of the person's wrong book are due now. An agent of before says it of a review alone."""
    complete: bool = False
    """With it every level of the pack has a star, for the first time."""
    levels_left: Annotated[int, Meta(ge=0)] | None = None
    """As in `MapShown`."""


# Kiosk to agent.


class OpenMap(Line, frozen=True, kw_only=True, tag="open_map"):
    """Show a page of the packs; the answer is `MapShown`."""

    visit: VisitOrNone = ""
    page: Annotated[int, Meta(ge=0, le=1_000)] = 0


class OpenPack(Line, frozen=True, kw_only=True, tag="open_pack"):
    """Show a page of a pack's levels; the answer is `PackShown`, or `Sorry` with ``no_such_level``."""

    visit: VisitOrNone = ""
    pack: ShortText
    page: Annotated[int, Meta(ge=0, le=1_000)] = 0


class ChoosePack(Line, frozen=True, kw_only=True, tag="choose_pack"):
    """The person of the visit chooses a pack of the menu, or gives it up; the answer is `PackShown`."""

    visit: VisitOrNone
    pack: ShortText
    chosen: bool = True


class OpenReview(Line, frozen=True, kw_only=True, tag="open_review"):
    """Begin a review of the visit's person; the answer is the first `QuestionShown`, or `Sorry` with ``nothing_due``,
    or with ``done_today`` if there is no level left either."""

    visit: VisitOrNone


class OpenLevel(Line, frozen=True, kw_only=True, tag="open_level"):
    """Begin a run; the answer is the first `QuestionShown`, or `Sorry` with ``no_such_level``, ``enough_today`` (a
    review is left for today) or ``done_today`` (nothing is)."""

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
