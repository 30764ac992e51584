"""What nothing takes back is shown before it is done: who gets a card and its touches, and what a loss means."""

import datetime as dt
import html
import re
import secrets
from typing import Any

import pytest
from django.test import Client

from server_broker.attendance.models import Touch
from server_broker.console.views import desk
from server_broker.people.models import Card, Person
from tests.cast import COUNTY_OFFICER, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, YANGBAN, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty, signed_in, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(COUNTY_OFFICER)


@pytest.fixture
def card(county: FictionalCounty) -> bytes:
    """A card that nobody has, touched in village A."""
    token = secrets.token_bytes(16)
    touch(county.stations[SHILI], token, answer="unknown", direction="")
    return token


def ask(page: Client, card: bytes, person: str, **more: str) -> str:
    answer = page.post("/desk/bind/", {"token": card.hex(), "person": person, **more}, follow=True)
    return str(answer.content.decode())


def form_on(shown: str, address: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to an address, as a browser sends them back."""
    [form] = re.findall(rf'<form[^>]*action="{address}".*?</form>', shown, re.DOTALL)
    fields: list[Any] = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def test_somebody_of_another_village_gets_a_card_only_once_that_was_confirmed(page: Client, card: bytes) -> None:
    shown = ask(page, card, "b1")
    assert not Card.objects.filter(token=card).exists()
    assert "把这张卡绑定给 王样板？" in shown
    assert "王样板 是样板村的人，这张卡是在示例村的示例村站上碰的" in shown
    done = page.post("/desk/bind/", form_on(shown, "/desk/bind/"), follow=True).content.decode()
    assert "已绑定给 王样板（样板村）" in done
    assert Card.objects.filter(token=card, person__number="b1").exists()


@pytest.mark.parametrize("written", ["b1", "b1 王样板", "b1 张示例", "王样板"])
def test_however_that_person_was_named(page: Client, card: bytes, written: str) -> None:
    assert "现在还没有绑定" in ask(page, card, written)
    assert not Card.objects.filter(token=card).exists()


def test_who_was_chosen_in_the_list_gets_it_at_once(page: Client, card: bytes) -> None:
    listed = page.get("/desk/").content.decode()
    assert '<option value="a1 张示例">' in listed
    assert "王样板" not in listed
    assert "已绑定给 张示例" in ask(page, card, "a1 张示例")


def test_of_two_unknown_cards_touched_together_none_is_bound_unasked(
    page: Client, card: bytes, county: FictionalCounty
) -> None:
    touched = Touch.objects.get(card_token=card).received_at
    touch(county.stations[SHILI], other := secrets.token_bytes(16), at=touched - dt.timedelta(seconds=1))
    assert page.get("/desk/").content.decode().count("前后 30 秒内还有别的卡") == 2
    shown = ask(page, card, "a1 张示例")
    assert "可能弄混" in shown
    assert not Card.objects.filter(token=card).exists()
    # Whoever has it touched again sees which one it is.
    touch(county.stations[SHILI], card, at=touched + dt.timedelta(seconds=60))
    listed = page.get("/desk/").content.decode()
    assert listed.index(card.hex()) < listed.index(other.hex())
    assert "前后 30 秒内" not in listed
    assert "已绑定给 张示例" in ask(page, card, "a1 张示例")


@pytest.mark.parametrize("written", ["a1", "a1 王样板"])
def test_a_bare_or_a_wrong_number_of_the_village_is_asked_about_too(page: Client, card: bytes, written: str) -> None:
    shown = ask(page, card, written)
    assert "把这张卡绑定给 张示例？" in shown
    assert "是示例村的人，这张卡" not in shown
    assert not Card.objects.filter(token=card).exists()


def test_the_page_lists_the_touches_that_would_count(
    page: Client, card: bytes, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST_COUNTED", 2)
    touch(county.stations[YANGBAN], card, answer="unknown", direction="in")
    shown = ask(page, card, "b1")
    assert "这 2 次打卡会计给 王样板" in shown
    assert "样板村站" in shown
    assert "上班" in shown
    assert "只列出" not in shown
    touch(county.stations[SHILI], card, answer="unknown", direction="")
    assert "只列出最近 2 次，另有 1 次更早的也会计入" in ask(page, card, "b1")


def test_touches_beyond_the_viewers_part_are_not_told(card: bytes, county: FictionalCounty) -> None:
    touch(county.stations[YANGBAN], card, answer="unknown", direction="in")
    county.add(ZHAO)
    shown = ask(signed_in(TOWNSHIP_OFFICER), card, ZHAO.number)
    assert "这 1 次打卡会计给 赵示例" in shown
    assert "样板村" not in shown


@pytest.mark.parametrize("change", [{"name": "别人"}, {"village_id": YANSHI_VILLAGE}])
def test_who_changed_meanwhile_is_shown_again(page: Client, card: bytes, change: dict[str, str]) -> None:
    form = form_on(ask(page, card, "b1"), "/desk/bind/")
    Person.objects.filter(number="b1").update(**change)
    assert "现在还没有绑定" in page.post("/desk/bind/", form, follow=True).content.decode()
    assert not Card.objects.filter(token=card).exists()


def test_a_name_that_is_as_long_as_may_be_can_be_bound(page: Client, card: bytes) -> None:
    Person.objects.create(number="n" * 32, name="名" * 32, village_id=SHILI_VILLAGE)
    assert "已绑定给" in ask(page, card, f"{'n' * 32} {'名' * 32}")


def test_a_loss_is_explained_before_it_is_marked(page: Client, county: FictionalCounty) -> None:
    lost = county.cards[ZHANG]
    address = f"/cards/{lost.pk}/lost/"
    assert form_on(page.get("/people/").content.decode(), address) == {}
    shown = page.post(address).content.decode()
    lost.refresh_from_db()
    assert lost.lost_at is None
    assert "挂失 张示例 的卡？" in shown
    assert "卡找回来了" in shown
    assert "没有别的卡" in shown
    assert "的卡已挂失" in page.post(address, form_on(shown, address), follow=True).content.decode()
    lost.refresh_from_db()
    assert lost.lost_at is not None


def test_two_cards_of_one_person_are_told_apart(page: Client, county: FictionalCounty) -> None:
    other = Card.objects.create(
        token=bytes(16), tail="", person=county.people[ZHANG], bound_at=county.cards[ZHANG].bound_at
    )
    people = page.get("/people/").content.decode()
    labels = re.findall(r'aria-label="(挂失 张示例 的卡[^"]*)"', people)
    assert len(set(labels)) == 2
    assert "另外 1 张卡照常用" in page.post(f"/cards/{other.pk}/lost/").content.decode()
