"""A station knows the township's people with cards, as far as they fit, and a person is told who does not."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.codec import encode
from protocol.signing import key_id
from protocol.twin import Desired, seal_desired, unseal_desired
from server_broker.fleet.models import Alarm, Station
from server_broker.people.cards import bind_card
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region
from server_broker.twin.desired import refresh
from tests.cast import (
    LI,
    OTHER_TOWNSHIP,
    REGIONS,
    SHILI_VILLAGE,
    TOWNSHIP,
    WANG,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
    Cadre,
)
from tests.server_broker.county import touch
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.fixture(autouse=True)
def places(station: StationDouble) -> None:
    for code in (YANSHI_VILLAGE, YANGBAN_VILLAGE, OTHER_TOWNSHIP):
        Region.objects.get_or_create(code=code, defaults={"name": REGIONS[code]})


def add(cadre: Cadre, *, card: bool = True) -> Person:
    person = Person.objects.create(number=cadre.number, name=cadre.name, village_id=cadre.village)
    if card:
        Card.objects.create(token=cadre.token, tail=cadre.tail, person=person, bound_at=NOW)
    return person


def crowd(count: int, *, village: str = YANSHI_VILLAGE, cards: int = 1, name: str = "王示例") -> list[Person]:
    """So many people of a village, each with so many cards."""
    people = Person.objects.bulk_create(
        Person(number=f"n{village[-3:]}-{number:04}", name=name, village_id=village) for number in range(count)
    )
    Card.objects.bulk_create(
        Card(
            token=f"{village[-3:]}-{number:04}-{which:07}".encode(),
            tail="",
            person=person,
            bound_at=NOW,
        )
        for number, person in enumerate(people)
        for which in range(cards)
    )
    return people


def told(station: StationDouble) -> Desired:
    desired = refresh(station.id, now=NOW)
    assert desired is not None
    return desired


def test_a_neighbour_s_card_is_known_with_the_village_it_comes_from(station: StationDouble) -> None:
    for cadre in (ZHANG, ZHAO, WANG):
        add(cadre)
    add(LI, card=False)
    desired = told(station)
    assert {one.name: one.village for one in desired.people} == {ZHANG.name: "", LI.name: "", ZHAO.name: "演示村"}
    assert {card.token: card.person for card in desired.cards} == {ZHANG.token: ZHANG.number, ZHAO.token: ZHAO.number}
    assert {one.type for one in desired.people} == {"cadre"}


def test_a_neighbour_without_a_card_or_who_has_left_is_not_told(station: StationDouble) -> None:
    add(ZHAO, card=False)
    gone = add(Cadre("a9", "钱示例", YANSHI_VILLAGE, b"card-of-qian--16", "0a9b"))
    Person.objects.filter(pk=gone.pk).update(left=True)
    assert told(station).people == []


def test_a_card_that_is_bound_next_door_reaches_this_station(station: StationDouble) -> None:
    zhao = add(ZHAO, card=False)
    before = told(station).version
    bind_card(token=ZHAO.token, person=zhao, actor="officer")
    after = told(station)
    assert after.version == before + 1
    assert [card.token for card in after.cards] == [ZHAO.token]


def test_a_township_of_360_people_and_400_cards_fits(station: StationDouble) -> None:
    own = crowd(15, village=SHILI_VILLAGE)
    crowd(305)
    Region.objects.create(code=f"{TOWNSHIP[:9]}003", name="邻村")
    crowd(40, village=f"{TOWNSHIP[:9]}003", cards=2)
    desired = told(station)
    assert (len(desired.people), len(desired.cards)) == (360, 400)
    assert len(encode(desired)) < 45_000
    assert {one.id for one in desired.people if not one.village} == {person.number for person in own}
    sealed = seal_desired(KEY, desired)
    assert unseal_desired(sealed, station=station.id, public_keys={key_id(PUBLIC): PUBLIC}) == desired
    assert not Alarm.objects.exists()


def test_of_700_people_the_village_and_those_who_came_lately_are_told_and_the_rest_is_stated(
    station: StationDouble,
) -> None:
    own = crowd(15, village=SHILI_VILLAGE)
    others = crowd(685)
    last = others[-1]
    card = Card.objects.get(person=last)
    touch(Station.objects.get(), bytes(card.token), at=NOW - timedelta(days=3))
    desired = told(station)
    numbers = {one.id for one in desired.people}
    assert len(numbers) == 500
    assert {person.number for person in own} <= numbers
    assert last.number in numbers, "she was here three days ago"
    assert len(encode(desired)) <= 65_000
    alarm = Alarm.objects.get(code="neighbours_left_out")
    assert alarm.detail.startswith("本镇其他村有卡的 685 人中，200 人没有下发到这个站点")
    assert told(station).version == desired.version, "who is left out does not change by itself"
    Person.objects.filter(pk__in=[person.pk for person in others[:300]]).update(left=True)
    assert len(told(station).people) == 15 + 385
    assert Alarm.objects.get(code="neighbours_left_out").resolved_at is not None


def test_long_names_leave_neighbours_out_before_the_message_is_too_long(station: StationDouble) -> None:
    crowd(15, village=SHILI_VILLAGE)
    crowd(450, name="示" * 32, cards=2)
    desired = told(station)
    assert 60_000 < len(encode(desired)) <= 65_000
    assert "没有下发到这个站点" in Alarm.objects.get(code="neighbours_left_out").detail
    assert sum(1 for one in desired.people if not one.village) == 15
