"""Identity and mobile numbers lie sealed in the database, and open by the county's keys alone."""

import datetime as dt

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.leaving import leave
from server_broker.audit.models import AuditEntry
from server_broker.manifest.numbers_check import check_numbers
from server_broker.people.models import NumberSeen, Person, PrivateNumber
from server_broker.people.number_forms import BadNumber, NumberKind, masked, read_number
from server_broker.people.private_numbers import (
    KEPT_AFTER_LEAVING,
    LOST,
    NumberRefused,
    erase_number,
    erase_numbers_of_gone,
    masks_of,
    opened,
    people_with,
    replace_number_keys,
    reveal,
    set_number,
)
from server_broker.rosters.plan import PersonRow, Plan
from server_broker.rosters.rows import BOOK
from server_broker.sheets import pending
from server_broker.trust.number_keys import kept_keys, prepare_next
from server_broker.trust.sealing import SealBroken
from tests.cast import COUNTY_OFFICER, OPERATOR, SHILI_VILLAGE, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.people.numbers import IDENTITY, MOBILE, OTHER_IDENTITY, OTHER_MOBILE

pytestmark = pytest.mark.django_db

BY = "wu-yunwei"


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


def put(person: Person, kind: NumberKind, number: str) -> None:
    set_number(person, kind, number, actor=BY, reason="照证件登记")


def row_of(person: Person, kind: str = "identity") -> PrivateNumber:
    return PrivateNumber.objects.get(person=person, kind=kind)


