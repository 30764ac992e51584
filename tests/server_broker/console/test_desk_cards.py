"""发卡台: a card for a time, a card instead of another, and cards that nobody had for weeks."""

import datetime as dt
import secrets

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.dated.days import end_of
from server_broker.people.cards import BindRefused, replace_card, report_lost, take_card
from server_broker.people.models import Binding, BindingState, Card
from tests.cast import COUNTY_OFFICER, OTHER_TOWNSHIP_OFFICER, SHILI, TOWNSHIP_OFFICER, WANG, YANGBAN, ZHANG
from tests.server_broker.console.test_desk_confirms import form_on
from tests.server_broker.county import FictionalCounty, signed_in, touch

pytestmark = pytest.mark.django_db

BY = "wu-yunwei"


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(COUNTY_OFFICER)


@pytest.fixture
def token(county: FictionalCounty) -> bytes:
    """A card that nobody has, touched an hour ago, or when the day began: the desk lists those of today."""
    token = secrets.token_bytes(16)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    at = max(timezone.now() - dt.timedelta(hours=1), midnight)
    touch(county.stations[SHILI], token, at=at, answer="unknown", direction="")
    return token


def confirmed(page: Client, token: bytes, **chosen: str) -> str:
    """Ask for the page with all choices, choose, and send it."""
    asked = page.post("/desk/bind/", {"token": token.hex(), "person": f"{ZHANG.number} {ZHANG.name}", "more": "1"})
    form = form_on(asked.content.decode(), "/desk/bind/")
    return page.post("/desk/bind/", form | chosen, follow=True).content.decode()


def test_a_temporary_card_ends_by_itself(county: FictionalCounty, page: Client, token: bytes) -> None:
    last = timezone.localdate() + dt.timedelta(days=3)
    assert "已绑定给 张示例" in confirmed(page, token, until=str(last))
    rows = Binding.objects.known().filter(subject__token=token).order_by("valid_from")
    held, ended = rows.filter(state=BindingState.HELD), rows.filter(state=BindingState.ENDED)
    assert [(row.temporary, row.valid_to) for row in held] == [(True, end_of(last))]
    assert [(row.person, row.valid_from, row.valid_to) for row in ended] == [(None, end_of(last), None)]
    assert "临时卡的到期时间已经过了" in confirmed(page, secrets_touched(county), until="2020-01-01")


def secrets_touched(county: FictionalCounty) -> bytes:
    token = secrets.token_bytes(16)
    touch(county.stations[SHILI], token, answer="unknown", direction="")
    return token


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_replacement_ends_the_old_card_as_it_begins(
    county: FictionalCounty, page: Client, token: bytes, is_lost: bool
) -> None:
    old = county.cards[ZHANG]
    if is_lost:
        report_lost(old, actor=BY)
    assert "已绑定给 张示例" in confirmed(page, token, instead_of=str(old.pk))
    old.refresh_from_db()
    assert old.person is None
    assert Card.objects.get(token=token).person == county.people[ZHANG]
    # The first touch of the new card counts too.
    (row,) = touch_rows(list(Touch.objects.filter(card_token=token)))
    assert row.person == county.people[ZHANG]


def test_a_person_s_page_has_the_whole_history_of_each_card(county: FictionalCounty, token: bytes) -> None:
    take_card(county.cards[ZHANG], actor=BY, reason="发错了人", since=timezone.now(), give_to=county.people[WANG])
    place = f"/people/{county.people[ZHANG].pk}/"
    whole = signed_in(COUNTY_OFFICER).get(place).content.decode()
    assert "尾号 0a1b 张示例 a1 在用" in whole
    assert "尾号 0a1b 王样板 b1 在用" in whole
    own = signed_in(TOWNSHIP_OFFICER).get(place).content.decode()
    assert "尾号 0a1b 外辖区人员 在用" in own
    assert WANG.name not in own


def test_somebody_else_s_card_is_not_replaced(county: FictionalCounty, page: Client, token: bytes) -> None:
    assert "没有绑定：要换下的旧卡已经不是本人的" in confirmed(page, token, instead_of=str(county.cards[WANG].pk))
    with pytest.raises(BindRefused, match="不是本人的"):
        replace_card(county.cards[WANG], token, county.people[ZHANG], actor=BY)
    assert not Card.objects.filter(token=token).exists()
    county.cards[WANG].refresh_from_db()
    assert county.cards[WANG].person == county.people[WANG]


def test_unknown_cards_of_weeks_are_listed_in_ones_own_scope(county: FictionalCounty, token: bytes) -> None:
    days = dt.timedelta(days=1)
    touch(county.stations[SHILI], token, at=timezone.now() - 20 * days, answer="unknown", direction="")
    touch(county.stations[YANGBAN], secrets.token_bytes(16), at=timezone.now() - 2 * days, answer="unknown")
    touch(county.stations[SHILI], secrets.token_bytes(16), at=timezone.now() - 40 * days, answer="unknown")
    touch(county.stations[SHILI], ZHANG.token, at=timezone.now())
    html = signed_in(TOWNSHIP_OFFICER).get("/desk/unknown/").content.decode()
    assert html.count('name="token"') == 1
    assert f'value="{token.hex()}"' in html
    assert '<td data-label="次数">2</td>' in html
    assert token.hex() not in signed_in(OTHER_TOWNSHIP_OFFICER).get("/desk/unknown/").content.decode()
    # Its form leads to the page that shows both touches, and binds from the first one on.
    page = signed_in(TOWNSHIP_OFFICER)
    shown = page.post("/desk/bind/", form_on(html, "/desk/bind/") | {"person": ZHANG.number}).content.decode()
    assert "这 2 次打卡会计给 张示例" in shown
    assert "已绑定给" in page.post("/desk/bind/", form_on(shown, "/desk/bind/"), follow=True).content.decode()
    assert token.hex() not in page.get("/desk/unknown/").content.decode()
