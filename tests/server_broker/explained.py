"""Have each statement explained as it is run, so that a test sees how many rows it looks at."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

AT_MOST = 600
"""Rows that one step of a statement may look at: the planner reads a small table whole, and a page at a time."""


@contextmanager
def explained(at_most: int = AT_MOST) -> Iterator[list[str]]:
    """Have each statement explained as it is run, and list those with a step over ``at_most`` rows."""
    found: list[str] = []
    explaining = False

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal explaining
        if not explaining and not many and sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            explaining = True
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                [plan] = cursor.fetchone()
                transaction.set_rollback(True)
            explaining = False
            steps = _walked((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
            found.extend(f"{step['Node Type']} looks at {rows} rows: {sql}" for step, rows in steps if rows > at_most)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


def _walked(step: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    removed = sum(step.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
    yield step, round((step["Actual Rows"] + removed) * step["Actual Loops"])
    for part in step.get("Plans", ()):
        yield from _walked(part)
