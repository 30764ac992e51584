"""A statement that takes long arrays gets them in binary form, and is in all else as Django's own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from server_broker.platform.sql import execute_arrays, query_arrays

pytestmark = pytest.mark.django_db

ECHO = "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bytea[]) AS w (number, word, octets)"
ROWS = [(2**40, "村 'a' \\ {,}", b"\x00\\x'"), (None, None, None), (-1, "", b"")]


def test_arrays_come_as_they_were_sent() -> None:
    assert query_arrays(ECHO, [list(column) for column in zip(*ROWS, strict=True)]) == ROWS
    assert query_arrays(ECHO, [[], [], []]) == []
    assert query_arrays(ECHO, [[None], [None], [None]]) == [(None, None, None)]


def test_what_stands_around_statements_stands_around_these() -> None:
    seen = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note), CaptureQueriesContext(connection) as counted:
        query_arrays(ECHO, [[1], ["a"], [b"b"]])
    assert seen == [ECHO]
    assert len(counted) == 1


@pytest.mark.parametrize("number", [2**31, 2**70])
def test_what_the_database_refuses_is_refused_as_ever(number: int) -> None:
    with pytest.raises(DataError):
        execute_arrays("SELECT * FROM unnest(%s::int[])", [[1, number]])
