"""What a station says of itself on its page: whom it names, and characters that are not seen."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from server_broker.commands.models import StationOrder
from server_broker.console.event_words import NEVER_ORDERED
from tests.cast import OPERATOR, SHILI, YANGBAN
from tests.server_broker.county import FictionalCounty, alarm, event, signed_in
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
ISSUER = "demo-admin"


def began(county: FictionalCounty, command: uuid.UUID) -> None:
    told: dict[str, object] = {"command": command.hex, "issuer": ISSUER, "reason": "看会场", "seconds": 60}
    event(county.stations[SHILI], "live_view_began", at=timezone.now(), detail=told)


def order(county: FictionalCounty, station: str, *, kind: str = "live_view") -> uuid.UUID:
    now = timezone.now()
    made = StationOrder.objects.create(
        id=uuid.uuid4(),
        station=county.stations[station],
        order=kind,
        reason="按约定查看",
        issuer=ISSUER,
        issued_at=now,
        not_after=now + dt.timedelta(minutes=2),
    )
    return made.pk


def events_of_its_page() -> str:
    html = text_of(signed_in(OPERATOR), f"/stations/{SHILI}/")
    return words_of(html[html.index('id="events-title"') :])


@pytest.mark.parametrize("told", ["of nobody", "of another station", "of another command"])
def test_a_live_view_that_nobody_ordered_names_nobody(county: FictionalCounty, told: str) -> None:
    match told:
        case "of nobody":
            command = uuid.uuid4()
        case "of another station":
            command = order(county, YANGBAN)
        case _:
            command = order(county, SHILI, kind="snapshot")
    began(county, command)
    shown = events_of_its_page()
    assert "开始实时查看" in shown
    assert NEVER_ORDERED in shown
    assert ISSUER not in shown


def test_one_that_was_ordered_names_who_did_in_the_county_s_own_words(county: FictionalCounty) -> None:
    began(county, order(county, SHILI))
    shown = events_of_its_page()
    assert f"{ISSUER}：按约定查看" in shown
    assert NEVER_ORDERED not in shown


def test_characters_that_are_not_seen_change_no_page(county: FictionalCounty) -> None:
    unseen = "\x1b\x07\x7f\x85\u202e\u2067\u200f\u061c\u200b\ufeff"
    alarm(county.stations[SHILI], f"code{unseen}", origin="station", detail=f"前{unseen}后")
    alarm(county.stations[SHILI], "\u202e", origin="station")
    operator = signed_in(OPERATOR)
    for page in ("/attention/", f"/attention/said/s:{SHILI}/", "/alarms/", f"/stations/{SHILI}/"):
        response = operator.get(page)
        html = response.content.decode()
        assert f"前{'�' * len(unseen)}后" in html
        assert not set(unseen) & set(html)
    assert "站点自报，没有写代码" in text_of(operator, "/alarms/")
