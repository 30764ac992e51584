"""Somebody says what an exception was, once; and the county says which kinds it looks for."""

import pytest
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact, DecidedRow
from server_broker.exceptions.judging import JudgementRefused, judge, set_kind
from server_broker.exceptions.kinds import kinds_now
from server_broker.exceptions.looking import look_at
from server_broker.exceptions.models import Judgement, KindRecord, Notable, Verdict
from server_broker.people.models import Person
from tests.cast import COUNTY_OFFICER, OPERATOR, SHILI, TOWNSHIP_OFFICER, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.exceptions.test_finding import LOOK, came, standing
from tests.server_broker.races import at_once
from tests.server_broker.settling.lived import MONDAY, at

pytestmark = pytest.mark.django_db


def found() -> Notable:
    came(SHILI, at(MONDAY, 8, 0))
    came(YANGBAN, at(MONDAY, 8, 15))
    [row] = standing("two_places")
    return row


def says(row: Notable, verdict: Verdict = Verdict.NOTHING, note: str = "家住两镇交界", **more: object) -> Judgement:
    by = more.get("by") or user_of(TOWNSHIP_OFFICER)
    return judge(row, verdict, note, by=by, now=timezone.now())  # type: ignore[arg-type]


def sets(*, off: bool = False, threshold: int = 20, seen: int = 0, code: str = "two_places") -> None:
    set_kind(
        code, off=off, threshold=threshold, seen=seen, reason="都没有问题", by=user_of(OPERATOR), now=timezone.now()
    )


def test_the_first_word_stands_and_is_on_record(county: FictionalCounty) -> None:
    row = found()
    says(row)
    with pytest.raises(JudgementRefused, match="chen-shili 已经看过：没有问题，家住两镇交界"):
        says(row, Verdict.HANDLED, "收回了卡", by=user_of(COUNTY_OFFICER))
    assert Judgement.objects.get().by == TOWNSHIP_OFFICER.username
    entry = AuditEntry.objects.get(action="exception.judged")
    assert (entry.subject, entry.detail) == (
        str(row.pk),
        {"kind": "two_places", "verdict": "nothing", "reason": "家住两镇交界"},
    )
    [again] = standing("two_places")
    assert again.pk == row.pk


@pytest.mark.parametrize("note", ["", " ", "嗯", "长" * 201])
def test_a_word_without_a_reason_is_none(county: FictionalCounty, note: str) -> None:
    row = found()
    with pytest.raises(JudgementRefused, match="请写明怎么回事"):
        says(row, note=note)
    assert not Judgement.objects.exists()


def test_nobody_judges_what_is_about_themselves(county: FictionalCounty) -> None:
    row, own = found(), user_of(TOWNSHIP_OFFICER)
    own.person = county.people[ZHANG]
    own.save()
    with pytest.raises(OwnAffair):
        says(row, by=own)


def test_the_county_turns_a_kind_off_and_another_number_finds_other_rows(county: FictionalCounty) -> None:
    row = found()
    sets(off=True)
    assert "two_places" not in look_at(LOOK)
    off = KindRecord.objects.known().get(valid_to=None)
    assert (kinds_now()["two_places"].off, off.reason) == (True, "都没有问题")
    entry = AuditEntry.objects.get(action="exceptions.kind_set")
    assert (entry.subject, entry.detail) == ("two_places", {"off": True, "threshold": 20, "reason": "都没有问题"})
    fact = DecidedFact.objects.order_by("-pk").first()
    assert DecidedRow.objects.filter(fact=fact, table="exceptions_kindrecord", row=str(off.pk)).exists()
    sets(threshold=10, seen=off.pk)
    assert look_at(LOOK)["two_places"] == 0
    row.refresh_from_db()
    assert row.gone_at is not None
    sets(threshold=20, seen=KindRecord.objects.known().get(valid_to=None).pk)
    assert look_at(LOOK)["two_places"] == 1


def test_what_the_county_can_not_set_is_refused(county: FictionalCounty) -> None:
    with pytest.raises(JudgementRefused, match="超出范围（2–240 分钟）"):
        sets(threshold=241)
    with pytest.raises(JudgementRefused, match="没有这一种"):
        sets(code="ranking")
    with pytest.raises(JudgementRefused, match="本来就是这样"):
        sets()
    sets(off=True)
    with pytest.raises(JudgementRefused, match="刚才有别人改过"):
        sets(threshold=10)
    assert KindRecord.objects.known().filter(valid_to=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_told(county: FictionalCounty) -> None:
    row = found()
    accounts = [user_of(TOWNSHIP_OFFICER), user_of(COUNTY_OFFICER)]

    def ask(number: int) -> str:
        try:
            says(row, note=f"第 {number} 个人看的", by=accounts[number])
        except JudgementRefused as refusal:
            return str(refusal)
        return ""

    answers = at_once(ask, held_by=lambda: Notable.objects.select_for_update().get(pk=row.pk), count=2)
    assert sorted(bool(answer) for answer in answers) == [False, True]
    assert Judgement.objects.count() == 1


def test_a_person_may_have_gone(county: FictionalCounty) -> None:
    row = found()
    Person.objects.filter(pk=county.people[ZHANG].pk).update(left=True)
    says(row)
