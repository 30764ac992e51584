"""Whoever is named by number, by its digits or by full name is found, unless two people share it."""

import pytest

from server_broker.people.models import Person
from server_broker.people.naming import by_number, named_by, one_named
from tests.cast import SHILI_VILLAGE
from tests.server_broker.county import FictionalCounty

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(county: FictionalCounty) -> dict[str, Person]:
    rows = [("P1004", "示例甲一"), ("P1005", "示例甲二"), ("Q1005", "示例甲三"), ("7", "示例甲二")]
    return {number: Person.objects.create(number=number, name=name, village_id=SHILI_VILLAGE) for number, name in rows}


def test_digits_and_names_are_enough_for_one_person(people: dict[str, Person]) -> None:
    found = named_by(
        Person.objects.all(), ["1004", "P1004", "示例甲三", "示 例 甲 一", "7", "1005", "示例甲二", "张三"]
    )
    assert {one.number for one in found.people} == {"P1004", "Q1005", "7"}
    assert (found.nobody, found.several) == (["张三"], ["1005", "示例甲二"])
    assert found.wrong == "没有找到：张三（范围里没有这个姓名或编号的人）；不止一个人：1005、示例甲二（请写编号）"
    assert named_by(Person.objects.all(), []).wrong == ""


def test_one_is_named_also_with_the_name_after_the_number(people: dict[str, Person]) -> None:
    everybody = Person.objects.all()
    assert one_named(everybody, "P1005 示例甲二") == people["P1005"]
    assert one_named(everybody, "示例甲三") == people["Q1005"]
    assert [one_named(everybody, written) for written in ("示例甲二", "", "1005")] == [None, None, None]
    assert one_named(everybody.exclude(number="7"), "示例甲二") == people["P1005"], "those in scope alone"
    assert by_number(everybody, "1004") == people["P1004"]


def test_who_has_left_is_named_by_nothing(people: dict[str, Person]) -> None:
    Person.objects.filter(number="P1004").update(left=True)
    assert named_by(Person.objects.all(), ["P1004", "1004"]).nobody == ["P1004", "1004"]
