"""Keep what people have reached in levels when the answers and runs by which they reached it are erased.

Answers go three years after the county got them (docs/adr/0029); stars don't (docs/learning.md, 3.2). So before a run
goes, what its person reached by it becomes a row of its own, from which computing starts.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import batched

from django.db import transaction

from protocol.progress import LevelName, Reached, best_of, levels_of
from server_broker.learning.marking import PackKeys
from server_broker.learning.tables import ATTEMPTS, LEVEL_RUNS
from server_broker.people.models import PersonRecord
from server_broker.people.private_numbers import KEPT_AFTER_LEAVING
from server_broker.platform.sql import query
from server_broker.progress.marks import cards_and_numbers, people_of
from server_broker.progress.models import KeptLevel
from server_broker.progress.reading import Learning, read_learning, time_of

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


def keep_levels(before: dt.datetime, now: dt.datetime) -> int:
    """Keep what people reached by the runs of which something was received before ``before``; return how many people.

    Doing it again changes nothing. A run counts as a whole: its answers may be due a day before its end.
    """
    rows = query(_DUE, {"before": before})
    if not rows:
        return 0
    runs = {(station, bytes(run)) for station, run, _, _ in rows}
    people = people_of(*cards_and_numbers((token, number) for _, _, token, number in rows))
    keys = PackKeys()
    keys.renew()
    for group in batched(sorted(people), PEOPLE_A_TIME, strict=False):
        with transaction.atomic():
            read = read_learning(group, now)
            for person, learning in read.of.items():
                _keep(person, learning.kept, _reached_by(learning, runs, keys))
    return len(people)


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
