"""With what of many things the program fails is found within bounds, and the others are done."""

import datetime as dt
import gc
import weakref
from collections.abc import Collection

import pytest

from server_broker.platform import set_aside
from server_broker.platform.set_aside import A_ROUND, AGAIN, Aside, do_apart

pytestmark = pytest.mark.django_db


def test_many_that_fail_are_found_some_in_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "MOST_FAILED", 3)
    did: list[int] = []

    def do(some: Collection[int]) -> None:
        if any(one % 2 for one in some):
            raise ValueError
        did.extend(some)

    outcome = do_apart(range(20), do)
    assert [one for one, _ in outcome.failed] == [1, 3, 5]
    assert outcome.done == did == [0, 2, 4]


def test_when_time_is_up_it_ends_with_the_first_of_which_something_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "LONGEST_S", 0.0)
    tries: list[int] = []

    def do(some: Collection[int]) -> None:
        tries.append(len(some))
        if 1 in some:
            raise ValueError

    outcome = do_apart(range(8), do)
    assert (outcome.done, outcome.failed, outcome.waiting) == ([0], [], [1, 2, 3, 4, 5, 6, 7])
    assert tries == [8, 4, 2, 1]
    outcome = do_apart(outcome.waiting, do)
    assert ([one for one, _ in outcome.failed], outcome.waiting) == ([1], [2, 3, 4, 5, 6, 7])


def test_nothing_is_kept_of_what_a_try_that_failed_had_read() -> None:
    class Read(list[int]):
        """What a try has read."""

    left: list[weakref.ref[Read]] = []

    def do(some: Collection[int]) -> None:
        read = Read(some)
        left.append(weakref.ref(read))
        try:
            raise ValueError("x")
        except ValueError as error:
            raise OverflowError("date value out of range") from error

    outcome = do_apart(range(4), do)
    gc.collect()
    assert len(left) == 7
    assert not any(one() for one in left)
    assert [failure.kind for _, failure in outcome.failed] == ["OverflowError"] * 4
    assert "in do\n" in outcome.failed[0][1].trace
    assert "ValueError: x" in outcome.failed[0][1].trace


NOW = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def fails(some: Collection[int]) -> None:
    if any(one >= 10 for one in some):
        raise ValueError


def test_what_failed_is_tried_again_after_a_while_a_few_in_a_round_behind_all_else() -> None:
    aside, things = Aside[int]("the work"), range(20)
    assert aside.do(aside.due(things, NOW), fails, NOW) == list(range(10))
    assert sorted(aside.failed) == list(range(10, 20))
    assert aside.due(things, NOW + AGAIN - SECOND) == list(range(10))
    rounds = [NOW + AGAIN + number * SECOND for number in range(3)]
    tried = []
    for at in rounds:
        due = aside.due(things, at)
        assert due[:10] == list(range(10))
        tried += due[10:]
        aside.do(due, fails, at)
    assert (len(tried), sorted(tried)) == (2 * A_ROUND + 2, list(range(10, 20)))


def test_those_that_failed_are_tried_each_alone_and_what_works_is_no_more_set_aside() -> None:
    aside, parts = Aside[int]("the work"), list[list[int]]()
    aside.do(aside.due([1, 10, 11], NOW), fails, NOW)

    def do(some: Collection[int]) -> None:
        parts.append(list(some))
        fails([one for one in some if one != 10])

    later = NOW + AGAIN
    assert aside.do(aside.due([1, 2, 10, 11], later), do, later) == [1, 2, 10]
    assert parts == [[1, 2], [10], [11]]
    assert list(aside.failed) == [11]
    aside.due([], later)
    assert not aside.failed, "what is to be done no more is forgotten"


def test_a_clock_that_was_put_back_delays_no_try() -> None:
    aside = Aside[int]("the work")
    aside.do(aside.due([10], NOW), fails, NOW)
    assert aside.due([10], NOW - SECOND) == [10]
