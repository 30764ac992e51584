"""A closing against what happens at the same time: another closing, data that come, a database that goes away."""

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction

from server_broker.audit.models import AuditEntry
from server_broker.closing.closing import CLOSE, close_month, show_month
from server_broker.closing.models import ClosedMonth
from server_broker.closing.refused import MonthRefused
from server_broker.closing.slips import open_slip
from server_broker.decisions.models import DecidedFact
from server_broker.people.models import Person
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import Outcome
from server_broker.settlement.version import RULES
from server_broker.settling.models import SheetMonth, SheetMonthRecord
from server_broker.settling.moments import moment
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.sheet_csv import sheet_csv
from server_broker.settling.span import Span
from server_broker.settling.windows import settle
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LAST,
    MAY_CLOSE,
    MISSED,
    MONTH,
    NEXT,
    SHOWN_AT,
    LivedMonth,
    lives_on,
    officer,
    village,
)
from tests.server_broker.county import FictionalCounty
from tests.server_broker.races import at_once
from tests.server_broker.settling.lived import MONDAY, at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("li")]

type Statement = Callable[[Callable[..., Any], str, Any, bool, Any], Any]


@pytest.fixture
def shown(county: FictionalCounty) -> LivedMonth:
    with transaction.atomic():
        lived = LivedMonth(county)
    show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    return lived


def closing() -> Callable[[], ClosedMonth]:
    """Return what closes the month and asks the database nothing else."""
    where, by = village(), officer()
    return lambda: close_month(where, MONTH, by=by, known=MAY_CLOSE)


def is_closed() -> bool:
    """Whether all of a closing is there. None of it: it is not. Some of it: the test fails."""
    there = {
        "sheet": ClosedMonth.objects.count(),
        "record": SheetMonthRecord.objects.known().exclude(closed_at=None).count(),
        "audit": AuditEntry.objects.filter(action=CLOSE).count(),
        "decision": sum(b"month_closed" in bytes(fact.body) for fact in DecidedFact.objects.all()),
    }
    assert set(there.values()) in ({0}, {1}), there
    return there["sheet"] == 1


def test_of_two_at_the_same_moment_one_closes_and_the_other_is_told(shown: LivedMonth) -> None:
    by = officer()

    def closes(_: int) -> str:
        try:
            close_month(village(), MONTH, by=by, known=MAY_CLOSE)
        except MonthRefused as refused:
            return str(refused)
        return ""

    row = SheetMonth.objects.get(month=MONTH)
    said = at_once(closes, held_by=lambda: SheetMonth.objects.select_for_update().get(pk=row.pk), count=3)
    assert sorted(said, key=len)[0] == ""
    assert all(f"{by.username} 已在 04月07日 00:00 定稿" in one for one in sorted(said, key=len)[1:])
    assert is_closed()


def test_a_database_that_goes_away_at_any_step_leaves_it_closed_or_not(shown: LivedMonth) -> None:
    close = closing()
    statements = _statements(close)
    assert len(statements) > 20
    writes = [number for number, sql in enumerate(statements) if not sql.startswith(("SELECT", "WITH"))]
    for number in sorted({*range(0, len(statements), 7), *writes, len(statements) - 1}):
        with pytest.raises(OperationalError), connection.execute_wrapper(_killed_at(number)):
            close()
        connection.close()
        assert not is_closed(), statements[number]
    close()
    assert is_closed()
    with pytest.raises(MonthRefused, match="定稿"):
        close()


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_database_that_goes_away_at_the_commit_leaves_it_closed_or_not(
    shown: LivedMonth, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    close, commit = closing(), connection.commit

    def killed() -> None:
        if is_committed:
            commit()
        _kill()
        if not is_committed:
            commit()

    with monkeypatch.context() as patched:
        patched.setattr(connection, "commit", killed)
        with nullcontext() if is_committed else pytest.raises(OperationalError):
            close()
    connection.close()
    assert is_closed() is is_committed
    # Whoever tries again after the failure closes it, or reads that it is closed.
    if not is_committed:
        close()
        assert is_closed()
    with pytest.raises(MonthRefused, match="定稿"):
        close()


def _statements(close: Callable[[], ClosedMonth]) -> list[str]:
    """Return what a closing asks the database, without one."""
    seen: list[str] = []

    def note(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        seen.append(sql.strip())
        return execute(sql, parameters, many, context)

    with transaction.atomic():
        with connection.execute_wrapper(note):
            close()
        transaction.set_rollback(True)
    # Here it is within another transaction, and so between two statements for a savepoint.
    assert (seen[0][:9], seen[-1][:7]) == ("SAVEPOINT", "RELEASE")
    return seen[1:-1]


def _killed_at(number: int) -> Statement:
    """Return what ends the connection's backend before a statement of that number."""
    count = iter(range(number, -1, -1))

    def kill(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if next(count, None) == 0:
            _kill()
        return execute(sql, parameters, many, context)

    return kill


def _kill() -> None:
    """End the connection's backend."""
    raw: psycopg.Connection[Any] = connection.connection
    with psycopg.connect(raw.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [raw.info.backend_pid])


def elsewhere(work: Callable[[], object]) -> None:
    """Do something on another connection, and wait until it is committed."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not failed
    assert not thread.is_alive()


def test_what_comes_while_it_is_closed_is_not_in_it_and_goes_on_the_slip(shown: LivedMonth) -> None:
    wish = Wish(
        kind="correction", window=shown.window.pk, day=MISSED, mark="departure",
        mark_at=at(MISSED, 12, 3), note="忘了打卡，有人作证",
    )  # fmt: skip
    li = Person.objects.get(pk=shown.li.pk)
    asked = ask(li, wish, now=at(APRIL + DAY, 9))
    a_second_later = MAY_CLOSE + dt.timedelta(seconds=1)
    for number in range(6):
        shown.comes(APRIL + number * DAY, send=False)
    by = officer()

    def comes() -> None:
        shown.station.send(a_second_later)
        decide_case(f"c{asked.pk}", Outcome.ACCEPTED, text="", user=by, at=a_second_later)

    arrived = iter([comes])

    def between(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "requests_correction" in sql and (work := next(arrived, None)) is not None:
            elsewhere(work)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(between):
        made = closing()()
    assert next(arrived, None) is None, "nothing came in between"
    windows = settle(
        [village().identity], Span(MONDAY.replace(day=1), LAST, MAY_CLOSE), closed={MONTH: moment(MAY_CLOSE)}
    )
    sheet = VillageSheet(village().identity, MONTH, MAY_CLOSE, "定稿", RULES, windows)
    assert bytes(made.content).startswith(sheet_csv(sheet))
    assert {one.result.result for one in windows if one.result.day == MISSED and one.person == li.pk} == {"缺"}
    lives_on(a_second_later + dt.timedelta(minutes=1))
    [change] = open_slip(village().identity, NEXT)
    assert (change.day, change.was.result, change.now.result) == (MISSED, "缺", "√")
