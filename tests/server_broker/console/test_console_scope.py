"""Nobody sees another's part of the county: what lies outside is absent, on every page and in every query."""

import hashlib
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from server_broker.accounts.models import Role, User
from server_broker.accounts.scope import regions_of
from server_broker.console import queries
from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from tests.cast import (
    BY_ROLE,
    CLERK,
    COUNTY_OFFICER,
    OPERATOR,
    OTHER_OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP_OFFICER,
    UNKNOWN_CARD,
    WANG,
    YANGBAN,
    YANGBAN_VILLAGE,
    ZHANG,
    Cadre,
)
from tests.server_broker.county import FictionalCounty, alarm, signed_in, snapshot, touch, user_of, verify
from tests.server_broker.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(county: FictionalCounty) -> User:
    return user_of(TOWNSHIP_OFFICER)


@pytest.fixture
def page(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


@pytest.fixture
def pictures(county: FictionalCounty) -> Iterator[dict[str, Blob]]:
    made = {}
    for letter, place in (("a", SHILI), ("b", YANGBAN)):
        data = b"\xff\xd8 picture of " + letter.encode()
        digest = hashlib.sha256(data).digest()
        path = MediaFolder(settings.HOME.media).path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        made[letter] = snapshot(county.stations[place], digest, size=len(data))
    yield made
    for blob in made.values():
        MediaFolder(settings.HOME.media).path(bytes(blob.sha256)).unlink()


def test_the_fleet_lists_only_the_own_stations(page: Client) -> None:
    html = page.get("/").content.decode()
    assert SHILI in html
    assert YANGBAN not in html


@pytest.mark.parametrize("path", ["", "claim/", "revoke/"])
def test_another_township_s_station_is_absent(page: Client, officer: User, path: str) -> None:
    if path:
        User.objects.filter(pk=officer.pk).update(role=Role.OPERATOR)
        verify(page, officer)
    ask = page.post if path else page.get
    assert ask(f"/stations/yangban-01/{path}", {"reason": "理由充分", "confirm": YANGBAN}).status_code == 404


def test_another_township_s_pictures_are_absent(page: Client, pictures: dict[str, Blob]) -> None:
    assert page.get(reverse("snapshot-jpeg", args=[pictures["a"].pk])).status_code == 200
    for name in ("snapshot", "snapshot-jpeg", "snapshot-thumbnail"):
        assert page.get(reverse(name, args=[pictures["b"].pk])).status_code == 404


def test_people_touches_and_cards_are_cut(page: Client, county: FictionalCounty) -> None:
    touch(county.stations[SHILI], ZHANG.token)
    touch(county.stations[YANGBAN], WANG.token)
    for path in ("/people/", "/today/", "/desk/"):
        html = page.get(path).content.decode()
        assert "王样板" not in html
        assert "样板村" not in html
    assert "张示例" in page.get("/today/").content.decode()
    assert page.post(reverse("card-lost", args=[county.cards[WANG].pk])).status_code == 404


def test_a_guest_s_name_is_not_told(page: Client, county: FictionalCounty) -> None:
    touch(county.stations[SHILI], WANG.token)
    html = page.get("/today/").content.decode()
    assert "王样板" not in html
    assert "外辖区人员" in html


def test_another_village_asked_for_by_name_shows_nothing_of_it(page: Client, county: FictionalCounty) -> None:
    touch(county.stations[YANGBAN], WANG.token)
    path = f"/today/?village={YANGBAN_VILLAGE}"
    for word in ("样板村", WANG.name):
        assert word in text_of(signed_in(OTHER_TOWNSHIP_OFFICER), path)
        assert word not in text_of(page, path)


def test_alarms_of_others_and_of_the_whole_county_are_absent(page: Client, county: FictionalCounty) -> None:
    theirs, everybodys = alarm(county.stations[YANGBAN]), alarm(None, code="media_folder")
    assert "没有待处理" in page.get("/alarms/").content.decode()
    for shown in (theirs, everybodys):
        assert page.post(reverse("alarm-acknowledge", args=[shown.pk])).status_code == 404


def test_the_county_s_viewer_sees_the_county_s_alarms(county: FictionalCounty) -> None:
    alarm(None, code="media_folder")
    assert queries.alarms_of(user_of(OPERATOR)).count() == 1


@pytest.mark.parametrize(
    ("station", "cadre", "said"),
    [
        pytest.param(YANGBAN, ZHANG, "这一天没有人用这张卡打过卡", id="a card touched elsewhere"),
        pytest.param(SHILI, WANG, "管辖范围内没有这个编号或姓名的人员", id="somebody elsewhere"),
    ],
)
def test_a_card_is_bound_within_the_own_scope_alone(
    page: Client, county: FictionalCounty, station: str, cadre: Cadre, said: str
) -> None:
    touch(county.stations[station], UNKNOWN_CARD, answer="unknown")
    form = {"token": UNKNOWN_CARD.hex(), "person": cadre.number, "confirmed": f"{cadre.village} {cadre.name}"}
    assert said in page.post("/desk/bind/", form, follow=True).content.decode()
    mine = county.people[cadre].cards.filter(token=UNKNOWN_CARD)
    assert not mine.exists()
    signed_in(COUNTY_OFFICER).post("/desk/bind/", form)
    assert mine.exists(), "the same form binds it where both are in the scope"


@pytest.mark.parametrize("role", list(Role))
def test_an_account_without_region_sees_nothing(county: FictionalCounty, role: Role) -> None:
    user = user_of(BY_ROLE[role].placed_in(None))
    touch(county.stations[SHILI], UNKNOWN_CARD)
    alarm(county.stations[SHILI])
    snapshot(county.stations[SHILI], bytes(32), size=1)
    for seen_by in (
        queries.stations_of,
        queries.people_of,
        queries.cards_of,
        queries.touches_of,
        queries.alarms_of,
        queries.blobs_of,
        regions_of,
    ):
        assert seen_by(user_of(OTHER_OPERATOR)).exists(), seen_by
        assert not seen_by(user).exists(), seen_by


def test_a_village_sees_itself_alone(county: FictionalCounty) -> None:
    user = user_of(CLERK)
    assert [station.pk for station in queries.stations_of(user)] == [SHILI]
    assert [region.code for region in regions_of(user)] == [SHILI_VILLAGE]


def test_a_closed_account_sees_nothing(officer: User) -> None:
    assert queries.stations_of(officer).exists()
    officer.is_active = False
    assert not queries.stations_of(officer).exists()


def test_a_superuser_flag_opens_nothing(county: FictionalCounty) -> None:
    user = user_of(TOWNSHIP_OFFICER)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    assert client.get("/audit/").status_code == 403
    for table in ("accounts/user/", "people/person/", "regions/region/", "fleet/station/"):
        assert client.get(f"/admin/{table}").status_code == 403
