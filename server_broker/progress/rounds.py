"""Compute people anew: those of whom something changed, every few seconds, and everybody once a night.

Nobody's answers keep anybody else waiting. If the program fails over people, it finds out over whom and goes on with
the others. Of whomever it fails over, what was computed before stands. They are tried again after a while, a few in a
round and each alone (`platform.set_aside`), and an alarm tells people until all were computed.
"""

import datetime as dt
from collections.abc import Collection, Sequence

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.codec import encode
from protocol.progress import chosen_packs
from server_broker.fleet.alarm_codes import LEARNING_SET_ASIDE
from server_broker.fleet.alarms import raise_or_resolve
from server_broker.learning.marking import PackKeys
from server_broker.learning.models import Attempt, LevelRun, PackChoice
from server_broker.people.models import Person
from server_broker.platform.set_aside import Aside, do_apart, note_failed, note_worked, to_try_again
from server_broker.progress.computing import Computed, compute
from server_broker.progress.courses_source import COUNTED_EVERY, count_taken
from server_broker.progress.marks import mark, note_all, search_again, state, take_marks
from server_broker.progress.models import ChosenPack, PersonDue, PersonProgress, ReachedLevel, Visit
from server_broker.progress.question_counts import count_next
from server_broker.progress.reading import Learning, read_learning, time_of
from server_broker.progress.surplus import set_surplus_apart
from server_broker.progress.telling import tell

PEOPLE_A_TIME = 20
"""People who are read together: a process holds some ten thousand answers at once, and a visit waits for no other."""
TURNS = 20
"""Groups of people that one round computes, so that a change for everybody goes on in the next round."""
REST_FOR_EACH = dt.timedelta(milliseconds=4)
"""So long for each of their answers a person whom something made due waits after they were computed. An answer takes
some 0.04 ms, so nobody takes more than a hundredth of the time, however many there are and however fast more come."""
LEAST_REST = dt.timedelta(seconds=5)
"""Nobody waits for less, because a round comes no sooner: with fewer than 1,250 answers, a year of 24 a week."""


class Rounds:
    """Computes people. It keeps the answers to published questions, so one is used again and again."""

    def __init__(self) -> None:
        self._keys = PackKeys()
        self._rests: dict[int, tuple[dt.datetime, dt.datetime]] = {}
        """When a person was computed, and is again at the earliest, of those who have answered very much."""
        self._uncounted = Aside[str]("counting how a pack's questions are answered")

    def go_on(self, now: dt.datetime, *, by_age: bool = True) -> str | None:
        """Do one round of the chore; return what was done, or None.

        Args:
            by_age: Whether the county's clock may decide that something is old. If not, the night's round waits:
                by a clock that is a year ahead nobody was at any station lately.
        """
        set_surplus_apart(now)
        take_marks(now)
        search_again(now)
        done = self._try_again(now) + sum(self.renew_due(now) for _ in range(TURNS))
        whole = sum(self.renew_whole(now) for _ in range(TURNS)) if by_age else 0
        _tell_of_failed(now)
        if by_age and not whole:
            # After the round, so that whose first try an attempt was is known as well as it can be.
            count_next(now, self._uncounted)
        return f"computed the learning of {done + whole} people" if done or whole else None

    def renew_due(self, now: dt.datetime) -> int:
        """Compute the people who were marked first and do not rest; return how many could be."""
        self._rests = {person: rest for person, rest in self._rests.items() if rest[0] <= now < rest[1]}
        with transaction.atomic():
            due = PersonDue.objects.filter(failed_at=None).exclude(person__in=list(self._rests))
            due = due.order_by("marked_at", "person").select_for_update(skip_locked=True)
            people = list(due.values_list("person", flat=True)[:PEOPLE_A_TIME])
            return self._renew_apart(people, now, all_news=False)

    def _try_again(self, now: dt.datetime) -> int:
        """Compute a few of those over whom the program failed a while ago; return how many could be."""
        with transaction.atomic():
            tried = to_try_again(PersonDue.objects.all(), now)
            done = sum(self._renew_apart([row.person_id], now, all_news=True, again=True) for row in tried)
            if done:
                note_worked(PersonDue)
        return done

    def _renew_apart(self, people: Sequence[int], now: dt.datetime, *, all_news: bool, again: bool = False) -> int:
        """Compute these people and return how many could be; set the others aside. In a transaction."""

        def renew(some: Sequence[int]) -> None:
            # Before they are read: whoever is marked from now on is computed once more.
            PersonDue.objects.filter(person__in=some).delete()
            self.renew(some, now, all_news=all_news)

        outcome = do_apart(people, renew)
        if left := set(people) - set(outcome.done):
            # Whoever was not tried in time is due too.
            mark(left, now)
            note_failed(PersonDue, outcome.failed, now, again=again)
        return len(outcome.done)

    def renew_whole(self, now: dt.datetime) -> int:
        """Go on with the night's round through everybody; return how many people were computed, 0 if it is done."""
        today = timezone.localdate(now)
        with transaction.atomic():
            own = state(locked=True)
            if own.whole_on == today and own.whole_through < 0:
                return 0
            if own.whole_on != today:
                own.whole_on, own.whole_through = today, 0
                note_all()
            rest = Person.objects.filter(pk__gt=own.whole_through).order_by("pk")
            people = list(rest.values_list("pk", flat=True)[:PEOPLE_A_TIME])
            aside = set(
                PersonDue.objects.filter(person__in=people, failed_at__isnull=False).values_list("pk", flat=True)
            )
            self._renew_apart([person for person in people if person not in aside], now, all_news=True)
            own.whole_through = people[-1] if len(people) == PEOPLE_A_TIME else -1
            if own.whole_through < 0 and (own.taken_on is None or today - own.taken_on >= COUNTED_EVERY):
                count_taken()
                own.taken_on = today
            own.save()
        return len(people)

    def renew(self, people: Collection[int], now: dt.datetime, *, all_news: bool = True) -> None:
        """Compute these people, keep what is new of them, and tell their stations. In a transaction.

        Args:
            all_news: As `progress.telling.tell` has it.
        """
        if not people:
            return
        self._keys.renew()
        read = read_learning(people, now)
        rows = {person.pk: person for person in Person.objects.filter(pk__in=people)}
        stored = {row.person_id: row for row in PersonProgress.objects.filter(person__in=people)}
        computed = {key: self._compute(person, read.of[key], now) for key, person in rows.items()}
        for key, person in rows.items():
            _keep(person, read.of[key], computed[key], stored.get(key), now)
        tell(rows, read, computed, self._keys, now, all_news=all_news)
        rests = {key: len(read.of[key].answers) * REST_FOR_EACH for key in rows}
        self._rests |= {key: (now, now + rest) for key, rest in rests.items() if rest >= LEAST_REST}

    def _compute(self, person: Person, learning: Learning, now: dt.datetime) -> Computed:
        return compute(
            person.number, learning.answers, learning.ended, learning.picks, self._keys, now, kept=learning.kept
        )


