"""Keep what people have reached in levels when the answers and runs by which they reached it are erased.

Answers go three years after the county got them (docs/adr/0029); stars don't (docs/learning.md, 3.2). So before a run
goes, what its person reached by it becomes a row of its own, from which computing starts. If the program fails over a
person, that person's answers and runs stay until it works, an alarm tells people, and all others' go.
"""

import datetime as dt
import logging
from collections.abc import Collection, Mapping, Sequence
from itertools import batched

from django.db import transaction

from protocol.progress import LevelName, Reached, best_of, levels_of
from server_broker.fleet.alarm_codes import LEVELS_SET_ASIDE
from server_broker.fleet.alarms import raise_or_resolve
from server_broker.learning.marking import PackKeys
from server_broker.learning.tables import ATTEMPTS, LEVEL_RUNS
from server_broker.people.models import Binding, PersonRecord
from server_broker.people.private_numbers import KEPT_AFTER_LEAVING
from server_broker.people.villages import villages_named
from server_broker.platform.set_aside import Failure, do_apart
from server_broker.platform.sql import query
from server_broker.progress.marks import cards_and_numbers, people_of
from server_broker.progress.models import KeptLevel
from server_broker.progress.reading import Learning, read_learning, time_of
from server_broker.retention.erasing import FactIdentity

_log = logging.getLogger(__name__)

PEOPLE_A_TIME = 20

type _Run = tuple[str, bytes]
"""(station, run)."""

_DUE = f"""
SELECT a.station_id, a.run, v.card_token, v.number FROM (
    SELECT station_id, run, by_epoch, by_seq FROM {ATTEMPTS} WHERE by_seq IS NOT NULL AND received_at < %(before)s
    UNION SELECT station_id, run, by_epoch, by_seq FROM {LEVEL_RUNS}
        WHERE by_seq IS NOT NULL AND received_at < %(before)s
) a JOIN progress_visit v ON (v.station_id, v.epoch, v.seq) = (a.station_id, a.by_epoch, a.by_seq)
"""  # noqa: S608 - our own constants

_SAID_BY = f"""
SELECT a.station_id, a.epoch, a.seq FROM (
    SELECT station_id, epoch, seq, by_epoch, by_seq, received_at FROM {ATTEMPTS}
    UNION ALL SELECT station_id, epoch, seq, by_epoch, by_seq, received_at FROM {LEVEL_RUNS}
) a JOIN progress_visit v ON (v.station_id, v.epoch, v.seq) = (a.station_id, a.by_epoch, a.by_seq)
WHERE a.received_at < %(before)s AND (v.card_token = ANY(%(tokens)s) OR v.number <> '' AND v.number = ANY(%(numbers)s))
"""  # noqa: S608 - our own constants


def keep_levels(before: dt.datetime, now: dt.datetime) -> set[FactIdentity]:
    """Keep what people reached by the runs of which something was received before ``before``.

    Doing it again changes nothing. A run counts as a whole: its answers may be due a day before its end.

    Returns:
        The answers and ends of levels that must not be erased yet: those of people over whom the program failed. The
        next night tries again.
    """
    rows = query(_DUE, {"before": before})
    runs = {(station, bytes(run)) for station, run, _, _ in rows}
    people = people_of(*cards_and_numbers((token, number) for _, _, token, number in rows))
    keys = PackKeys()
    keys.renew()

    def keep(some: Sequence[int]) -> None:
        for person, learning in read_learning(some, now).of.items():
            _keep(person, learning.kept, _reached_by(learning, runs, keys))

    failed: list[tuple[int, Failure]] = []
    for group in batched(sorted(people), PEOPLE_A_TIME, strict=False):
        waiting: Sequence[int] = group
        while waiting:
            with transaction.atomic():
                outcome = do_apart(waiting, keep)
            failed += outcome.failed
            waiting = outcome.waiting
    if failed:
        _log.error("the levels of %d people can't be kept, so their answers stay\n%s", len(failed), failed[0][1].trace)
    left = [person for person, _ in failed]
    raise_or_resolve(station=None, code=LEVELS_SET_ASIDE, severity="major", detail=_told(left), at=now)
    return _said_by(left, before)


def _told(failed: Collection[int]) -> str:
    if not failed:
        return ""
    where = villages_named(failed)
    return f"{len(failed)} 个人满期的答题记录还没有删（{where}）：凭它们得的星存不下来；别人的照常存、照常删"


def _said_by(people: Collection[int], before: dt.datetime) -> set[FactIdentity]:
    """Return what is due of all visits that these people may have made, by cards and numbers that they ever had."""
    if not people:
        return set()
    tokens = Binding.objects.filter(person__in=people).values_list("subject__token", flat=True).distinct()
    numbers = PersonRecord.objects.filter(subject__in=people).values_list("number", flat=True).distinct()
    asked = {"before": before, "tokens": [bytes(token) for token in tokens], "numbers": list(numbers)}
    return {(station, bytes(epoch), seq) for station, epoch, seq in query(_SAID_BY, asked)}


def _reached_by(learning: Learning, runs: Collection[_Run], keys: PackKeys) -> dict[LevelName, Reached]:
    answers = (one.what for one in learning.answers if (one.station, one.what.run) in runs)
    ended = (one.what for one in learning.ended if (one.station, one.what.run) in runs)
    return levels_of(answers, ended, keys)


def _keep(person: int, known: Mapping[LevelName, Reached], reached: Mapping[LevelName, Reached]) -> None:
    for name, one in sorted(reached.items()):
        kept = best_of(known[name], one) if name in known else one
        if kept.stars and known.get(name) != kept:
            pack, level = name
            KeptLevel.objects.update_or_create(
                person_id=person,
                pack=pack,
                level=level,
                defaults={"stars": kept.stars, "first_at": time_of(kept.first)},
            )


def drop_of_gone(now: dt.datetime) -> int:
    """Delete what was kept of people who left a year ago; return how many rows."""
    gone = PersonRecord.objects.known().filter(left=True, valid_from__lte=now - KEPT_AFTER_LEAVING).at(now)
    rows, _ = KeptLevel.objects.filter(person__in=gone.values("subject")).delete()
    return rows