def whole_database() -> str:
    """Return every row of every table as PostgreSQL writes it into a dump. Bytes are hexadecimal there."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            said += [str(row[0]) for row in cursor.fetchall()]
    return "\n".join(said)


def test_a_dump_has_no_number(zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    put(zhang, "mobile", MOBILE)
    put(zhang, "mobile", OTHER_MOBILE)
    plan = Plan(people=[PersonRow(2, "c1", "丙示例", SHILI_VILLAGE, OTHER_IDENTITY, MOBILE)])
    token = pending.keep(BOOK, plan, account=user_of(OPERATOR), now=timezone.now())
    reveal(zhang, "identity", account=user_of(COUNTY_OFFICER), reason="核对发放名单", now=timezone.now())
    dump = whole_database()
    assert zhang.name in dump
    for number in (IDENTITY, OTHER_IDENTITY, MOBILE, OTHER_MOBILE):
        for form in (number, number.encode().hex(), number[-8:]):
            assert form not in dump
    assert pending.kept(BOOK, token, account=user_of(OPERATOR), now=timezone.now()) == plan
    (settings.HOME.trust / "passing.key").write_bytes(bytes(32))
    assert pending.kept(BOOK, token, account=user_of(OPERATOR), now=timezone.now()) is None


def test_a_number_is_shown_by_its_ends_and_found_whole(county: FictionalCounty, zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    put(zhang, "mobile", MOBILE)
    assert masks_of(zhang) == {"identity": f"990***********{IDENTITY[-4:]}", "mobile": "139****5678"}
    everybody = Person.objects.all()
    assert list(people_with("identity", IDENTITY, among=everybody)) == [zhang]
    assert list(people_with("mobile", MOBILE, among=everybody)) == [zhang]
    assert not people_with("mobile", IDENTITY, among=everybody)
    assert not people_with("identity", OTHER_IDENTITY, among=everybody)
    assert not people_with("identity", IDENTITY, among=Person.objects.filter(number=WANG.number))


def test_who_sees_one_is_on_record(zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    now = timezone.now()
    assert reveal(zhang, "identity", account=user_of(COUNTY_OFFICER), reason="核对发放名单", now=now) == IDENTITY
    (seen,) = NumberSeen.objects.all()
    assert (seen.person, seen.account, seen.office) == (zhang, COUNTY_OFFICER.username, "示例县 县干部")
    entry = AuditEntry.objects.get(action="person.number_seen")
    assert (entry.actor, entry.subject) == (COUNTY_OFFICER.username, zhang.number)
    assert entry.detail == {"kind": "identity", "reason": "核对发放名单"}
    with pytest.raises(NumberRefused, match="没有登记手机号"):
        reveal(zhang, "mobile", account=user_of(COUNTY_OFFICER), reason="核对发放名单", now=now)


def test_a_correction_erases_what_was_and_an_older_one_put_back_does_not_open(zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    old = row_of(zhang)
    put(zhang, "identity", OTHER_IDENTITY)
    now = row_of(zhang)
    assert (PrivateNumber.objects.count(), now.version) == (1, 2)
    assert bytes(old.sealed) not in whole_database().encode()
    PrivateNumber.objects.update(sealed=old.sealed)
    with pytest.raises(SealBroken):
        opened(row_of(zhang), kept_keys(settings.HOME))
    with pytest.raises(NumberRefused, match=LOST):
        reveal(zhang, "identity", account=user_of(COUNTY_OFFICER), reason="核对发放名单", now=timezone.now())
    with pytest.raises(NumberRefused, match="没有登记手机号"):
        erase_number(zhang, "mobile", actor=BY, reason="本人不要了")
    erase_number(zhang, "identity", actor=BY, reason="本人不要了")
    assert not PrivateNumber.objects.exists()


def test_what_somebody_changed_in_the_database_is_found(county: FictionalCounty, zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    put(county.people[WANG], "mobile", MOBILE)
    assert check_numbers() is None
    row, other = row_of(zhang), row_of(county.people[WANG], "mobile")
    for change, said in (
        ({"sealed": other.sealed}, "打不开"),
        ({"index": other.index}, "检索值被改过"),
        ({"key": "00000000"}, "打不开"),
    ):
        PrivateNumber.objects.filter(pk=row.pk).update(**change)
        problem = check_numbers()
        assert problem is not None
        assert said in problem.said
        PrivateNumber.objects.filter(pk=row.pk).update(sealed=row.sealed, index=row.index, key=row.key)
    replace_number_keys(actor=BY, reason="定期更换")
    assert check_numbers() is None


def test_one_identity_number_is_of_one_person_and_nobody_types_their_own(
    county: FictionalCounty, zhang: Person
) -> None:
    put(zhang, "identity", IDENTITY)
    put(zhang, "mobile", MOBILE)
    put(county.people[WANG], "mobile", MOBILE)
    with pytest.raises(NumberRefused, match="另一个人") as refused:
        put(county.people[WANG], "identity", IDENTITY)
    assert zhang.name not in str(refused.value)
    account = user_of(OPERATOR)
    account.person = zhang
    account.save()
    with pytest.raises(OwnAffair):
        set_number(zhang, "mobile", OTHER_MOBILE, actor=account.username, reason="换号码了")


def test_new_keys_seal_all_and_void_the_old(zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    put(zhang, "mobile", MOBILE)
    before, index = kept_keys(settings.HOME), bytes(row_of(zhang).index)
    assert replace_number_keys(actor=BY, reason="定期更换") == 2
    after = kept_keys(settings.HOME)
    assert len(after) == 1
    assert not set(after) & set(before)
    assert [path.name for path in settings.HOME.trust.glob("numbers*")] == ["numbers.key"]
    row = row_of(zhang)
    assert opened(row, after) == IDENTITY
    assert bytes(row.index) != index
    assert list(people_with("identity", IDENTITY, among=Person.objects.all())) == [zhang]
    with pytest.raises(SealBroken):
        opened(row, before)


def test_a_change_of_keys_that_was_cut_off_is_completed(county: FictionalCounty, zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    new = prepare_next(settings.HOME)
    # Both pairs are there now: what is old opens and is found, what is new is sealed by the new one.
    put(county.people[WANG], "identity", OTHER_IDENTITY)
    assert row_of(county.people[WANG]).key == new.id != row_of(zhang).key
    assert list(people_with("identity", IDENTITY, among=Person.objects.all())) == [zhang]
    assert replace_number_keys(actor=BY, reason="定期更换") == 1
    assert set(kept_keys(settings.HOME)) == {new.id}
    assert opened(row_of(zhang), kept_keys(settings.HOME)) == IDENTITY


def test_lost_keys_are_said_and_never_made_anew(zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    (settings.HOME.trust / "numbers.key").unlink()
    assert masks_of(zhang) == {"identity": "打不开"}
    with pytest.raises(NumberRefused, match="恢复"):
        put(zhang, "mobile", MOBILE)
    assert not kept_keys(settings.HOME)


def test_numbers_are_erased_a_year_after_somebody_left(zhang: Person) -> None:
    put(zhang, "identity", IDENTITY)
    leave(zhang, last=timezone.localdate(), actor=BY, reason="调走了")
    left = timezone.now() + dt.timedelta(days=1)
    assert erase_numbers_of_gone(left) == 0
    assert erase_numbers_of_gone(left + KEPT_AFTER_LEAVING) == 1
    assert not PrivateNumber.objects.exists()


@pytest.mark.parametrize(
    ("kind", "written", "number"),
    [
        ("identity", IDENTITY, IDENTITY),
        ("identity", "１１０１０５ 19491231 002ｘ", "11010519491231002X"),
        ("mobile", "+86 139-0000-5678", MOBILE),
        ("mobile", "１３９００００５６７８", MOBILE),
        ("mobile", "13900005678.0", MOBILE),
    ],
)
def test_numbers_are_read_as_people_write_them(kind: NumberKind, written: str, number: str) -> None:
    assert read_number(kind, written) == number


@pytest.mark.parametrize(
    ("kind", "written", "why"),
    [
        ("identity", "4.30102E+17", "存成了数字"),
        ("identity", "430102199001011000.0", "存成了数字"),
        ("identity", "430102900101100", "15 位"),
        ("identity", IDENTITY[:-1] + ("1" if IDENTITY[-1] != "1" else "2"), "校验"),
        ("identity", "110105194913310025", "出生日期"),
        ("identity", "11010519491231002", "18 位"),
        ("mobile", "1.39E+10", "存成了数字"),
        ("mobile", "07310000000", "11 位"),
    ],
)
def test_what_is_no_number_is_named_without_repeating_it(kind: NumberKind, written: str, why: str) -> None:
    with pytest.raises(BadNumber, match=why) as refused:
        read_number(kind, written)
    assert written not in str(refused.value)


def test_the_ends_alone_are_shown() -> None:
    assert masked("110105194912310021") == "110***********0021"