def _keep(
    person: Person, learning: Learning, computed: Computed, stored: PersonProgress | None, now: dt.datetime
) -> None:
    if learning.is_nothing:
        if stored is not None:
            _forget(person.pk)
        return
    if stored is None or bytes(stored.digest) != computed.digest:
        said = msgspec.structs.replace(computed.said, as_of=milliseconds(now))
        PersonProgress.objects.update_or_create(
            person=person, defaults={"as_of": now, "digest": computed.digest, "content": encode(said)}
        )
        _keep_levels(person.pk, computed)
    _keep_chosen(person.pk, chosen_packs(learning.picks))


def drop_without_answers(now: dt.datetime) -> int:
    """Delete visits of which no answer, run or choice is kept any more; return how many.

    The night's round computes their people anew, so that nothing of what was erased stays in what was computed.
    """
    kept = [
        model.objects.filter(station=OuterRef("station"), by_epoch=OuterRef("epoch"), by_seq=OuterRef("seq"))
        for model in (Attempt, LevelRun, PackChoice)
    ]
    old = Visit.objects.filter(looked_at__lt=now - dt.timedelta(days=1))
    for rows in kept:
        old = old.exclude(Exists(rows))
    visits, _ = old.delete()
    return visits


def _tell_of_failed(now: dt.datetime) -> None:
    """Raise the alarm about people over whom the program failed, or close it where there are none any more."""
    aside = PersonDue.objects.filter(failed_at__isnull=False)
    count = aside.count()
    detail = f"{count} 个人的学习情况算不出来，留着以前算的；答题都在，别人的照常算" if count else ""
    raise_or_resolve(station=None, code=LEARNING_SET_ASIDE, severity="major", detail=detail, at=now)


def _forget(person: int) -> None:
    """Delete what was computed of somebody of whom nothing is kept any more."""
    for model in (PersonProgress, ReachedLevel, ChosenPack):
        model.objects.filter(person=person).delete()


def _keep_levels(person: int, computed: Computed) -> None:
    ReachedLevel.objects.filter(person=person).delete()
    ReachedLevel.objects.bulk_create(
        ReachedLevel(person_id=person, pack=pack, level=level, stars=reached.stars, first_at=time_of(reached.first))
        for (pack, level), reached in sorted(computed.levels.items())
    )


def _keep_chosen(person: int, chosen: Collection[str]) -> None:
    known = set(ChosenPack.objects.filter(person=person).values_list("pack", flat=True))
    if known != set(chosen):
        ChosenPack.objects.filter(person=person).delete()
        ChosenPack.objects.bulk_create(ChosenPack(person_id=person, pack=pack) for pack in sorted(chosen))
