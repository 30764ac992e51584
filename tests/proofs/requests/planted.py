"""The faults that this proof must catch, each planted while a small day goes on in this process."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import transaction
from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.dated.days import begin_of
from server_broker.people.models import Person
from server_broker.public import own_requests
from server_broker.public.own_requests import one_of, own_case
from server_broker.requests import asking, cases, deciding, ranks
from server_broker.requests.asking import Wish
from server_broker.requests.judging import Judged, judged
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.requests.ranks import Rank
from server_broker.requests.refused import RequestRefused
from server_broker.requests.withdrawing import withdraw
from tests.proofs.requests.judge import Findings, Judge
from tests.proofs.requests.office import AT_KIOSKS, FIRST, SECRETARIES, TWIN, Office

_DAY = dt.timedelta(days=1)
_FIRST_DAY, _DAYS = 260, 10
"""Days that no request of the large run touches; each small day takes its own."""


class _LocalTelephone:
    """Reads what the front door's page of a request says, in this process, where the faults are."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def page(self, path: str) -> str:
        case = own_case(self._person, int(path.strip("/").rsplit("/", 1)[1]))
        if case is None:
            return ""
        one = one_of(case, self._person)
        return f"{one.number} {one.state} {one.answer}"


class SmallDay:
    """A few requests, and at each something that must not happen is tried."""

    def __init__(self, office: Office, number: int) -> None:
        self._office = office
        self._begin = begin_of(timezone.localdate()) + (_FIRST_DAY + number * _DAYS) * _DAY
        self._made: list[CountyRequest] = []
        self._days: set[tuple[str, str]] = set()

    def live(self) -> Findings:
        """Ask, try, and judge."""
        last = CountyRequest.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        judge = Judge(self._office, since=last)
        east, west = (self._office.bench.stations[place].cast.people[AT_KIOSKS - 1].number for place in (0, 1))
        plain, own, elsewhere = self._ask(east, 0), self._ask(self._office.asker, 0), self._ask(west, 0)
        long, back = self._ask(west, 2, 6), self._ask(east, 2)
        with suppress(RequestRefused):
            self._ask(east, 0)
        with suppress(CountyRequest.DoesNotExist):
            withdraw(back, now=timezone.now())
        self._decide(FIRST, plain)
        self._decide(TWIN, own)
        self._decide(SECRETARIES[0], elsewhere)
        self._decide(SECRETARIES[1], long)
        self._decide(FIRST, back)
        judge.county([one.pk for one in self._made], self._days)
        judge.all()
        outcomes = judge.outcomes_here()
        for one in self._made:
            if one.pk in outcomes:
                person, number, outcome = outcomes[one.pk]
                judge.seen(person, _LocalTelephone(one.person), [(one.pk, number, outcome)])
        return judge.found

    def _ask(self, number: str, after: int, days: int = 1) -> CountyRequest:
        person, begin = Person.objects.get(number=number), self._begin + after * _DAY
        wish = Wish(kind="leave", code="sick", begin=begin, end=begin + days * _DAY)
        made = asking.ask(person, wish, now=timezone.now())
        self._made.append(made)
        return made

    def _decide(self, account: str, one: CountyRequest) -> None:
        user = User.objects.get(username=account)
        with suppress(RequestRefused, OwnAffair):
            deciding.decide_case(f"c{one.pk}", Outcome.ACCEPTED, text="", user=user, at=timezone.now())


@contextmanager
def _in_place(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def own_affairs_decided() -> Any:
    """Nobody asks whether an account is the asker's."""
    return _in_place(deciding, "refuse_own_affair", lambda *_, **__: None)


def every_region_in_scope() -> Any:
    """Every region is everybody's."""
    return _in_place(ranks, "in_scope", lambda *_: True)


def no_rank_needed() -> Any:
    """The length is reckoned, and no rank follows from it."""

    def needs_none(case: cases.Case, at: dt.datetime, *_: Any) -> Judged:
        return Judged(judged(case, at).length, Rank.VILLAGE, seconds=False)

    return _in_place(deciding, "judged", needs_none)


def withdrawals_unread() -> Any:
    """A request that was taken back is read as one that waits."""
    read = cases._case_here

    def unread(one: CountyRequest, *others: Any) -> cases.Case:
        before, one.withdrawn_at = one.withdrawn_at, None
        try:
            return read(one, *others)
        finally:
            one.withdrawn_at = before

    return _in_place(cases, "_case_here", unread)


def asked_twice() -> Any:
    """The same days may be asked for again."""
    return _in_place(asking, "_away", lambda _person, wish, _now: wish)


def not_kept() -> Any:
    """The person is told of a request that no transaction keeps."""
    ask = asking.ask

    def forgets(*arguments: Any, **named: Any) -> CountyRequest:
        with transaction.atomic():
            made = ask(*arguments, **named)
            transaction.set_rollback(True)
        return made

    return _in_place(asking, "ask", forgets)


def outcome_not_said() -> Any:
    """The page of a request says of all that they wait."""
    return _in_place(own_requests, "_STATES", dict.fromkeys(own_requests._STATES, "… 等答复"))


PLANTED: dict[str, tuple[Callable[[], Any], str]] = {
    "own_affairs_decided": (own_affairs_decided, "self_approved"),
    "every_region_in_scope": (every_region_in_scope, "out_of_scope"),
    "no_rank_needed": (no_rank_needed, "out_of_scope"),
    "withdrawals_unread": (withdrawals_unread, "decided_though_withdrawn"),
    "asked_twice": (asked_twice, "doubled"),
    "not_kept": (not_kept, "lost"),
    "outcome_not_said": (outcome_not_said, "unseen_by_asker"),
}
"""Each with what it must be counted as."""


def not_caught(office: Office) -> tuple[list[str], list[str]]:
    """Return which planted faults were not caught, and what was found although nothing was planted."""
    clean = SmallDay(office, 0).live()
    missed = []
    for number, (name, (plant, counted)) in enumerate(PLANTED.items(), 1):
        with plant():
            try:
                found = SmallDay(office, number).live()
            except RequestRefused:
                # The fault has made the day go otherwise than it can.
                found = Findings()
        if not found.counts[counted]:
            missed.append(name)
    return missed, clean.examples
