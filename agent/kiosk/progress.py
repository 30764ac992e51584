"""What each person has learnt, as far as this station knows it (``docs/learning.md``).

It is computed of two parts: what the county computed of all stations' attempts (`progress` bundle), and the attempts
that were recorded here since. The second part is kept in the outbox's state table for each person, because facts are
erased in time; the last facts of the outbox are read again at each start. What the county has by now is dropped.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import chain, repeat
from typing import NamedTuple

from msgspec import UNSET, Struct, field

from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import Attempt, ClockCorrected, Fact, LevelEnded, NumberEntered, PackChosen, Touch, VisitEnded
from protocol.facts_learning import LearningMode
from protocol.progress import (
    Answered,
    Due,
    FactName,
    History,
    Keys,
    LevelName,
    Picked,
    Progress,
    QuestionName,
    Reached,
    RunEnded,
    best_of,
    chosen_packs,
    day_of,
    history_in,
    history_of,
    levels_of,
    wrong_book,
)
from protocol.units import DATED_QUALITIES, FactRef, Moment, PersonId

PEOPLE_IN_MEMORY = 4
MAX_KEPT = 4_000
"""Attempts of one person that the county does not have: more than anybody gives in a year without a line."""
MAX_TOLD = 100
MAX_OPENED = 100
"""Packs that a person is known to have opened: more than come within the two weeks for which one is new."""
_MENDED_MS = 120_000
"""By so much the county may mend a time. Whoever loses a level and draws the same question again may be as quick, and
then the county tells both answers soon."""
DATING = frozenset({"county", "ntp"})


class _When(Struct, array_like=True):
    """Which fact it is, and its moment. ``dated``: ``wall`` is the time, as far as this station knows it. ``late``: it
    was not when the fact was recorded."""

    epoch: bytes
    seq: int
    wall: int
    boot: bytes
    mono: int
    dated: bool
    late: bool

    @property
    def name(self) -> FactName:
        return self.epoch, self.seq


class _OwnAnswer(Struct, array_like=True):
    when: _When
    pack: str
    version: int
    level: str
    question: str
    run: bytes
    chosen: tuple[int, ...]
    right: bool
    mode: LearningMode


class _OwnEnd(Struct, array_like=True):
    when: _When
    pack: str
    level: str
    run: bytes
    stars: int


class _OwnChoice(Struct, array_like=True):
    when: _When
    pack: str
    chosen: bool


type _Own = _OwnAnswer | _OwnEnd | _OwnChoice
"""A fact of the person's learning that was recorded here."""


class _Kept(Struct):
    """What is kept of one person."""

    answers: list[_OwnAnswer] = field(default_factory=list)
    ends: list[_OwnEnd] = field(default_factory=list)
    choices: list[_OwnChoice] = field(default_factory=list)
    told_of: list[tuple[str, str, bool, int]] = field(default_factory=list)
    """Of which answers that are marked otherwise by now the person was told here: pack, question, whether it is right,
    and the version that says so."""
    opened: list[str] = field(default_factory=list)
    """Packs that the person has opened here, so that they are not new to them any more."""

    def whens(self) -> Iterator[_When]:
        """Yield the moment of each fact."""
        rows: list[_Own] = [*self.answers, *self.ends, *self.choices]
        yield from (one.when for one in rows)

    def take(self, other: "_Kept") -> None:
        """Add what is not there yet."""
        self.answers = _joined(self.answers, other.answers)
        self.ends = _joined(self.ends, other.ends)
        self.choices = _joined(self.choices, other.choices)


class Learnt(NamedTuple):
    """What a person has learnt by now."""

    levels: dict[LevelName, Reached]
    history: History
    chosen: frozenset[str]
    """Packs of the menu that the person chose."""

    def stars(self, pack: str, level: str) -> int:
        """Return the stars of a level."""
        reached = self.levels.get((pack, level))
        return reached.stars if reached is not None else 0

    def book(self) -> list[Due]:
        """Return the wrong book."""
        return wrong_book(self.history)


class _Told:
    """What the county told of a person, and of which facts of this station it knew then."""

    def __init__(self, county: Progress | None) -> None:
        self.history = history_in(county)
        self.choices = [] if county is None or county.choices is UNSET else county.choices
        heads = [] if county is None or county.heads is UNSET else county.heads
        self._heads = {one.epoch: one.seq for one in heads}

    def has(self, when: _When) -> bool:
        """Tell whether the county knew of a fact."""
        return when.seq <= self._heads.get(when.epoch, 0)

    def has_answer(self, one: _OwnAnswer, wall: int | None) -> bool:
        """Tell whether an answer is in what was told. One whose boot learnt the time later may be in it without its
        time; then the county will tell it anew, and this station knows it already.

        Otherwise it stands there with its time, which the county may have mended since by a little.
        """
        if not self.has(one.when):
            return False
        if not one.when.late or wall is None:
            return True
        name = (one.pack, one.question)
        if one.when.name in self.history.undated.get(name, ()):
            return False
        return any(abs(known.wall - wall) <= _MENDED_MS for known in self.history.tries.get(name, ()))


