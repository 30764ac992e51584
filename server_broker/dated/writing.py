"""Record what holds from when to when. What it contradicts is superseded, and stays readable."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from server_broker.dated.models import Dated

type Content = Mapping[str, object]
"""Columns and their values as JSON has them. Columns that are not named keep the values that they had."""


@dataclass(frozen=True, slots=True)
class Period:
    """``[since, until)``. None is without end on that side."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def common(self, other: "Period") -> "Period | None":
        """Return the time that two periods share, or None if they share none."""
        begins = [since for since in (self.since, other.since) if since is not None]
        ends = [until for until in (self.until, other.until) if until is not None]
        since, until = max(begins, default=None), min(ends, default=None)
        return None if since is not None and until is not None and since >= until else Period(since, until)


@contextmanager
def acting(actor: str, reason: str = "") -> Iterator[None]:
    """Name who changes today's columns in the block, and why. PostgreSQL records the changes as dated rows."""
    with transaction.atomic():
        _say(actor, reason)
        yield
        _say("", "")


def _say(actor: str, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('dated.actor', %s, true), set_config('dated.reason', %s, true)",
            [actor[:150], reason[:200]],
        )


def put(
    model: type[Dated],
    subjects: Iterable[int | str],
    period: Period,
    content: Content,
    *,
    actor: str,
    reason: str = "",
) -> int:
    """Have ``content`` hold for each subject in the period, and return for how many of them that is news.

    The caller is in a transaction and has locked the subjects. Columns of today follow in the same transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FILTER (WHERE dated_put(%s::regclass, subject, %s, %s, %s::jsonb, %s, %s))
               FROM unnest(%s::text[]) AS subject""",
            [
                model._meta.db_table,
                period.since,
                period.until,
                json.dumps(dict(content)),
                actor[:150],
                reason[:200],
                [str(subject) for subject in subjects],
            ],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def put_each(
    model: type[Dated], rows: Iterable[tuple[int | str, Period, Content]], *, actor: str, reason: str = ""
) -> int:
    """Have each content hold for its subject in its period, and return for how many that is news.

    It is `put` for many contents by one query. The rows are put in order.
    """
    listed = [
        {"subject": str(subject), "since": _iso(period.since), "until": _iso(period.until), "content": dict(content)}
        for subject, period, content in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FILTER (WHERE dated_put(%s::regclass, subject, since, until, content, %s, %s))
               FROM jsonb_to_recordset(%s::jsonb)
               AS x(subject text, since timestamptz, until timestamptz, content jsonb)""",
            [model._meta.db_table, actor[:150], reason[:200], json.dumps(listed)],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _iso(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def take_written() -> list[tuple[str, int]]:
    """Return table and id of the dated rows that this transaction wrote or superseded since it was asked last."""
    with connection.cursor() as cursor:
        cursor.execute(
            'DELETE FROM dated_written WHERE transaction = pg_current_xact_id() RETURNING "table"::text, "row"'
        )
        return sorted(set(cursor.fetchall()))
