"""Do something with many things at once, and where that fails find out with which of them it fails.

So the data of one station, village or row keep nobody else's results waiting, and as long as nothing fails it costs a
savepoint.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.db import transaction

from server_broker.platform.transient import is_transient

MOST_FAILED = 32
"""So many things are found that fail, at most. What was not tried by then waits for the next round. Halving tries each
thing a few times, so a round ends in good time also if everything fails."""


class Apart[T](NamedTuple):
    """With what it was done, and with what it fails. What is in neither waits."""

    done: list[T]
    failed: list[tuple[T, Exception]]


def do_apart[T](things: Sequence[T], do: Callable[[Sequence[T]], None]) -> Apart[T]:
    """Do something with all of ``things`` at once; if that fails with each half of them, and so on. In a transaction.

    Args:
        do: It is called in a savepoint, so that what it writes is gone if it fails. What it keeps in memory, it changes
            last of all. It is called again with some of the same things.

    Raises:
        django.db.Error: The database is away. Nothing was done, and nothing is to blame.
    """
    done: list[T] = []
    failed: list[tuple[T, Exception]] = []
    waiting = [things] if things else []
    while waiting and len(failed) < MOST_FAILED:
        some = waiting.pop()
        try:
            with transaction.atomic():
                do(some)
        except Exception as error:  # a bug or data that nobody expected: the others go on
            if is_transient(error):
                raise
            if len(some) == 1:
                failed.append((some[0], error))
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
        else:
            done += some
    return Apart(done, failed)
