"""The township takes a PIN back on the person's page: with a reason, on record, and only in its own villages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.console.pin_words import ELSEWHERE, PIN_REFUSED
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.pins.accepting import GONE, NO_TOUCH, OTHER_CARD, STRANGER, TOO_LONG_AGO
from server_broker.pins.models import PersonPin, PinClaim
from tests.cast import BY_ROLE, COUNTY_OFFICER, LI, OTHER_TOWNSHIP_OFFICER, SHILI, TOWNSHIP_OFFICER, WANG, ZHANG
from tests.server_broker.console.test_dated_pages import REASON, ask, confirm
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.pages import text_of

pytestmark = pytest.mark.django_db


def test_the_township_takes_a_pin_back(county: FictionalCounty) -> None:
    zhang, page = county.people[ZHANG], signed_in(TOWNSHIP_OFFICER)
    PersonPin.objects.create(person=zhang, verifier=b"x", set_at=timezone.now())
    address = f"/people/{zhang.pk}/pin/"
    assert "核对重设" in page.get(f"/people/{zhang.pk}/").content.decode()
    shown = ask(page, address)
    assert PersonPin.objects.get().verifier is not None
    assert "密码作废就不能恢复" in shown
    assert "带卡到站点重新设" in confirm(page, address, shown)
    assert PersonPin.objects.get().verifier is None
    entry = AuditEntry.objects.get(action="pin.reset")
    assert (entry.actor, entry.subject, entry.detail["reason"]) == (TOWNSHIP_OFFICER.username, ZHANG.number, REASON)


@pytest.mark.parametrize(
    ("values", "stays"),
    [
        ({"act": "take", "to": "a2"}, False),
        ({"act": "take", "since": "2026-01-02T08:00"}, False),
        ({"act": "lost", "since": "2026-01-02T08:00"}, False),
        ({"act": "lost"}, True),
        ({"act": "end"}, True),
    ],
)
def test_a_pin_that_was_set_by_a_card_in_other_hands_ends_with_it(
    county: FictionalCounty, values: dict[str, str], stays: bool
) -> None:
    county.add(LI)
    PersonPin.objects.create(person=county.people[ZHANG], verifier=b"x", set_at=timezone.now() - timedelta(minutes=1))
    page, address = signed_in(TOWNSHIP_OFFICER), f"/cards/{county.cards[ZHANG].pk}/change/"
    shown = ask(page, address, **values)
    assert ("密码作废就不能恢复" in shown) != stays
    confirm(page, address, shown)
    assert (PersonPin.objects.get().verifier is not None) == stays
    assert AuditEntry.objects.filter(action="pin.reset", subject=ZHANG.number).exists() != stays


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


def refused(person: Person, station: Station, why: str, seq: int) -> None:
    """A PIN that the county did not accept."""
    now = timezone.now()
    PinClaim.objects.create(
        station=station, epoch=bytes(16), seq=seq, number=person.number, person=person, salt=bytes(16), refused=why,
        at=now, received_at=now,
    )  # fmt: skip


def test_the_page_says_which_pins_were_not_accepted_and_why(county: FictionalCounty) -> None:
    zhang, station = county.people[ZHANG], county.stations[SHILI]
    assert set(PIN_REFUSED) == {NO_TOUCH, OTHER_CARD, TOO_LONG_AGO, STRANGER, GONE}
    for seq, why in enumerate(PIN_REFUSED, start=1):
        refused(zhang, station, why, seq)
    refused(zhang, station, "", 9)
    shown = text_of(signed_in(TOWNSHIP_OFFICER), f"/people/{zhang.pk}/")
    assert "没有采用的密码" in shown
    assert all(shown.count(words) == 1 for words in PIN_REFUSED.values())
    assert shown.count(f"{station.name}：") == len(PIN_REFUSED)
    assert "没有采用的密码" not in text_of(signed_in(BY_ROLE["supervision"]), f"/people/{zhang.pk}/")


def test_the_page_of_somebody_without_refused_pins_says_nothing_of_them(county: FictionalCounty) -> None:
    refused(county.people[WANG], county.stations[SHILI], OTHER_CARD, 1)
    assert "没有采用的密码" not in text_of(signed_in(TOWNSHIP_OFFICER), f"/people/{county.people[ZHANG].pk}/")


def test_a_station_that_the_viewer_does_not_see_is_not_named(county: FictionalCounty) -> None:
    wang, station = county.people[WANG], county.stations[SHILI]
    refused(wang, station, STRANGER, 1)
    path = f"/people/{wang.pk}/"
    shown = text_of(signed_in(OTHER_TOWNSHIP_OFFICER), path)
    assert f"{ELSEWHERE}：{PIN_REFUSED[STRANGER]}" in shown
    assert station.name not in shown
    assert f"{station.name}：{PIN_REFUSED[STRANGER]}" in text_of(signed_in(COUNTY_OFFICER), path)
    assert signed_in(TOWNSHIP_OFFICER).get(path).status_code == 404
