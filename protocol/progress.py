"""What a person has learnt, computed of their answers: stars, wrong book, due dates.

The rules are in ``docs/learning.md``; sections below are of that page. The county computes of all answers that it has,
a station of what the county told it and of the answers that it recorded since, by these same functions. Cards are
scheduled by FSRS-6, for which the package ``fsrs`` of its authors does the arithmetic.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Annotated, NamedTuple

from fsrs import Card, Rating, Scheduler
from msgspec import UNSET, Meta, UnsetType

from protocol.china_time import china_time
from protocol.codec import Message, VersionedMessage
from protocol.packs import HasAnswer, is_right
from protocol.units import Epoch, PersonId, Seq, ShortText, WallMs

MAX_STARS = 3
LEARNT_DAYS = 21
"""An interval of so many days means that a question is learnt (4.3). Anki calls such a card mature (its manual, "Card
states")."""
REVIEWS_A_DAY = 10
LEVELS_A_DAY = 5
MAX_TRIES = 1_000
"""Of one question; of more, the last ones count (4.1)."""
MAX_QUESTIONS = 1_000
MAX_LEVELS_TOLD = 2_500
MAX_UNDATED = 1_000
MAX_AMENDED = 20
MAX_CHOICES = 200

_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=365, enable_fuzzing=False)

type QuestionName = tuple[ShortText, ShortText]
"""(pack, question)."""
type LevelName = tuple[ShortText, ShortText]
"""(pack, level)."""
type PackVersion = Annotated[int, Meta(ge=1)]
type FactName = tuple[bytes, int]
"""(epoch, seq) of the stream in which a fact was first recorded."""
type Keys = Callable[[ShortText, ShortText, int], HasAnswer | None]
"""Returns the question of a pack whose answer counts for an attempt with this version of the pack (2.2), or None."""


class Try(Message, frozen=True, kw_only=True, array_like=True):
    """``[wall, right]``: when a question was answered, and whether rightly by the key that holds now."""

    wall: WallMs
    right: bool


class Tries(Message, frozen=True, kw_only=True, array_like=True):
    """``[pack, question, tries]``: the dated answers in their order.

    Right ones before the first wrong one are among them, because a station may know of an earlier wrong one.
    """

    pack: ShortText
    question: ShortText
    tries: Annotated[list[Try], Meta(max_length=MAX_TRIES)]
    """Empty: a wrong answer is there of which nobody knows when it was given. `UndatedWrong` says which."""


class UndatedWrong(Message, frozen=True, kw_only=True, array_like=True):
    """``[pack, question, epoch, seq]``: a wrong answer that nobody dates, and the fact that states it.

    The station that recorded it may learn the time, or another key, before the county tells it anew.
    """

    pack: ShortText
    question: ShortText
    epoch: Epoch
    seq: Seq


class LevelProgress(Message, frozen=True, kw_only=True, array_like=True):
    """``[pack, level, stars, passed]``: what a person has reached in a level; ``passed`` is when, or 0."""

    pack: ShortText
    level: ShortText
    stars: Annotated[int, Meta(ge=0, le=MAX_STARS)]
    passed: WallMs = 0


class AmendedAnswer(Message, frozen=True, kw_only=True, array_like=True):
    """``[pack, question, right]``: an answer of the person is right, or wrong, by a key that came later (2.4)."""

    pack: ShortText
    question: ShortText
    right: bool


class Choice(Message, frozen=True, kw_only=True, array_like=True):
    """``[wall, pack, chosen]``: the person chose a pack of the menu, or gave it up."""

    wall: WallMs
    pack: ShortText
    chosen: bool


class StreamThrough(Message, frozen=True, kw_only=True, array_like=True):
    """``[epoch, seq]``: facts of this stream up to this one are in it."""

    epoch: Epoch
    seq: Seq


