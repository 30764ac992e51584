"""Guessing is counted so that nobody gains by waiting, by a restart or by a clock that is set."""

from protocol.pin_tries import FORGET_MS, LOCKS_AT, NO_TRIES, PinTries, failed, locked_ms, standing, together

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW = 1_795_480_200_000


def guessed(tries: PinTries, times: int, now: int = NOW) -> PinTries:
    for _ in range(times):
        tries = failed(tries, now)
    return tries


def test_four_are_free_and_the_fifth_locks() -> None:
    locked = [times for times in range(8) if locked_ms(guessed(NO_TRIES, times), NOW)]
    assert locked == [5, 6, 7] == list(range(LOCKS_AT, 8))
    assert [locked_ms(guessed(NO_TRIES, times), NOW) // HOUR_MS for times in (4, 5, 6, 7)] == [0, 1, 2, 4]


def test_whoever_guesses_as_often_as_allowed_has_20_tries_in_90_days() -> None:
    tries, now, evaluated = NO_TRIES, NOW, 0
    while now < NOW + 90 * DAY_MS:
        if wait := locked_ms(tries, now):
            now += min(wait, HOUR_MS)
        else:
            tries, evaluated = failed(tries, now), evaluated + 1
    assert evaluated == 20


def test_a_week_forgets_one() -> None:
    tries = guessed(NO_TRIES, 3)
    assert [standing(tries, NOW + weeks * FORGET_MS) for weeks in range(5)] == [3, 2, 1, 0, 0]


def test_a_clock_that_is_set_back_forgets_nothing_and_locks_anew() -> None:
    tries = guessed(NO_TRIES, 5)
    assert locked_ms(tries, NOW - 400 * DAY_MS) == HOUR_MS
    assert standing(tries, 0) == 5


def test_of_two_counts_that_may_have_seen_the_same_the_higher_holds() -> None:
    more, later = PinTries(fails=5, last=NOW - DAY_MS), PinTries(fails=3, last=NOW)
    assert together(later, more, NOW) == together(more, later, NOW) == more
    # Once a week has forgotten enough of it, the other one holds.
    assert together(PinTries(fails=5, last=NOW - 3 * FORGET_MS), later, NOW) == later
