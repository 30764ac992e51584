"""A kiosk's code opens one page once: that of whoever touched the card there, for some minutes."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from protocol.phone_link import CODE_LETTERS, code_hash, new_code
from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.people.models import Person
from server_broker.public.models import PhoneSession, UsedPhoneLink
from server_broker.public.phone_links import MOST_OF_A_STATION, LinkRefused, use_code
from server_broker.public.sessions import session_of
from tests.cast import SHILI, UNKNOWN_CARD, WANG, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, touch
from tests.server_broker.public.door import ago, settings_of_the_door, show_code, telephone

CODE = "/K"
DAY, SIX = dt.timedelta(days=1), dt.timedelta(minutes=6)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


@pytest.fixture
def touched(county: FictionalCounty) -> Touch:
    """Zhang's touch, some seconds ago."""
    return touch(county.stations[SHILI], ZHANG.token, at=ago(seconds=20))


def refusal(code: str) -> str:
    with pytest.raises(LinkRefused) as refused:
        use_code(code, now=timezone.now())
    assert not PhoneSession.objects.exists()
    return str(refused.value)


def test_the_code_opens_the_page_of_whoever_touched(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    code = show_code(county.stations[SHILI], zhang, touched)
    browser = telephone()
    answer = browser.post(CODE, {"code": code})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = browser.get("/").content.decode()
    assert ZHANG.name in page
    assert WANG.name not in page
    [entry] = AuditEntry.objects.filter(action="phone.signed_in")
    assert (entry.subject, entry.detail) == (zhang.number, {"by": "code", "station": SHILI})


def test_it_is_read_as_people_type_it(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    code = show_code(county.stations[SHILI], zhang, touched)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code.lower())
    assert use_code(f" {wide[:4]} {wide[4:8]}-{wide[8:]} ", now=timezone.now())


def test_twice_is_once(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    code = show_code(county.stations[SHILI], zhang, touched)
    first = use_code(code, now=timezone.now())
    with pytest.raises(LinkRefused, match="已经用过"):
        use_code(code, now=timezone.now())
    assert session_of(first, timezone.now()) is not None, "whoever comes late does not end the session"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"wall": -DAY, "received_at": -DAY}, "已过期"),
        ({"wall": -SIX, "received_at": -SIX}, "已过期"),
        ({"wall": -DAY}, "已过期"),  # it waited in the station, or its clock is behind
        ({"received_at": -SIX}, "已过期"),  # the station's clock was set forward to now
        ({"wall": SIX}, "已过期"),
        ({"quality": "unknown"}, "不知道准确时间"),
        ({"quality": "restored"}, "不知道准确时间"),
        ({"detail": {"person": "nobody"}}, "没有这个人"),
        ({"detail": {"person": WANG.number}}, "只能在本村的站点"),
        ({"detail": {"by": f"{'00' * 16}:99"}}, "还没有读到您刚才的刷卡"),
    ],
)
def test_what_opens_nothing(
    county: FictionalCounty, zhang: Person, touched: Touch, values: dict[str, Any], words: str
) -> None:
    now = timezone.now()
    values = {name: now + value if isinstance(value, dt.timedelta) else value for name, value in values.items()}
    assert words in refusal(show_code(county.stations[SHILI], zhang, touched, **values))


def test_a_code_that_no_station_stated_yet_says_to_wait(county: FictionalCounty) -> None:
    assert "还没有收到" in refusal(new_code())


@pytest.mark.parametrize("typed", ["", "x", "0" * CODE_LETTERS, "A" * 13, "<script>", "A" * 5000, "\ud800"])
def test_what_is_no_code(county: FictionalCounty, typed: str) -> None:
    assert "不是站点屏幕上的代码" in refusal(typed)


