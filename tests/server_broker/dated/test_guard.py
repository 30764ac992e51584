"""PostgreSQL itself keeps dated rows: nobody changes one, dates one, or takes one away."""

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from server_broker.dated.models import AsOf, Dated, Erased
from server_broker.dated.writing import Period, acting, put
from server_broker.people.models import Binding, Person, PersonRecord
from tests.cast import SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty

pytestmark = pytest.mark.django_db

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def sql(statement: str, *values: str | int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_personrecord SET name = '王别人'",
        "UPDATE people_personrecord SET valid_from = NULL",
        "UPDATE people_personrecord SET recorded_at = '2020-01-01'",
        "UPDATE people_personrecord SET recorded_by = 'nobody'",
        "UPDATE people_personrecord SET superseded_at = NULL",
        "UPDATE people_personrecord SET superseded_at = now(), name = '王别人'",
        "DELETE FROM people_personrecord",
        "TRUNCATE people_personrecord",
        """INSERT INTO people_personrecord
               (subject_id, number, name, village_id, type, recorded_by, reason, recorded_at)
           SELECT subject_id, number, name, village_id, type, '', '', '2020-01-01' FROM people_personrecord LIMIT 1""",
        """INSERT INTO people_personrecord
               (subject_id, number, name, village_id, type, recorded_by, reason, superseded_at)
           SELECT subject_id, number, name, village_id, type, '', '', now() FROM people_personrecord LIMIT 1""",
        """INSERT INTO people_personrecord (subject_id, number, name, village_id, type, recorded_by, reason)
           SELECT subject_id, number, name, village_id, type, '', '' FROM people_personrecord LIMIT 1""",
    ],
)
def test_what_psql_may_not_do(county: FictionalCounty, statement: str) -> None:
    if statement.startswith("TRUNCATE"):  # which PostgreSQL refuses anyhow while constraints are to be checked
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    before = sql("SELECT * FROM people_personrecord ORDER BY id")
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
    assert sql("SELECT * FROM people_personrecord ORDER BY id") == before


def test_a_row_is_superseded_by_the_database_s_clock_alone(county: FictionalCounty) -> None:
    before = dt.datetime.now(dt.UTC)
    sql("UPDATE people_personrecord SET superseded_at = '2020-01-01' WHERE subject_id = %s", county.people[ZHANG].pk)
    row = PersonRecord.objects.get(subject=county.people[ZHANG])
    assert row.superseded_at is not None
    assert row.superseded_at >= before
    assert row.superseded_at > row.recorded_at
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("UPDATE people_personrecord SET superseded_at = now() WHERE id = %s", row.pk)


def test_a_moment_of_another_time_is_not_taken(county: FictionalCounty) -> None:
    """The moment of a writing is passed in a setting that anybody can set."""
    sql("SELECT set_config('dated.moment', '2020-01-01', true)")
    Person.objects.create(number="n1", name="新示例", village_id=SHILI_VILLAGE)
    assert PersonRecord.objects.get(number="n1").recorded_at > dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_a_change_of_today_s_columns_by_hand_is_a_dated_row_too(county: FictionalCounty) -> None:
    person = county.people[ZHANG]
    before = dt.datetime.now(dt.UTC)
    sql("UPDATE people_person SET name = '张新名' WHERE id = %s", person.pk)
    now = PersonRecord.objects.as_of(AsOf(dt.datetime.now(dt.UTC))).get(subject=person)
    assert now.name == "张新名"
    known_then = PersonRecord.objects.as_of(AsOf(dt.datetime.now(dt.UTC), known=before)).get(subject=person)
    assert known_then.name == ZHANG.name


def test_the_columns_of_today_follow_a_row(county: FictionalCounty) -> None:
    card = county.cards[ZHANG]
    put(Binding, [card.pk], Period(LONG_AGO), {"person_id": None, "state": "ended"}, actor="somebody")
    card.refresh_from_db()
    assert card.person is None
    rows = Binding.objects.known().filter(subject=card).order_by("valid_to")
    assert [(row.valid_from, row.valid_to, row.person_id) for row in rows] == [
        (None, LONG_AGO, county.people[ZHANG].pk),
        (LONG_AGO, None, None),
    ]