class PersonalProgress:
    """What people have learnt. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        state: StateStore,
        twin: Twin,
        county: Callable[[PersonId], Progress | None],
        keys: Keys,
    ) -> None:
        """
        Args:
            county: Returns the county's bundle for a person, or None.
            keys: Returns the question of a pack that is here, by whose answer an attempt is marked.
        """
        self._clock = clock
        self._state = state
        self._twin = twin
        self._county = county
        self._keys = keys
        self._recalled: dict[PersonId, _Kept] = {}
        self._people: dict[PersonId, _Kept] = {}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts of the outbox, oldest first: whose attempts they were, and when.

        The end of a visit says whose it was. Of one that the power ended nothing says so, and today's holder counts.
        """
        who: dict[FactName, PersonId] = {}
        said_at_end: dict[FactName, PersonId] = {}
        own: list[tuple[FactName, FactRef, Attempt | LevelEnded | PackChosen]] = []
        known: dict[bytes, ClockCorrected] = {}
        for ref, fact in facts:
            match fact:
                case Touch() if (card := self._twin.card(fact.card)) is not None and not card.lost:
                    who[ref.epoch, ref.seq] = card.person
                case NumberEntered(answer="accepted"):
                    who[ref.epoch, ref.seq] = fact.person
                case ClockCorrected() if fact.source in DATING:
                    _note_time(known, fact)
                case Attempt() | LevelEnded() | PackChosen() if fact.by is not None:
                    own.append(((fact.by.epoch, fact.by.seq), ref, fact))
                case VisitEnded():
                    said_at_end[fact.by.epoch, fact.by.seq] = fact.person
        for visit, ref, fact in own:
            if (person := said_at_end.get(visit, who.get(visit))) is not None:
                _put(self._recalled.setdefault(person, _Kept()), ref, fact)
        for kept in self._recalled.values():
            for when in kept.whens():
                if not when.dated and (said := known.get(when.boot)) is not None:
                    when.wall, when.dated = said.wall + when.mono - said.mono, True

    def learnt(self, person: PersonId) -> Learnt:
        """Compute what a person has learnt."""
        kept, county = self._of(person), self._county(person)
        answers = [self._answered(one) for one in kept.answers]
        ends = [
            RunEnded(self._wall(one.when), one.pack, one.level, one.run, one.stars)
            for one in kept.ends
            if one.stars > 0
        ]
        levels = levels_of(answers, ends, self._keys)
        for known in county.levels if county is not None else []:
            name, reached = (known.pack, known.level), Reached(known.stars, known.passed or None)
            levels[name] = best_of(levels[name], reached) if name in levels else reached
        told = _Told(county)
        own = [
            answer for answer, one in zip(answers, kept.answers, strict=True) if not told.has_answer(one, answer.wall)
        ]
        dated = {(one.epoch, one.seq) for one in own if one.wall is not None}
        history = history_of(own, self._keys, before=told.history.without(dated))
        return Learnt(levels, history, self._chosen(kept, told))

    def recorded(self, person: PersonId, ref: FactRef, fact: Attempt | LevelEnded | PackChosen) -> None:
        """Take note of a fact of the person that is on disk."""
        _put(self._of(person), ref, fact)

    def keep(self, person: PersonId) -> None:
        """Keep what is known here of a person, without what the county has by now; today's is needed for its limits."""
        kept, told = self._of(person), _Told(self._county(person))

        def is_needed(when: _When) -> bool:
            return not told.has(when) or self._is_today(when)

        def is_answer_needed(one: _OwnAnswer) -> bool:
            return is_needed(one.when) or not told.has_answer(one, self._wall(one.when))

        # A run counts as a whole, so its attempts stay until its end is in the county too.
        running = {one.run for one in kept.ends if is_needed(one.when)}
        kept.answers = [one for one in kept.answers if one.run in running or is_answer_needed(one)][-MAX_KEPT:]
        kept.ends = [one for one in kept.ends if is_needed(one.when)][-MAX_KEPT:]
        kept.choices = [one for one in kept.choices if is_needed(one.when) or self._wall(one.when) is None][-MAX_KEPT:]
        for when in kept.whens():
            if (wall := self._wall(when)) is not None:
                when.wall, when.dated = wall, True
        self._slot(person).keep(kept)

    def levels_ended_today(self, person: PersonId) -> int:
        """Return how many levels the person ended here today."""
        return sum(1 for one in self._of(person).ends if self._is_today(one.when))

    def reviewed_today(self, person: PersonId) -> int:
        """Return how many questions the person answered here today in reviews."""
        return sum(1 for one in self._of(person).answers if one.mode == "review" and self._is_today(one.when))

    def today(self) -> date:
        """Return the date, or a lower bound of it where the time is not known."""
        return day_of(self._clock.now().wall)

    def untold(self, person: PersonId) -> list[tuple[QuestionName, bool, int]]:
        """Return the answers that are marked otherwise by now, and of which the person was not told here.

        Returns:
            The question, whether the answer is right, and the version of its pack that says so (1: any).
        """
        county = self._county(person)
        if county is None or county.amended is UNSET:
            return []
        told = self._of(person).told_of
        versions = [] if county.amended_by is UNSET else county.amended_by
        return [
            ((one.pack, one.question), one.right, version)
            for one, version in zip(county.amended, chain(versions, repeat(1)), strict=False)
            if (one.pack, one.question, one.right, version) not in told
        ]

    def told(self, person: PersonId, question: QuestionName, *, right: bool, version: int) -> None:
        """Take note that the person was told of an answer that is marked otherwise by a version of its pack."""
        kept = self._of(person)
        kept.told_of = [*kept.told_of, (*question, right, version)][-MAX_TOLD:]

    def opened(self, person: PersonId) -> frozenset[str]:
        """Return the packs that the person has opened here."""
        return frozenset(self._of(person).opened)

    def note_opened(self, person: PersonId, pack: str) -> None:
        """Take note that the person has opened a pack."""
        kept = self._of(person)
        if pack not in kept.opened:
            kept.opened = [*kept.opened, pack][-MAX_OPENED:]

    def _is_today(self, when: _When) -> bool:
        if not self._clock.dated:
            return when.boot == self._clock.now().boot
        wall = self._wall(when)
        return wall is not None and day_of(wall) == self.today()

    def _wall(self, when: _When) -> int | None:
        """Return when it was, as the county says it too, because both order answers by it."""
        if when.dated:
            return when.wall
        at = Moment(wall=when.wall, boot=when.boot, mono=when.mono, quality="unknown")
        return self._clock.dated_later(at)

    def _answered(self, one: _OwnAnswer) -> Answered:
        return Answered(
            self._wall(one.when),
            one.when.epoch,
            one.when.seq,
            one.pack,
            one.version,
            one.level,
            one.question,
            one.run,
            one.chosen,
            one.right,
        )

    def _chosen(self, kept: _Kept, told: _Told) -> frozenset[str]:
        """Return which packs the person has chosen, here and elsewhere. Of a choice that nobody dates the county does
        not tell."""
        own = (one for one in kept.choices if not told.has(one.when) or self._wall(one.when) is None)
        return chosen_packs(
            [
                *(Picked(one.wall, b"", 0, one.pack, one.chosen) for one in told.choices),
                *(Picked(self._wall(one.when), *one.when.name, one.pack, one.chosen) for one in own),
            ]
        )

    def _of(self, person: PersonId) -> _Kept:
        if person not in self._people:
            # Who is not here now is read again when they come back: what was kept, and the facts since.
            while len(self._people) >= PEOPLE_IN_MEMORY:
                oldest = next(iter(self._people))
                self.keep(oldest)
                del self._people[oldest]
            self._people[person] = self._slot(person).read() or _Kept()
            self._people[person].take(self._recalled.pop(person, _Kept()))
        return self._people[person]

    def _slot(self, person: PersonId) -> StateSlot[_Kept]:
        return StateSlot(self._state, f"learnt {person}", _Kept, title="what a person has learnt")


