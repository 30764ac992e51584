"""发卡台 leaves nothing out without saying so."""

import secrets

import pytest
from django.utils import timezone

from server_broker.console.views import desk
from server_broker.fleet.models import Station
from tests.cast import OPERATOR, SHILI, SHILI_VILLAGE
from tests.server_broker.county import make_county, signed_in, touch

pytestmark = pytest.mark.django_db


def test_every_station_can_be_chosen() -> None:
    make_county()
    now = timezone.now()
    Station.objects.bulk_create(
        Station(id=f"many-{number:04}", name=f"站{number:04}", village_id=SHILI_VILLAGE, enrolled_at=now)
        for number in range(700)
    )
    html = signed_in(OPERATOR).get("/desk/").content.decode()
    assert html.count('<option value="many-') == 700


def test_cards_that_are_not_listed_are_spoken_of() -> None:
    county = make_county()
    page = signed_in(OPERATOR)
    for _ in range(desk.MOST_TOUCHES):
        touch(county.stations[SHILI], secrets.token_bytes(16))
    assert "没有列出" not in page.get("/desk/").content.decode()
    touch(county.stations[SHILI], secrets.token_bytes(16))
    assert f"只有最近 {desk.MOST_TOUCHES} 次碰卡里的卡，更早碰过的没有列出" in page.get("/desk/").content.decode()
