"""Compute what a person has learnt, by the functions that stations use too (`protocol.progress`)."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from msgspec import UNSET

from protocol.codec import encode
from protocol.packs import is_right
from protocol.progress import (
    MAX_AMENDED,
    MAX_CHOICES,
    MAX_LEVELS_TOLD,
    AmendedAnswer,
    Answered,
    Choice,
    History,
    LevelName,
    LevelProgress,
    Picked,
    Progress,
    QuestionName,
    Reached,
    RunEnded,
    best_of,
    history_of,
    last_picks,
    levels_of,
)
from server_broker.learning.marking import PackKeys
from server_broker.progress.reading import Placed

TOLD_FOR = dt.timedelta(days=60)
"""For so long after a version came people are told what it marks anew (2.4)."""


@dataclass(frozen=True)
class Computed:
    """What a person has learnt."""

    person: str
    """The person's number."""
    levels: Mapping[LevelName, Reached]
    """Those with a star."""
    history: History
    amended: Sequence[tuple[AmendedAnswer, int]]
    """Each with the version of the pack that has the answer by now."""
    choices: Sequence[Choice]
    """The latest dated choice of each pack, by time."""

    @cached_property
    def said(self) -> Progress:
        """As stations are told of it, but for when it was computed and how far it goes."""
        return Progress(
            person=self.person,
            as_of=0,
            levels=[
                LevelProgress(pack=pack, level=level, stars=reached.stars, passed=reached.first or 0)
                for (pack, level), reached in sorted(self.levels.items())[:MAX_LEVELS_TOLD]
            ],
            questions=self.history.said(),
            undated=self.history.undated_said() or UNSET,
            amended=[said for said, _ in self.amended] or UNSET,
            amended_by=[version for _, version in self.amended] or UNSET,
            choices=list(self.choices) or UNSET,
        )

    @cached_property
    def digest(self) -> bytes:
        """Of what is said."""
        return hashlib.sha256(encode(self.said)).digest()


def compute(
    person: str,
    answers: Iterable[Placed[Answered]],
    ended: Iterable[Placed[RunEnded]],
    picks: Iterable[Picked],
    keys: PackKeys,
    now: dt.datetime,
    *,
    kept: Mapping[LevelName, Reached] = MappingProxyType({}),
) -> Computed:
    """Compute what one person has learnt of these answers, runs and choices.

    Args:
        person: The person's number.
        kept: What was reached by answers and runs that were erased since.
        keys: Renewed.
    """
    own = [placed.what for placed in answers]
    levels = levels_of(own, (placed.what for placed in ended), keys)
    levels |= {name: best_of(levels[name], one) if name in levels else one for name, one in kept.items()}
    return Computed(
        person,
        {name: reached for name, reached in levels.items() if reached.stars},
        history_of(own, keys),
        _amended(own, keys, now),
        _latest(picks),
    )


def _latest(picks: Iterable[Picked]) -> list[Choice]:
    """Return the choices that count by their time. One that nobody dates has no place on the wire."""
    dated = last_picks(one for one in picks if one.wall is not None)
    latest = [Choice(wall=one.wall or 0, pack=pack, chosen=one.chosen) for pack, one in dated.items()]
    return sorted(latest, key=lambda one: one.wall)[-MAX_CHOICES:]


def _amended(answers: Iterable[Answered], keys: PackKeys, now: dt.datetime) -> list[tuple[AmendedAnswer, int]]:
    """Return which answers became right or wrong by a version that came lately, and by which, the newest first.

    Of several answers to one question the last that became so is told.
    """
    since = now - TOLD_FOR
    newest: dict[QuestionName, tuple[tuple[dt.datetime, int], AmendedAnswer, int]] = {}
    for one in answers:
        corrected = keys.corrected(one.pack, one.question, one.version)
        if corrected is None:
            continue
        key, before = corrected
        if key.version <= one.version or keys.published(one.pack, key.version) < since:
            continue
        right = is_right(key.question, list(one.chosen))
        if right != is_right(before.question, list(one.chosen)):
            place = (keys.published(one.pack, key.version), one.wall or 0)
            name = (one.pack, one.question)
            if name not in newest or newest[name][0] <= place:
                said = AmendedAnswer(pack=one.pack, question=one.question, right=right)
                newest[name] = (place, said, key.version)
    ordered = sorted(newest.items(), key=lambda item: (item[1][0], item[0]), reverse=True)
    return [(said, version) for _, (_, said, version) in ordered[:MAX_AMENDED]]
