"""What a person sees of their own learning: stars, the wrong book, what was marked anew, and what is required.

It is computed of what was stored of the person last, so that it costs the same however much they have answered.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from protocol.bundles import MAX_CONTENT_BYTES
from protocol.codec import decode
from protocol.packs import Pack, Question
from protocol.progress import MAX_STARS, Progress, history_in, wrong_book
from server_broker.bundles.models import Bundle
from server_broker.learning.marking import questions_in, read_stored
from server_broker.learning.models import LearningPack
from server_broker.people.models import Person
from server_broker.progress.completion import RequiredPack, required_of
from server_broker.progress.models import PersonProgress


@dataclass(frozen=True, slots=True)
class OwnLevel:
    """A level of a pack's newest version."""

    name: str
    stars: int

    @property
    def said(self) -> str:
        """The stars as signs."""
        return "★" * self.stars + "☆" * (MAX_STARS - self.stars)


@dataclass(frozen=True, slots=True)
class OwnPack:
    """A pack in which the person has a star, or that is required of them."""

    title: str
    levels: Sequence[OwnLevel]
    required: RequiredPack | None


@dataclass(frozen=True, slots=True)
class OwnWrong:
    """A question of the wrong book."""

    stem: str
    day: dt.date | None
    """When it is asked again; None: nobody knows when it was answered."""


@dataclass(frozen=True, slots=True)
class OwnAmended:
    """A question whose answer was corrected, and what became of the person's."""

    stem: str
    right: bool
    answer: Sequence[str]
    """The options that are right by now; of an ordering question in their order."""
    explanation: str


@dataclass(frozen=True, slots=True)
class OwnLearning:
    """What a person has learnt."""

    as_of: dt.datetime | None
    """Since when it is this; None: the person has answered nothing."""
    packs: Sequence[OwnPack]
    due: Sequence[OwnWrong]
    """Today or before."""
    later: Sequence[OwnWrong]
    amended: Sequence[OwnAmended]


def own_learning(person: Person, now: dt.datetime) -> OwnLearning:
    """Return what a person sees of their own learning."""
    row = PersonProgress.objects.filter(person=person).first()
    said = None if row is None else decode(bytes(row.content), Progress, limit=MAX_CONTENT_BYTES)
    required = {one.pack: one for one in required_of([person], now)[person.pk]}
    stars = {} if said is None else {(one.pack, one.level): one.stars for one in said.levels}
    history = history_in(said)
    answered = {pack for pack, _ in (*history.tries, *history.undated)}
    packs = _packs({*required, *(pack for pack, _ in stars), *answered}, now)
    today = timezone.localdate(now)
    stems = {(pack.id, name): one for pack in packs for name, one in questions_in(pack).items()}
    # What the newest version does not have, or what was withdrawn or is over, is not shown (4.5).
    wrong = [(stems[one.question].stem, one.day) for one in wrong_book(history) if one.question in stems]
    amended = said.amended if said is not None and isinstance(said.amended, list) else []
    return OwnLearning(
        as_of=None if row is None else row.as_of,
        packs=[
            OwnPack(
                pack.title,
                [OwnLevel(level.name, stars.get((pack.id, level.id), 0)) for level in pack.levels],
                required.get(pack.id),
            )
            for pack in packs
            if pack.id in required or any((pack.id, level.id) in stars for level in pack.levels)
        ],
        due=[OwnWrong(stem, day) for stem, day in wrong if day is not None and day <= today],
        later=[OwnWrong(stem, day) for stem, day in wrong if day is None or day > today],
        amended=[
            _own_amended(stems[one.pack, one.question], right=one.right)
            for one in amended
            if (one.pack, one.question) in stems
        ],
    )


def _own_amended(question: Question, *, right: bool) -> OwnAmended:
    answer = [question.options[place] for place in question.answer]
    return OwnAmended(question.stem, right, answer, question.explanation)


def _packs(names: set[str], now: dt.datetime) -> list[Pack]:
    """Return the newest versions of those packs that are neither withdrawn nor over, by title."""
    shown = set(Bundle.objects.filter(kind="questions", bundle__in=names).lasting(now).values_list("bundle", flat=True))
    rows = LearningPack.objects.newest().filter(pack__in=shown)
    return sorted((read_stored(row) for row in rows), key=lambda pack: (pack.title, pack.id))
