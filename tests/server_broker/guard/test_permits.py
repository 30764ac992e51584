"""A number may be published in a region when two people say so; a person's or a card's never."""

import pytest

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedRow
from server_broker.guard.county import county_for
from server_broker.guard.finding import find
from server_broker.guard.models import Permit
from server_broker.guard.permits import PermitRefused, agree_permit, ask_permit, end_permit
from server_broker.guard.words import WordRefused, add_word, end_word
from server_broker.regions.models import Region
from tests.cast import COUNTY, OTHER_TOWNSHIP, REGIONS, TOWNSHIP
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
OFFICE = "（029）8555 0123"
TEXT = "有事请拨 029-85550123。"
WHY = "镇办值班电话"


@pytest.fixture(autouse=True)
def regions() -> None:
    Region.objects.bulk_create(Region(code=code, name=name) for code, name in REGIONS.items())


def asked(number: str = OFFICE) -> Permit:
    township = Region.objects.get(pk=TOWNSHIP)
    return ask_permit(number, owner="示例镇党政办", region=township, reason=WHY, actor="chen-shili", at=NOW)


def stopped(*regions: str) -> bool:
    return bool(find(TEXT, county_for(regions)))


def test_a_number_passes_once_another_person_agrees_and_only_in_its_region() -> None:
    permit = asked()
    assert stopped(TOWNSHIP[:9])
    with pytest.raises(OwnAffair):
        agree_permit(permit, reason=WHY, actor="chen-shili", at=NOW)
    assert stopped(TOWNSHIP[:9])
    agree_permit(permit, reason="电话簿上查过", actor="han-neirong", at=NOW)
    assert not stopped(TOWNSHIP[:9])
    assert not stopped(f"{TOWNSHIP[:9]}001")
    for beyond in ((OTHER_TOWNSHIP[:9],), (COUNTY[:6],), ("",), (TOWNSHIP[:9], OTHER_TOWNSHIP[:9]), ()):
        assert stopped(*beyond)
    end_permit(permit, reason="换号码了", actor="chen-shili", at=NOW)
    assert stopped(TOWNSHIP[:9])
    entries = AuditEntry.objects.filter(action__startswith="permit.").order_by("id")
    assert [entry.action for entry in entries] == ["permit.asked", "permit.agreed", "permit.ended"]
    assert "85550123" not in repr([entry.detail for entry in entries]), "the log can only grow"
    assert DecidedRow.objects.filter(table__contains="permit").values("body").distinct().count() == 3


@pytest.mark.parametrize("number", ["610199 19620815 0015", "6222 0000 0000 0138 002", "123", "见公示栏", "1" * 26])
def test_no_two_people_can_let_a_person_s_or_a_card_s_number_pass(number: str) -> None:
    with pytest.raises(PermitRefused):
        asked(number)
    assert not Permit.objects.exists()


def test_a_number_is_asked_for_once_and_decided_once() -> None:
    permit = asked()
    with pytest.raises(PermitRefused, match="已经有人申请"):
        asked("029 85550123")
    agree_permit(permit, reason=WHY, actor="han-neirong", at=NOW)
    with pytest.raises(PermitRefused, match="已经有人同意"):
        agree_permit(permit, reason=WHY, actor="wu-yunwei", at=NOW)
    end_permit(permit, reason="换号码了", actor="wu-yunwei", at=NOW)
    with pytest.raises(PermitRefused, match="已经取消"):
        end_permit(permit, reason="换号码了", actor="wu-yunwei", at=NOW)
    assert asked().pk != permit.pk


def test_the_county_s_own_words_are_stopped_except_in_their_harmless_phrases() -> None:
    row = add_word("示例行动", harmless=["示例行动宣传画"], actor="wu-yunwei", at=NOW)
    county = county_for([""])
    assert find("示例 行动方案", county)
    assert not find("请来领示例行动宣传画", county)
    assert find("领示例行动宣传画，示例行动另行通知", county)
    end_word(row, actor="wu-yunwei", at=NOW)
    assert not find("示例行动方案", county_for([""]))
    entries = AuditEntry.objects.filter(action__startswith="secret_word.")
    assert "示例行动" not in repr([(entry.subject, entry.detail) for entry in entries])
    assert DecidedRow.objects.filter(table__contains="secretword").values("body").distinct().count() == 2


@pytest.mark.parametrize(
    ("word", "harmless"), [("密", ()), ("长" * 21, ()), ("示例行动", ("行动",)), ("示例", ("示例",))]
)
def test_a_word_that_says_nothing_is_refused(word: str, harmless: tuple[str, ...]) -> None:
    with pytest.raises(WordRefused):
        add_word(word, harmless=harmless, actor="wu-yunwei", at=NOW)
