"""A past of learning for a county that begins today: what its people would have answered at their stations.

It is written as rows, because nobody waits for weeks to pass; the county computes of them what it computes of any
others. Nobody has signed these rows, so no check of the record holds for such a county.

``python -m firmware_scripts.demo.learnt past --pack ID … --village CODE --account NAME`` gives one to the running
county in ``CUNHUI_HOME``. It prints the secret of a session on a telephone, for the first person of the village.
``… learnt night`` has the county reckon at once what it would reckon by the next morning.
"""

import argparse
import datetime as dt
import os
import random
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

from protocol.packs import LIVES, Pack

if TYPE_CHECKING:
    from server_broker.people.models import Person

VISITS = 9
"""Of the most eager one, one in two days; the last one was the day before yesterday."""
_RIGHT = 0.8
_HARD = 7
"""Every so manieth question of a pack is one that nobody gets right at first."""
_SECRETARY = "书记"


def main() -> int:
    """Give the county a past of learning."""
    options = argparse.ArgumentParser(prog="python -m firmware_scripts.demo.learnt", description=__doc__)
    verbs = options.add_subparsers(dest="verb", required=True)
    verbs.add_parser("night")
    past = verbs.add_parser("past")
    past.add_argument("--pack", action="append", required=True, help="what people have learnt from, one after another")
    past.add_argument("--village", required=True, help="whose first person leads a branch, and has a telephone")
    past.add_argument("--account", required=True, help="of that person at the console")
    past.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
    import django  # noqa: PLC0415 - the settings must be named before

    django.setup()
    from django.utils import timezone  # noqa: PLC0415

    now = timezone.now()
    if chosen.verb == "night":
        _pass_the_night(now)
    else:
        print(_make_past(chosen.pack, chosen.village, chosen.account, now, random.Random(chosen.seed)))  # noqa: S311 - sample data
    return 0


def _make_past(packs: Sequence[str], village: str, account: str, now: dt.datetime, chance: random.Random) -> str:
    """Write what people answered, let the village's first person lead a branch, and return their telephone's secret."""
    from django.db import transaction  # noqa: PLC0415

    from server_broker.people.models import Person  # noqa: PLC0415
    from server_broker.platform.sql import execute  # noqa: PLC0415
    from server_broker.public.sessions import open_session  # noqa: PLC0415

    with transaction.atomic():
        # Otherwise the cards would be nobody's before today.
        execute("ALTER TABLE people_binding DISABLE TRIGGER USER", [])
        execute("UPDATE people_binding SET valid_from = NULL", [])
        execute("ALTER TABLE people_binding ENABLE TRIGGER USER", [])
    with transaction.atomic():
        _learn(list(Person.objects.order_by("village", "number")), packs, now, chance)
    first = Person.objects.filter(village=village).earliest("number")
    with transaction.atomic():
        _lead_a_branch(first, account)
    return open_session(first, by="demo", now=now)


def _learn(people: "Sequence[Person]", packs: Sequence[str], now: dt.datetime, chance: random.Random) -> None:
    """Have each person go through the levels of the packs, one a visit, until their visits are over."""
    from server_broker.attendance.models import Touch  # noqa: PLC0415
    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.learning.marking import read_stored  # noqa: PLC0415
    from server_broker.learning.models import Attempt, LearningPack, LevelRun  # noqa: PLC0415
    from server_broker.people.models import Card  # noqa: PLC0415

    read = [read_stored(LearningPack.objects.newest().get(pack=name)) for name in packs]
    levels = [(pack, place) for pack in read for place in range(len(pack.levels))]
    stations = {one.village_id: one.pk for one in Station.objects.all()}
    tokens = dict(Card.objects.values_list("person", "token"))
    seqs = {station: count(1) for station in stations.values()}
    touches, attempts, runs = [], [], []
    for number, person in enumerate(people):
        station = stations[person.village_id]
        stamp: dict[str, Any] = {
            "station_id": station,
            "epoch": _id("learnt", station),
            "quality": "synced",
            "boot": _id("boot", station),
        }
        for visit, (pack, place) in enumerate(levels[: VISITS - number % 5]):
            at = now - dt.timedelta(days=2 * (VISITS - visit), minutes=11 * number % 300)
            stamp |= {"wall": at, "mono_ms": visit, "received_at": at}
            by = next(seqs[station])
            touches.append(
                Touch(
                    **stamp, seq=by, card_token=tokens[person.pk], reader="reader-0", answer="recorded", direction="in"
                )
            )
            of_run: dict[str, Any] = {
                "run": _id(str(person.pk), str(visit))[:8],
                "pack": pack.id,
                "pack_version": pack.version,
            }
            of_run |= {"level": pack.levels[place].id, "by_epoch": stamp["epoch"], "by_seq": by}
            lives = LIVES
            for asked, chosen, right in _answers(pack, place, chance):
                lives -= not right
                took = chance.randrange(4_000, 20_000)
                attempts.append(
                    Attempt(
                        **stamp,
                        **of_run,
                        seq=next(seqs[station]),
                        question=asked,
                        chosen=chosen,
                        right=right,
                        lives_left=max(1, lives),
                        took_ms=took,
                    )
                )
            stars = max(1, lives)
            runs.append(LevelRun(**stamp, **of_run, seq=next(seqs[station]), passed=True, stars=stars, took_ms=90_000))
    Touch.objects.bulk_create(touches)
    Attempt.objects.bulk_create(attempts)
    LevelRun.objects.bulk_create(runs)


def _answers(pack: Pack, place: int, chance: random.Random) -> Iterator[tuple[str, list[int], bool]]:
    """Draw a level's questions, and answer most of them right."""
    level = pack.levels[place]
    for question in chance.sample(level.questions, level.draw):
        is_hard = level.questions.index(question) % _HARD == _HARD - 1
        if not is_hard and chance.random() < _RIGHT:
            yield question.id, list(question.answer), True
            continue
        wrong = [number for number in range(len(question.options)) if number not in question.answer]
        yield (
            question.id,
            question.answer[::-1] if question.kind == "ordering" else [chance.choice(wrong or [0])],
            False,
        )


def _id(*of: str) -> bytes:
    return sha256(" ".join(of).encode()).digest()[:16]


def _lead_a_branch(person: "Person", account: str) -> None:
    """Make a branch of the person's village, whose secretary the person is, and whose members are the others."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.accounts.models import User  # noqa: PLC0415
    from server_broker.people.models import Person, UnitKind  # noqa: PLC0415
    from server_broker.people.posts import give_post, make_unit  # noqa: PLC0415

    branch = make_unit("示例党支部", UnitKind.BRANCH, person.village, actor="service")
    today = timezone.localdate()
    give_post(person, branch, _SECRETARY, since=today, actor="service")
    for other in Person.objects.filter(village=person.village_id).exclude(pk=person.pk).order_by("number")[:7]:
        give_post(other, branch, "委员", since=today, actor="service")
    User.objects.filter(username=account).update(person=person)


def _pass_the_night(now: dt.datetime) -> None:
    """Reckon what everybody has learnt, and count how questions were answered."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.learning.packs import newest_packs  # noqa: PLC0415
    from server_broker.progress.marks import take_marks  # noqa: PLC0415
    from server_broker.progress.question_counts import count_pack  # noqa: PLC0415
    from server_broker.progress.rounds import Rounds  # noqa: PLC0415

    rounds = Rounds()
    while take_marks(now) or rounds.renew_due(now):
        pass
    for row in newest_packs():
        count_pack(row, timezone.localdate(now))


if __name__ == "__main__":
    sys.exit(main())