def test_a_stolen_board_opens_nobody_of_another_village(county: FictionalCounty) -> None:
    """It may state any touch of any card with its own key."""
    stolen = county.stations[YANGBAN]
    forged = touch(stolen, ZHANG.token, at=ago(seconds=20))
    assert "只能在本村的站点" in refusal(show_code(stolen, county.people[ZHANG], forged))


def test_a_code_that_two_stations_state_opens_nothing(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    """A stolen board may copy the code from the other kiosk's screen, and name somebody of its own village."""
    code = show_code(county.stations[SHILI], zhang, touched)
    copied = touch(county.stations[YANGBAN], WANG.token, at=ago(seconds=20))
    show_code(county.stations[YANGBAN], county.people[WANG], copied, detail={"code": code_hash(code).hex()})
    assert "不止一个站点" in refusal(code)


def test_a_touch_of_another_station_proves_nothing(county: FictionalCounty, zhang: Person) -> None:
    elsewhere = touch(county.stations[YANGBAN], ZHANG.token, at=ago(seconds=20))
    assert "还没有读到" in refusal(show_code(county.stations[SHILI], zhang, elsewhere))


@pytest.mark.parametrize("card", [WANG.token, UNKNOWN_CARD])
def test_a_touch_of_another_card_proves_nothing(county: FictionalCounty, zhang: Person, card: bytes) -> None:
    other = touch(county.stations[SHILI], card, at=ago(seconds=20))
    assert "不是您在用的卡" in refusal(show_code(county.stations[SHILI], zhang, other))


def test_a_lost_card_proves_nothing(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    code = show_code(county.stations[SHILI], zhang, touched)
    county.cards[ZHANG].lost_at = timezone.now()
    county.cards[ZHANG].save()
    assert "不是您在用的卡" in refusal(code)


def test_an_old_touch_proves_nothing(county: FictionalCounty, zhang: Person) -> None:
    old = touch(county.stations[SHILI], ZHANG.token, at=ago(hours=2))
    assert "很久以前" in refusal(show_code(county.stations[SHILI], zhang, old))


def test_a_revoked_station_opens_nothing_and_what_it_opened_ends(
    county: FictionalCounty, zhang: Person, touched: Touch
) -> None:
    station = county.stations[SHILI]
    token = use_code(show_code(station, zhang, touched), now=timezone.now())
    assert session_of(token, timezone.now()) is not None
    station.revoked_at = timezone.now()
    station.save()
    assert session_of(token, timezone.now()) is None
    PhoneSession.objects.all().delete()
    assert "已停用" in refusal(show_code(station, zhang, touched))


def test_a_station_opens_a_few_pages_in_an_hour(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    now = timezone.now()
    for number in range(MOST_OF_A_STATION):
        UsedPhoneLink.objects.create(code=bytes([number]) * 32, station=county.stations[SHILI], used_at=now)
    assert "用得太多" in refusal(show_code(county.stations[SHILI], zhang, touched))


@pytest.mark.django_db(transaction=True)
def test_two_telephones_at_once_open_one_page() -> None:
    with override_settings(**settings_of_the_door()):
        county = make_county()
        touched = touch(county.stations[SHILI], ZHANG.token, at=ago(seconds=20))
        code = show_code(county.stations[SHILI], county.people[ZHANG], touched)
        start, opened = threading.Barrier(4), []

        def use() -> None:
            start.wait()
            try:
                opened.append(use_code(code, now=timezone.now()))
            except LinkRefused:
                opened.append("")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(token != "" for token in opened) == 1
        assert PhoneSession.objects.count() == 1


def test_the_code_stands_in_no_record(county: FictionalCounty, zhang: Person, touched: Touch) -> None:
    code = show_code(county.stations[SHILI], zhang, touched)
    use_code(code, now=timezone.now())
    assert code not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert bytes(UsedPhoneLink.objects.get().code) == code_hash(code)
    assert dt.timedelta(0) <= timezone.now() - UsedPhoneLink.objects.get().used_at < dt.timedelta(minutes=1)
