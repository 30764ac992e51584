"""``cunhui-server verify county`` finds a row of the calendar that somebody changed behind the county's back."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from server_broker.dated.writing import Period
from server_broker.manifest.county_check import check_county
from server_broker.regions.models import Region
from server_broker.workdays.county_table import CountyWord, set_day
from server_broker.workdays.libraries import note_libraries
from server_broker.workdays.notices import set_notice
from tests.cast import TOWNSHIP
from tests.server_broker.county import FictionalCounty

pytestmark = pytest.mark.django_db
BEGIN = dt.datetime(2026, 7, 1, 0, 0, tzinfo=dt.UTC)
EDITS = {
    "workdays_countyday": "UPDATE workdays_countyday SET working = true",
    "workdays_librarytable": "UPDATE workdays_librarytable SET last = '2030-12-31' WHERE subject_id LIKE 'chinese%'",
    "workdays_stoprecord": "UPDATE workdays_stoprecord SET valid_to = valid_to + interval '1 hour'",
}


@pytest.fixture(autouse=True)
def _calendar(county: FictionalCounty) -> None:
    note_libraries()
    set_day(dt.date(2027, 2, 8), CountyWord(False, "春节"), actor="wu-yunwei")
    period = Period(BEGIN, BEGIN + dt.timedelta(hours=4))
    set_notice(Region.objects.get(pk=TOWNSHIP), period, "防汛", actor="han-bangong")


def problems() -> list[str]:
    return [problem.sentence() for problem in check_county().problems]


def test_nothing_is_found_where_nothing_was_done() -> None:
    assert problems() == []


@pytest.mark.parametrize("table", EDITS)
def test_the_database_refuses_to_overwrite_a_row(table: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EDITS[table])


@pytest.mark.parametrize("table", EDITS)
def test_a_row_that_was_changed_past_the_triggers_is_found(table: str) -> None:
    with connection.cursor() as cursor:
        # Before a table is altered, what waits for the COMMIT is done.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(EDITS[table])
    assert any(table in sentence for sentence in problems()), problems()
