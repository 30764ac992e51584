"""Set aside what the program fails over, so that it keeps nothing else waiting, and try it again after a while.

Something is done with many things at once. Where that fails, it is found out with which of them it fails. So as long
as nothing fails, it costs a savepoint. What fails is noted in the row that says that it is due (``failed_at``), and is
tried again after `AGAIN`, a few in a round and each alone. Work that is due by no row of its own remembers in its
process what failed (`Aside`). Whoever sets something aside tells people of it.
"""

import datetime as dt
import logging
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from django.db import models, transaction

from server_broker.platform.transient import is_transient

_log = logging.getLogger(__name__)

AGAIN = dt.timedelta(minutes=15)
A_ROUND = 4
"""So many things of a kind are tried again in one round."""

MOST_FAILED = 32
"""So many things are found that fail, at most. What was not tried by then waits for the next round. Halving tries each
thing a few times, so a round ends in good time also if everything fails."""
LONGEST_S = 10.0
"""After so long nothing more is tried, once it is known of anything whether it fails. One station can make a try take
many seconds, by the facts that it has told."""
_LONGEST_TRACE = 8_000


class Failure(NamedTuple):
    """Why something failed. An exception itself is not kept: its traceback keeps all that the try had read."""

    kind: str
    """The exception's class."""
    place: str
    """The file and line that raised it, and nothing of what it was about."""
    trace: str
    """Where it was raised and what it said, for the log."""


class Apart[T](NamedTuple):
    """With what it was done, with what it fails, and what of that which failed together was not tried apart."""

    done: list[T]
    failed: list[tuple[T, Failure]]
    waiting: list[T]


def _failure_of(error: Exception) -> Failure:
    """Return what is kept of an exception."""
    raised = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(raised.filename).name}:{raised.lineno}"
    return Failure(type(error).__name__, place, "".join(traceback.format_exception(error))[-_LONGEST_TRACE:])


def do_apart[T](things: Sequence[T], do: Callable[[Sequence[T]], None]) -> Apart[T]:
    """Do something with all of ``things`` at once; if that fails with each half of them, and so on. In a transaction.

    Args:
        do: It is called in a savepoint, so that what it writes is gone if it fails. What it keeps in memory, it changes
            last of all. It is called again with some of the same things.

    Raises:
        django.db.Error: The database is away. Nothing was done, and nothing is to blame.
    """
    until = time.monotonic() + LONGEST_S
    done: list[T] = []
    failed: list[tuple[T, Failure]] = []
    waiting = [things] if things else []
    while waiting and len(failed) < MOST_FAILED and (not (done or failed) or time.monotonic() < until):
        some = waiting.pop()
        try:
            with transaction.atomic():
                do(some)
        except Exception as error:  # a bug or data that nobody expected: the others go on
            if is_transient(error):
                raise
            if len(some) == 1:
                failed.append((some[0], _failure_of(error)))
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
        else:
            done += some
    return Apart(done, failed, [one for some in reversed(waiting) for one in some])


def to_try_again[M: models.Model](rows: models.QuerySet[M], now: dt.datetime) -> list[M]:
    """Return the few of these rows with ``failed_at`` that are tried in this round, locked."""
    early = models.Q(failed_at__gt=now - AGAIN, failed_at__lte=now)
    some = rows.filter(failed_at__isnull=False).exclude(early).order_by("failed_at", "pk")
    return list(some.select_for_update(skip_locked=True)[:A_ROUND])


def note_failed(
    model: type[models.Model], failed: Sequence[tuple[int, Failure]], now: dt.datetime, *, again: bool = False
) -> None:
    """Note that the program failed over the rows with these keys, and log why, unless they had failed before."""
    if not failed:
        return
    keys = [key for key, _ in failed]
    model._default_manager.filter(pk__in=keys).update(failed_at=now)
    if not again:
        trace = failed[0][1].trace
        _log.error("the program fails over %d of %s, which are set aside\n%s", len(keys), model.__name__, trace)


def note_worked(model: type[models.Model]) -> None:
    """Have all that was set aside done together again, because some of it works."""
    model._default_manager.filter(failed_at__isnull=False).update(failed_at=None)


class Aside[K]:
    """What a work failed with in this process. After a restart all of it is tried at once."""

    def __init__(self, work: str) -> None:
        """Begin with nothing set aside. ``work`` is for the log."""
        self._work = work
        self._tried: dict[K, dt.datetime] = {}

    @property
    def failed(self) -> Collection[K]:
        """What is set aside."""
        return self._tried.keys()

    def due(self, keys: Iterable[K], now: dt.datetime) -> list[K]:
        """Return what of all that is to be done is tried in this round, what has not failed first; forget the rest."""
        known = list(keys)
        self._tried = {key: self._tried[key] for key in known if key in self._tried}
        # A try that is still to come is one of a clock put back.
        again = [key for key, at in self._tried.items() if not now - AGAIN < at <= now]
        again.sort(key=lambda key: self._tried[key])
        return [*(key for key in known if key not in self._tried), *again[:A_ROUND]]

    def do(self, keys: Iterable[K], do: Callable[[Sequence[K]], None], now: dt.datetime) -> list[K]:
        """Do something with these as `do_apart` does, and return with which it was done. In a transaction.

        Those that have failed before are tried each alone.

        Raises:
            django.db.Error: As `do_apart`.
        """
        listed = list(keys)
        fresh = [key for key in listed if key not in self._tried]
        outcomes = [do_apart(part, do) for part in (fresh, *([key] for key in listed if key in self._tried))]
        done = [key for one in outcomes for key in one.done]
        for key, failure in (one for outcome in outcomes for one in outcome.failed):
            if key not in self._tried:
                _log.error("%s fails over %s, which is set aside\n%s", self._work, key, failure.trace)
            self._tried[key] = now
        for key in done:
            self._tried.pop(key, None)
        return done
