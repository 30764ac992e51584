"""One name in the many forms of lists is one name, and two people of one name stay two."""

import pytest
from django.conf import settings
from django.db.models import ProtectedError
from django.utils import timezone

from server_broker import trust
from server_broker.people.changes import register
from server_broker.people.models import Person, UnitKind
from server_broker.people.names import plain_name, same_name
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.rosters.roster_import import import_people
from tests.cast import OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in, touch
from tests.server_broker.rosters.workbooks import book


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("张 三", "张三"),
        ("张　 三", "张三"),
        ("阿·买买提", "阿·买买提"),
        ("阿•买买提", "阿·买买提"),
        ("阿 ・ 买买提", "阿·买买提"),
        ("阿．买买提", "阿·买买提"),
        ("𠮷 三", "𠮷三"),
        ("Li  Ming", "Li Ming"),
        ("J. Smith", "J. Smith"),
    ],
)
def test_names_have_one_form(written: str, plain: str) -> None:
    assert plain_name(written) == plain
    assert same_name(written, plain)


def test_blanks_and_dots_are_nobody_new(county: FictionalCounty) -> None:
    Person.objects.filter(number="a1").update(name="张 示例")
    register("a9", "阿·买买提", Region.objects.get(pk=SHILI_VILLAGE), actor="wu-yunwei")
    rows = [("a1", "张示 例", SHILI_VILLAGE), ("a9", "阿•买买提", SHILI_VILLAGE), ("c1", "李　 四", SHILI_VILLAGE)]
    result = import_people(book({"人员": rows}))
    assert [change.key for change in result.changes] == ["c1"]
    assert Person.objects.get(number="c1").name == "李四"
    assert [p.name for p in Person.objects.filter(number__in=("a1", "a9")).order_by("number")] == [
        "张 示例",
        "阿·买买提",
    ]
    page = signed_in(OPERATOR)
    for typed in ("张示例", "张 示例", "张　示例"):
        assert "a1" in page.get("/people/", {"q": typed}).content.decode().split("<tbody>")[1]


def test_two_of_one_name_are_told_apart_by_number(county: FictionalCounty) -> None:
    village = Region.objects.get(pk=SHILI_VILLAGE)
    other = register("a8", ZHANG.name, village, actor="wu-yunwei")
    unit = make_unit("示例村党支部", UnitKind.BRANCH, village, actor="wu-yunwei")
    for person in (county.people[ZHANG], other):
        give_post(person, unit, "委员", since=timezone.localdate(), actor="wu-yunwei")
    html = signed_in(TOWNSHIP_OFFICER).get("/units/").content.decode()
    assert all(f'<span class="mono small">{number}</span>' in html for number in ("a1", "a8"))


def test_who_has_facts_is_not_deleted_and_the_page_says_what_to_do(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    touch(county.stations[SHILI], ZHANG.token)
    said = signed_in(OPERATOR).post(f"/people/{zhang.pk}/change/", {"act": "delete"}, follow=True).content.decode()
    assert "张示例（a1）不能删除，县里有1 次打卡、1 条持卡记录" in said
    assert "请办“离开”" in said
    with pytest.raises(ProtectedError):
        zhang.delete()
    assert Person.objects.filter(pk=zhang.pk).exists()


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    trust.prepare(settings.HOME)
