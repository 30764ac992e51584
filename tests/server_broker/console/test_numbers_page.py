"""A person's identity and mobile numbers on the pages: masked, and in full only for a reason that the person reads."""

import pytest
from django.test import Client

from server_broker.audit.models import AuditEntry
from server_broker.people.models import NumberSeen, Person, PrivateNumber
from server_broker.people.private_numbers import set_number
from tests.cast import COUNTY_OFFICER, OPERATOR, OTHER_TOWNSHIP_OFFICER, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in, user_of
from tests.server_broker.people.numbers import IDENTITY, MOBILE, OTHER_MOBILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    person = county.people[ZHANG]
    set_number(person, "identity", IDENTITY, actor="wu-yunwei", reason="照证件登记")
    return person


def said(page: Client, path: str, **form: str) -> str:
    return page.post(path, form, follow=True).content.decode()


def test_the_page_has_it_masked_and_shows_it_once_for_a_reason(zhang: Person) -> None:
    page, place = signed_in(COUNTY_OFFICER), f"/people/{zhang.pk}/"
    html = page.get(place).content.decode()
    assert f"990***********{IDENTITY[-4:]}" in html
    assert IDENTITY not in html
    assert "请写明理由" in said(page, f"{place}numbers/show/", kind="identity", reason="看")
    assert not NumberSeen.objects.exists()
    answer = page.post(f"{place}numbers/show/", {"kind": "identity", "reason": "核对发放名单"})
    assert IDENTITY in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    html = page.get(place).content.decode()
    assert IDENTITY not in html
    assert "看过身份证号：核对发放名单" in html


def test_it_needs_the_power_the_second_factor_and_the_scope(zhang: Person) -> None:
    form = {"kind": "identity", "reason": "核对发放名单"}
    place = f"/people/{zhang.pk}/numbers/show/"
    unproven = Client()
    unproven.force_login(user_of(COUNTY_OFFICER))
    for page, status in (
        (signed_in(OTHER_TOWNSHIP_OFFICER), 404),
        (unproven, 302),
        (Client(), 302),
    ):
        answer = page.post(place, form)
        assert answer.status_code == status
        assert IDENTITY not in answer.content.decode()
    assert not NumberSeen.objects.exists()


def test_it_is_registered_corrected_and_erased(zhang: Person) -> None:
    page, place = signed_in(OPERATOR), f"/people/{zhang.pk}/numbers/set/"
    wrong = IDENTITY[:-1] + ("1" if IDENTITY[-1] != "1" else "2")
    refused = said(page, place, kind="identity", number=wrong, reason="照证件登记")
    assert "校验不对" in refused
    assert wrong not in refused
    assert "139****5678" in said(page, place, kind="mobile", number=MOBILE, reason="本人来登记")
    assert "139****1234" in said(page, place, kind="mobile", number=OTHER_MOBILE, reason="本人换号")
    assert "已删除" in said(page, place, kind="mobile", act="erase", reason="本人不要了")
    assert [row.kind for row in PrivateNumber.objects.all()] == ["identity"]
    log = str(list(AuditEntry.objects.values_list("subject", "detail")))
    assert not any(number in log for number in (IDENTITY, MOBILE, OTHER_MOBILE))


def test_a_person_is_found_by_the_whole_number_in_ones_own_scope(zhang: Person) -> None:
    find = "/people/find/"
    answer = signed_in(TOWNSHIP_OFFICER).post(find, {"number": f" {IDENTITY[:6]} {IDENTITY[6:]}"})
    assert answer["Location"] == f"/people/{zhang.pk}/"
    assert AuditEntry.objects.filter(action="person.number_searched", subject=zhang.number).exists()
    assert "没有人登记" in said(signed_in(OTHER_TOWNSHIP_OFFICER), find, number=IDENTITY)
    assert "请填完整" in said(signed_in(COUNTY_OFFICER), find, number=IDENTITY[:12])