def test_columns_that_are_not_named_keep_what_stood_piece_by_piece(county: FictionalCounty) -> None:
    person = county.people[ZHANG]
    today = PersonRecord.objects.known().get(subject=person).valid_from
    assert today is not None
    later, much_later = today + dt.timedelta(days=10), today + dt.timedelta(days=20)
    put(PersonRecord, [person.pk], Period(later, much_later), {"name": "张中间"}, actor="a")
    put(PersonRecord, [person.pk], Period(today + dt.timedelta(days=5)), {"type": "member"}, actor="b")
    rows = PersonRecord.objects.known().filter(subject=person).order_by("valid_from")
    assert [(row.name, row.type) for row in rows] == [
        (ZHANG.name, "cadre"),
        (ZHANG.name, "member"),
        ("张中间", "member"),
        (ZHANG.name, "member"),
    ]


def test_what_is_no_news_makes_no_row(county: FictionalCounty) -> None:
    person, before = county.people[ZHANG], PersonRecord.objects.count()
    since = PersonRecord.objects.known().get(subject=person).valid_from
    with acting("a"):
        Person.objects.filter(pk=person.pk).update(name=ZHANG.name)
    assert put(PersonRecord, [person.pk], Period(since), {"name": ZHANG.name}, actor="a") == 0
    assert PersonRecord.objects.count() == before


def test_one_moment_ends_one_row_and_begins_the_next(county: FictionalCounty) -> None:
    person = county.people[ZHANG]
    with acting("wu-yunwei", "改名"):
        Person.objects.filter(pk=person.pk).update(name="张新名")
    old, new = PersonRecord.objects.filter(subject=person).order_by("id")
    assert old.superseded_at == new.recorded_at
    assert (new.recorded_by, new.reason) == ("wu-yunwei", "改名")


def test_retention_erases_what_no_longer_holds_and_keeps_a_digest(county: FictionalCounty) -> None:
    person = county.people[ZHANG]
    Person.objects.filter(pk=person.pk).update(name="张新名")
    old, new = PersonRecord.objects.filter(subject=person).order_by("id")
    [(text,)] = sql("SELECT to_jsonb(r)::text FROM people_personrecord r WHERE id = %s", old.pk)
    sql("SELECT set_config('dated.retention', 'on', true)")
    sql("DELETE FROM people_personrecord WHERE id = %s", old.pk)
    kept = Erased.objects.get(table="people_personrecord", row=old.pk)
    assert bytes(kept.digest) == hashlib.sha256(text.encode()).digest()
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("DELETE FROM people_personrecord WHERE id = %s", new.pk)


def test_every_table_of_dated_rows_notes_for_the_decision_what_was_written() -> None:
    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, Dated)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'dated_note'")
        assert {table for (table,) in cursor.fetchall()} == tables


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, True),
        (0, 1, True),
        (9, 11, True),
        (10, 11, False),
        (-1, 0, False),
        (-1, 1, True),
        (3, 4, True),
        (None, 0, False),
        (None, 1, True),
        (10, None, False),
        (9, None, True),
        (4, 4, False),
        (5, 4, False),
    ],
)
def test_a_row_holds_from_its_first_moment_to_before_its_last(
    county: FictionalCounty, since: int | None, until: int | None, found: bool
) -> None:
    def at(hours: int | None) -> dt.datetime | None:
        return None if hours is None else LONG_AGO + dt.timedelta(hours=hours)

    person = county.people[ZHANG]
    whole = PersonRecord.objects.known().filter(subject=person).values("number", "village_id", "type").get()
    put(PersonRecord, [person.pk], Period(at(0), at(10)), {**whole, "name": "张旧名"}, actor="a")
    rows = PersonRecord.objects.known().during(at(since), at(until)).filter(subject=person, name="张旧名")
    assert rows.exists() is found