def _note_time(known: dict[bytes, ClockCorrected], fact: ClockCorrected) -> None:
    """Take note of what dates a boot: the first such word, but the county's before that of NTP."""
    first = known.setdefault(fact.boot, fact)
    if first.source == "ntp" and fact.source == "county":
        known[fact.boot] = fact


def _put(kept: _Kept, ref: FactRef, fact: Attempt | LevelEnded | PackChosen) -> None:
    at = fact.at
    when = _When(
        ref.epoch, ref.seq, at.wall, at.boot, at.mono, at.quality in DATED_QUALITIES, at.quality not in DATED_QUALITIES
    )
    match fact:
        case Attempt():
            chosen = tuple(fact.chosen)
            answer = _OwnAnswer(
                when, fact.pack, fact.pack_version, fact.level, fact.question, fact.run, chosen, fact.right, fact.mode
            )
            kept.answers.append(answer)
        case LevelEnded():
            kept.ends.append(_OwnEnd(when, fact.pack, fact.level, fact.run, fact.stars if fact.passed else 0))
        case PackChosen():
            kept.choices.append(_OwnChoice(when, fact.pack, fact.chosen))


def _joined[T: _Own](kept: list[T], more: list[T]) -> list[T]:
    """Return both together. Of two accounts of one fact the dated one counts: its boot learnt the time later."""
    known = {one.when.name: one for one in kept}
    for one in more:
        if one.when.name not in known or not known[one.when.name].when.dated:
            known[one.when.name] = one
    return list(known.values())
