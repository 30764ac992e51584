"""Faults that the proof must find, planted into the station's part of some histories."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agent.kiosk import progress
from agent.kiosk.key_book import KeyBook
from agent.kiosk.progress import PersonalProgress
from protocol.packs import AnswerKey
from protocol.progress import NO_HISTORY, Answered, History, Keys, history_of
from tests.proofs.learning.histories import PERSON, lives

MOST_LIVES = 40
"""A fault that shows in none of so many histories is not found."""


def counted_twice() -> AbstractContextManager[Any]:
    """Attempts that the county has are added to what it told."""
    return patch.object(progress._Told, "has_answer", lambda *_: False)


def whoever_it_was() -> AbstractContextManager[Any]:
    """What anybody learns here is the same person's: ``by`` is ignored."""
    of = PersonalProgress._of
    return patch.object(PersonalProgress, "_of", lambda self, _: of(self, PERSON))


def any_version() -> AbstractContextManager[Any]:
    """Every attempt is marked by the newest answers, whatever its options were."""

    def newest(self: KeyBook, pack: str, question: str, version: int) -> AnswerKey | None:
        here = self._library.find(pack)
        return None if here is None or here.version == version else here.read_keys().get(question)

    return patch.object(KeyBook, "key", newest)


def late_ones_dropped() -> AbstractContextManager[Any]:
    """An attempt from before the last one that the county told of is dropped."""

    def without_late(answers: list[Answered], keys: Keys, *, before: History = NO_HISTORY) -> History:
        last = {name: tries[-1].wall for name, tries in before.tries.items()}
        kept = [one for one in answers if (one.wall or 0) >= last.get((one.pack, one.question), 0)]
        return history_of(kept, keys, before=before)

    return patch.object(progress, "history_of", without_late)


def the_stations_clock() -> AbstractContextManager[Any]:
    """Due dates go by the clock as it stood, right or wrong."""
    return patch.object(PersonalProgress, "_wall", lambda _, when: when.wall)


def the_last_writer_wins() -> AbstractContextManager[Any]:
    """What was answered here replaces what the county told of the same question."""

    def last_writer(answers: list[Answered], keys: Keys, *, before: History = NO_HISTORY) -> History:
        own = {(one.pack, one.question) for one in answers}
        others = {name: tries for name, tries in before.tries.items() if name not in own}
        undated = {name: stated for name, stated in before.undated.items() if name not in own}
        return history_of(answers, keys, before=History(others, undated))

    return patch.object(progress, "history_of", last_writer)


PLANTED: tuple[Callable[[], AbstractContextManager[Any]], ...] = (
    counted_twice,
    whoever_it_was,
    any_version,
    late_ones_dropped,
    the_stations_clock,
    the_last_writer_wins,
)


def is_caught(fault: Callable[[], AbstractContextManager[Any]], seeds: Iterator[int] | range) -> bool:
    """Tell whether one of the histories shows the fault."""
    with tempfile.TemporaryDirectory(prefix="learning-", dir="/dev/shm") as folder, fault():
        return any(life.differences for life in lives(seeds, lambda seed: made(Path(folder) / str(seed))))


def made(folder: Path) -> Path:
    """Make a folder and return it."""
    folder.mkdir()
    return folder