class Progress(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``progress``: what one person has learnt, as the county computes it from all stations' attempts."""

    person: PersonId
    as_of: WallMs
    """When it was computed."""
    levels: Annotated[list[LevelProgress], Meta(max_length=MAX_LEVELS_TOLD)] = []
    questions: Annotated[list[Tries], Meta(max_length=MAX_QUESTIONS)] | UnsetType = UNSET
    """The questions that were answered last. Unset: a county that computes stars alone."""
    undated: Annotated[list[UndatedWrong], Meta(max_length=MAX_UNDATED)] | UnsetType = UNSET
    """All of a question or none of it. Unset rather than empty, so that a progress without any keeps its bytes."""
    amended: Annotated[list[AmendedAnswer], Meta(max_length=MAX_AMENDED)] | UnsetType = UNSET
    """The newest first. Unset rather than empty, so that a progress without any keeps its bytes."""
    amended_by: Annotated[list[PackVersion], Meta(max_length=MAX_AMENDED)] | UnsetType = UNSET
    """For each of ``amended``, in their order, the version of the pack that has the answer by now. Whoever tells a
    person of it waits until that version is there: an older one names the answer before."""
    choices: Annotated[list[Choice], Meta(max_length=MAX_CHOICES)] | UnsetType = UNSET
    """The latest of each pack, by time. Unset rather than empty, as above."""
    heads: Annotated[list[StreamThrough], Meta(max_length=1_000)] | UnsetType = UNSET
    """How far it goes in each stream. What a station recorded beyond is added to it by the station."""


class Answered(NamedTuple):
    """An attempt of one person."""

    wall: int | None
    """When, in ms; None: nobody knows."""
    epoch: bytes
    seq: int
    pack: str
    version: int
    level: str
    question: str
    run: bytes
    chosen: tuple[int, ...]
    said_right: bool
    """As the station marked it."""


class RunEnded(NamedTuple):
    """The end of one of the person's runs that was passed. A run that was not passed leaves nothing (3.1)."""

    wall: int | None
    pack: str
    level: str
    run: bytes
    stars: int


class Reached(NamedTuple):
    """What was reached in a level."""

    stars: int
    first: int | None
    """When it had its first star, in ms; None: nobody knows."""


class Due(NamedTuple):
    """A question of the wrong book."""

    question: QuestionName
    day: date | None
    """When it is to be asked again; None as long as nobody knows when it was answered."""


class History(NamedTuple):
    """A person's answers to each question."""

    tries: Mapping[QuestionName, Sequence[Try]]
    """The dated ones in their order."""
    undated: Mapping[QuestionName, frozenset[FactName]]
    """Questions with wrong answers that nobody dates, and which facts state these; no facts: it was not said which."""

    def without(self, facts: Collection[FactName]) -> "History":
        """Return it without these of the answers that nobody dates."""
        left = {name: stated.difference(facts) for name, stated in self.undated.items()}
        return History(self.tries, {name: stated for name, stated in left.items() if stated or not self.undated[name]})

    def undated_said(self) -> list[UndatedWrong]:
        """Return which answers nobody dates, as a bundle has it, of the first questions whose answers fit."""
        said: list[UndatedWrong] = []
        for (pack, question), stated in sorted(self.undated.items()):
            if len(said) + len(stated) > MAX_UNDATED:
                break
            said += [UndatedWrong(pack=pack, question=question, epoch=epoch, seq=seq) for epoch, seq in sorted(stated)]
        return said

    def said(self) -> list[Tries]:
        """Return it as a bundle has it: the questions that were answered last.

        A question with dated answers and a wrong one that nobody dates stands there twice: without and with its dates.
        """
        undated = [Tries(pack=pack, question=question, tries=[]) for pack, question in sorted(self.undated)]
        dated = sorted(self.tries.items(), key=lambda item: (-item[1][-1].wall, item[0]))
        most = max(0, MAX_QUESTIONS - len(undated))
        listed = [
            Tries(pack=pack, question=question, tries=list(tries)) for (pack, question), tries in sorted(dated[:most])
        ]
        return [*undated[:MAX_QUESTIONS], *listed]


NO_HISTORY = History({}, {})


class Picked(NamedTuple):
    """A pack of the menu was chosen or given up by one person."""

    wall: int | None
    """When, in ms; None: nobody knows."""
    epoch: bytes
    seq: int
    pack: str
    chosen: bool


def history_in(said: Progress | None) -> History:
    """Return the history that a bundle tells of (`History.said`, `History.undated_said`)."""
    questions = [] if said is None or said.questions is UNSET else said.questions
    stated: dict[QuestionName, set[FactName]] = defaultdict(set)
    for one in [] if said is None or said.undated is UNSET else said.undated:
        stated[one.pack, one.question].add((one.epoch, one.seq))
    undated = [(one.pack, one.question) for one in questions if not one.tries]
    return History(
        {(one.pack, one.question): one.tries for one in questions if one.tries},
        {name: frozenset(stated[name]) for name in undated},
    )


def last_picks(picks: Iterable[Picked]) -> dict[str, Picked]:
    """Return by pack the choice that counts (8.2): of each stream the last one, and of these the latest; an undated one
    comes after all dated ones."""
    last: dict[tuple[str, bytes], Picked] = {}
    for one in sorted(picks, key=lambda one: (one.seq, one.wall or 0)):
        last[one.pack, one.epoch] = one
    return {
        one.pack: one for one in sorted(last.values(), key=lambda one: (one.wall is None, one.wall or 0, *one[1:3]))
    }


def chosen_packs(picks: Iterable[Picked]) -> frozenset[str]:
    """Return the packs that a person has chosen and not given up."""
    return frozenset(pack for pack, one in last_picks(picks).items() if one.chosen)


def is_marked_right(answered: Answered, keys: Keys) -> bool:
    """Mark an attempt by the key that holds now (2)."""
    question = keys(answered.pack, answered.question, answered.version)
    return answered.said_right if question is None else is_right(question, answered.chosen)


def history_of(answers: Iterable[Answered], keys: Keys, *, before: History = NO_HISTORY) -> History:
    """Return the answers of one person by question, in the order that counts (1.4, 4.1).

    Args:
        before: What is known of answers that are not among these.
    """
    undated = {name: set(stated) for name, stated in before.undated.items()}
    dated: dict[QuestionName, list[tuple[tuple[int, bytes, int], bool]]] = defaultdict(list)
    for one in answers:
        right = is_marked_right(one, keys)
        if one.wall is not None:
            dated[one.pack, one.question].append(((one.wall, one.epoch, one.seq), right))
        elif not right:
            undated.setdefault((one.pack, one.question), set()).add((one.epoch, one.seq))
    tries = dict(before.tries)
    for name, found in dated.items():
        known = [((one.wall, b"", 0), one.right) for one in tries.get(name, ())]
        tries[name] = [Try(wall=place[0], right=right) for place, right in sorted([*known, *found])[-MAX_TRIES:]]
    return History(tries, {name: frozenset(stated) for name, stated in undated.items()})


def levels_of(answers: Iterable[Answered], ended: Iterable[RunEnded], keys: Keys) -> dict[LevelName, Reached]:
    """Return what one person has reached in each level (3.1, 3.2)."""
    made_good: dict[bytes, int] = defaultdict(int)
    for one in answers:
        made_good[one.run] += not one.said_right and is_marked_right(one, keys)
    found: dict[LevelName, Reached] = {}
    for end in ended:
        run = Reached(min(MAX_STARS, end.stars + made_good[end.run]), end.wall)
        name = (end.pack, end.level)
        found[name] = best_of(found[name], run) if name in found else run
    return found


def best_of(one: Reached, other: Reached) -> Reached:
    """Return what two accounts of one level come to."""
    known = [first for first in (one.first, other.first) if first is not None]
    return Reached(max(one.stars, other.stars), min(known, default=None))


@lru_cache(maxsize=2 * MAX_QUESTIONS)
def card_of(tries: tuple[Try, ...]) -> Card | None:
    """Return the card of a question after these answers; None if none was wrong (4.1, 4.2).

    An answer changes one card of a wrong book of a thousand, and a small machine would feel all that arithmetic.
    """
    card = None
    for one in tries:
        if card is None and one.right:
            continue
        # Without a name of its own a new card would wait a millisecond, to get one of the time.
        rating = Rating.Good if one.right else Rating.Again
        card, _ = _SCHEDULER.review_card(card or Card(card_id=0), rating, _noon(one.wall))
    return card


def wrong_book(history: History) -> list[Due]:
    """Return the questions of the wrong book, the longest due first (4.3, 4.4, 4.6); those without a day last."""
    cards = {name: card for name, tries in history.tries.items() if (card := card_of(tuple(tries))) is not None}
    dated = [
        (card.due.date(), name)
        for name, card in cards.items()
        if not (history.tries[name][-1].right and _interval(card) >= LEARNT_DAYS)
    ]
    undated = sorted(name for name in history.undated if name not in cards)
    return [Due(name, day) for day, name in sorted(dated)] + [Due(name, None) for name in undated]


def _interval(card: Card) -> int:
    return (card.due - card.last_review).days if card.last_review is not None else 0


def due_now(book: Sequence[Due], today: date, *, reviewed: int) -> list[QuestionName]:
    """Return what a review shows today (4.6).

    Args:
        today: The date, or a lower bound of it.
        reviewed: How many questions the person answered in reviews today.
    """
    due = [one.question for one in book if one.day is not None and one.day <= today]
    return due[: max(0, REVIEWS_A_DAY - reviewed)]


def day_of(wall: int) -> date:
    """Return the day of Beijing on which a time in ms lies."""
    return china_time(wall).date()


def _noon(wall: int) -> datetime:
    # The day is Beijing's, but its name is all that matters: two noons lie whole days apart.
    return datetime.combine(day_of(wall), time(12), UTC)
