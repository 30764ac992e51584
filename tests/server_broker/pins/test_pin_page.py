"""The township takes a PIN back on the person's page: with a reason, on record, and only in its own villages."""

import pytest

from server_broker.audit.models import AuditEntry
from server_broker.pins.models import PersonPin
from tests.cast import TOWNSHIP_OFFICER, WANG, ZHANG
from tests.server_broker.console.test_dated_pages import REASON, ask, confirm
from tests.server_broker.county import FictionalCounty, make_county, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> FictionalCounty:
    return make_county()


def test_the_township_takes_a_pin_back(county: FictionalCounty) -> None:
    zhang, page = county.people[ZHANG], signed_in(TOWNSHIP_OFFICER)
    PersonPin.objects.create(person=zhang, verifier=b"x", fails=7)
    address = f"/people/{zhang.pk}/pin/"
    assert "核对重设" in page.get(f"/people/{zhang.pk}/").content.decode()
    shown = ask(page, address)
    assert PersonPin.objects.get().verifier is not None
    assert "带卡到站点重新设" in confirm(page, address, shown)
    kept = PersonPin.objects.get()
    assert (kept.verifier, kept.fails) == (None, 0)
    entry = AuditEntry.objects.get(action="pin.reset")
    assert (entry.actor, entry.subject, entry.detail["reason"]) == (TOWNSHIP_OFFICER.username, ZHANG.number, REASON)


def test_without_a_reason_nothing_is_taken_back(county: FictionalCounty) -> None:
    zhang, page = county.people[ZHANG], signed_in(TOWNSHIP_OFFICER)
    PersonPin.objects.create(person=zhang, verifier=b"x")
    assert "请写明理由" in ask(page, f"/people/{zhang.pk}/pin/", reason="嗯")
    assert PersonPin.objects.get().verifier is not None


def test_nobody_takes_back_what_is_outside_their_villages(county: FictionalCounty) -> None:
    wang, page = county.people[WANG], signed_in(TOWNSHIP_OFFICER)
    PersonPin.objects.create(person=wang, verifier=b"x")
    answer = page.post(f"/people/{wang.pk}/pin/", {"reason": REASON})
    assert answer.status_code == 404
    assert PersonPin.objects.get().verifier is not None
