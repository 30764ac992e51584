"""Number and PIN at the front door: few guesses at one person, few of one network, few in all; and no telling which was
wrong."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.codec import encode
from protocol.pin_tries import LOCKS_AT, PinTries, locked_ms
from protocol.pins import PinVerifier, derive_verifier
from server_broker.audit.models import AuditEntry
from server_broker.console.audit_words import source_word
from server_broker.people.models import Person
from server_broker.pins.counting import tries_of
from server_broker.pins.models import PersonPin
from server_broker.public import sign_in as room
from server_broker.public.brake import MOST_OF_A_NETWORK, MOST_OF_A_SITE, MOST_OF_ALL, TooManyTries
from server_broker.public.cleaning import drop_old
from server_broker.public.known_phones import LIFETIME, MOST_PEOPLE, is_known, with_mark
from server_broker.public.middleware import KNOWN_COOKIE
from server_broker.public.models import DoorTries, NobodysTries, WrongTry
from server_broker.public.sessions import MOST_SIGN_INS, TooManySignIns, session_of
from server_broker.public.sign_in import SignInRefused, sign_in
from tests.cast import SHILI, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, make_county
from tests.server_broker.public.door import ago, settings_of_the_door, telephone

PIN, WRONG_PIN = "802746", "915372"
NETWORK = "192.0.2.7"


def give_pin(county: FictionalCounty) -> Person:
    """Let Zhang have a PIN that she set at the station of her village a day ago."""
    zhang = county.people[ZHANG]
    verifier = encode(derive_verifier(PIN, salt=b"salt-of-sample--"))
    PersonPin.objects.create(person=zhang, verifier=verifier, set_at=ago(days=1), station=county.stations[SHILI])
    return zhang


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return give_pin(county)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The PINs for which a slow hash was made, which is made a quick one here."""
    tried: list[str] = []

    def is_pin(verifier: PinVerifier, pin: str) -> bool:
        tried.append(pin)
        return pin == PIN and verifier is not room._NOBODYS

    monkeypatch.setattr(room, "is_pin", is_pin)
    return tried


def refusal(number: str, pin: str, *, address: str = NETWORK, now: dt.datetime | None = None, marks: str = "") -> str:
    with pytest.raises((SignInRefused, TooManyTries, TooManySignIns)) as refused:
        sign_in(number, pin, address=address, now=now or timezone.now(), marks=marks)
    return str(refused.value)


def test_number_and_pin_open_the_own_page(zhang: Person) -> None:
    browser = telephone()
    answer = browser.post("/sign-in/", {"number": ZHANG.number, "pin": PIN})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert ZHANG.name in browser.get("/").content.decode()
    assert not WrongTry.objects.exists()
    assert DoorTries.objects.get().fails == 0


@pytest.mark.parametrize(
    ("number", "pin"), [("Ａ１", "８０２７４６"), (" A 1 ", "802 746"), ("a1", "802746"), ("A1", "８02７46")]
)
def test_it_is_read_as_telephones_type_it(zhang: Person, evaluated: list[str], number: str, pin: str) -> None:
    assert sign_in(number, pin, address=NETWORK, now=timezone.now())
    assert evaluated == [PIN]


def test_digits_are_enough_as_at_the_kiosk_unless_two_people_share_them(zhang: Person, evaluated: list[str]) -> None:
    Person.objects.filter(pk=zhang.pk).update(number="P1000")
    assert sign_in("1000", PIN, address=NETWORK, now=timezone.now())
    Person.objects.create(number="1000", name="示例", village_id=zhang.village_id)
    refusal("1000", PIN)
    assert sign_in("p1000", PIN, address=NETWORK, now=timezone.now())
    Person.objects.filter(number="1000").update(number="Q1000")
    refusal("1000", PIN)


def test_a_number_that_differs_by_a_capital_alone_is_another_one(zhang: Person, evaluated: list[str]) -> None:
    Person.objects.create(number=zhang.number.swapcase(), name="示例", village_id=zhang.village_id)
    assert sign_in(zhang.number, PIN, address=NETWORK, now=timezone.now())
    refusal(zhang.number.swapcase(), PIN)


def test_a_wrong_number_a_wrong_pin_and_no_pin_look_the_same(zhang: Person) -> None:
    pages = set()
    for number, pin in (
        ("nobody", PIN),
        (ZHANG.number, WRONG_PIN),
        (WANG.number, PIN),
        ("", ""),
        ("x" * 900, "y"),
        ("\0", PIN),
    ):
        answer = telephone().post("/sign-in/", {"number": number, "pin": pin})
        words = answer.content.decode().split('role="alert">')[1].split("</p>")[0]
        pages.add((answer.status_code, words))
    assert pages == {(403, "✕ 编号或密码不对。还没有设密码的，请先到站点刷卡后设置。")}


def test_each_of_them_costs_one_slow_hash(zhang: Person, evaluated: list[str]) -> None:
    for number in ("nobody", ZHANG.number, WANG.number):
        refusal(number, WRONG_PIN)
    assert len(evaluated) == 3


def test_a_locked_number_is_not_evaluated_and_the_kiosks_know_nothing_of_it(
    zhang: Person, evaluated: list[str]
) -> None:
    for _ in range(LOCKS_AT):
        refusal(ZHANG.number, WRONG_PIN)
    evaluated.clear()
    assert "手机登录锁了。请 1 小时后再试" in refusal(ZHANG.number, PIN)
    assert evaluated == []
    assert (tries_of([zhang]), DoorTries.objects.get().fails) == ({}, LOCKS_AT)
    assert sign_in(ZHANG.number, PIN, address=NETWORK, now=timezone.now() + dt.timedelta(hours=1, seconds=1))


@pytest.mark.parametrize("number", [ZHANG.number, WANG.number, "nobody"])
def test_a_lock_tells_nobody_which_numbers_exist_or_have_a_pin(
    zhang: Person, evaluated: list[str], number: str
) -> None:
    said = [refusal(number, WRONG_PIN) for _ in range(LOCKS_AT + 1)]
    assert len(set(said[:LOCKS_AT])) == 1
    assert "手机登录锁了。请 1 小时后再试" in said[LOCKS_AT]
    assert len(evaluated) == LOCKS_AT
    assert drop_old(timezone.now() + dt.timedelta(days=400)) > 0
    assert not DoorTries.objects.exists()
    assert not NobodysTries.objects.exists()


def test_a_new_pin_begins_with_no_wrong_tries(zhang: Person, evaluated: list[str]) -> None:
    for _ in range(LOCKS_AT):
        refusal(ZHANG.number, WRONG_PIN)
    PersonPin.objects.update(set_at=timezone.now())
    assert sign_in(ZHANG.number, PIN, address=NETWORK, now=timezone.now())


def _counted() -> PinTries:
    tries = DoorTries.objects.get()
    assert tries.last is not None
    return PinTries(fails=tries.fails, last=milliseconds(tries.last))


def test_ninety_days_of_guessing_are_twenty_guesses(zhang: Person, evaluated: list[str]) -> None:
    """By somebody with many networks, who knows to the millisecond when the next try is evaluated."""
    now, end = timezone.now(), timezone.now() + dt.timedelta(days=90)
    turn = 0
    while now < end:
        turn += 1
        refusal(ZHANG.number, WRONG_PIN, address=f"192.0.2.{turn}", now=now)
        now += dt.timedelta(milliseconds=1 + locked_ms(_counted(), milliseconds(now)))
    assert len(evaluated) <= 20


def test_one_network_has_few_tries(zhang: Person, evaluated: list[str]) -> None:
    for number in range(MOST_OF_A_NETWORK["number"]):
        refusal(f"nobody-{number}", WRONG_PIN)
    assert "这个网络试错太多次" in refusal(ZHANG.number, PIN)
    assert len(evaluated) == MOST_OF_A_NETWORK["number"]
    assert sign_in(ZHANG.number, PIN, address="192.0.2.8", now=timezone.now())


def test_all_networks_of_one_customer_have_few_tries_together(zhang: Person, evaluated: list[str]) -> None:
    for number in range(MOST_OF_A_SITE["number"]):
        refusal(f"nobody-{number}", WRONG_PIN, address=f"2001:db8:7:{number:x}::1")
    assert "这个网络试错太多次" in refusal(ZHANG.number, PIN, address="2001:db8:7:ff::1")
    assert len(evaluated) == MOST_OF_A_SITE["number"]
    assert sign_in(ZHANG.number, PIN, address="2001:db8:8::1", now=timezone.now())
    marks = with_mark("", zhang, timezone.now())
    assert sign_in(ZHANG.number, PIN, address="2001:db8:7:ff::1", now=timezone.now(), marks=marks)


def test_one_pin_for_each_person_of_the_county_meets_the_brake(zhang: Person, evaluated: list[str]) -> None:
    now = timezone.now()
    for number in range(MOST_OF_ALL):
        refusal(f"nobody-{number}", WRONG_PIN, address=f"2001:db8:{number}::1", now=now)
    assert "暂停一会儿" in refusal(ZHANG.number, PIN, now=now)
    assert len(evaluated) == MOST_OF_ALL
    later = now + dt.timedelta(hours=1, seconds=1)
    assert sign_in(ZHANG.number, PIN, address=NETWORK, now=later)


def strangers_stop_the_county() -> None:
    """As many wrong tries as stop signing in by number for whoever comes from a telephone that nobody knows."""
    WrongTry.objects.bulk_create(
        WrongTry(at=timezone.now(), source=f"2001:db8:{number:x}::/64", site=f"2001:db8:{number:x}::/48", way="number")
        for number in range(MOST_OF_ALL)
    )


def test_strangers_do_not_stop_a_telephone_that_the_person_signed_in_on_before(zhang: Person) -> None:
    known, other = telephone(), telephone()
    assert known.post("/sign-in/", {"number": ZHANG.number, "pin": PIN}).status_code == 302
    known.post("/sign-out/")
    strangers_stop_the_county()
    assert other.post("/sign-in/", {"number": ZHANG.number, "pin": PIN}).status_code == 429
    assert known.post("/sign-in/", {"number": WANG.number, "pin": PIN}).status_code == 429, "another person's telephone"
    assert known.post("/sign-in/", {"number": ZHANG.number, "pin": PIN}).status_code == 302


def test_a_known_telephone_has_no_more_guesses_at_its_person(zhang: Person, evaluated: list[str]) -> None:
    now = timezone.now()
    marks = with_mark("", zhang, now)
    for _ in range(LOCKS_AT + 1):
        refusal(ZHANG.number, WRONG_PIN, now=now, marks=marks)
    assert len(evaluated) == LOCKS_AT


def test_a_mark_names_nobody_is_only_for_its_own_scope_and_ends(zhang: Person, county: FictionalCounty) -> None:
    browser, now = telephone(), timezone.now()
    browser.post("/sign-in/", {"number": ZHANG.number, "pin": PIN})
    cookie = browser.cookies[KNOWN_COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
    mark = cookie.value
    assert is_known(mark, zhang, now)
    assert not is_known(mark, county.people[WANG], now)
    assert not is_known(mark, zhang, now + LIFETIME + dt.timedelta(minutes=1))
    issued, mac = mark.split("-")
    for forged in ("", ".", "-", f"{int(issued, 16) + 9:x}-{mac}", f"{issued}-{'0' * 64}", "." * 900, "é-é", mark * 9):
        assert not is_known(forged, zhang, now), forged
    with override_settings(SECRET_KEY="another"):
        assert not is_known(mark, zhang, now)


def test_a_family_shares_a_telephone(zhang: Person, county: FictionalCounty) -> None:
    now, marks = timezone.now(), ""
    people = [Person.objects.create(number=f"B{turn}", name="示例", village_id=zhang.village_id) for turn in range(5)]
    for person in (*people, people[4]):
        marks = with_mark(marks, person, now)
    assert [is_known(marks, person, now) for person in people] == [False, *[True] * MOST_PEOPLE]


def test_one_person_signs_in_a_few_times_an_hour(zhang: Person, evaluated: list[str]) -> None:
    now = timezone.now()
    for _ in range(MOST_SIGN_INS):
        token = sign_in(ZHANG.number, PIN, address=NETWORK, now=now)
    assert "登录太多次" in refusal(ZHANG.number, PIN, now=now)
    assert session_of(token, now) is not None, "the telephone that is signed in stays so"
    assert AuditEntry.objects.filter(action="phone.signed_in").count() == MOST_SIGN_INS
    assert DoorTries.objects.get().fails == 0
    assert WrongTry.objects.count() == 1, "for the network each further try counts, because it costs a slow hash"
    assert telephone().post("/sign-in/", {"number": ZHANG.number, "pin": PIN}).status_code == 429
    assert sign_in(ZHANG.number, PIN, address=NETWORK, now=now + dt.timedelta(hours=1, seconds=1))


def test_the_audit_log_keeps_no_address_of_a_telephone(zhang: Person) -> None:
    telephone().post("/sign-in/", {"number": ZHANG.number, "pin": PIN}, REMOTE_ADDR="192.0.2.77")
    [entry] = AuditEntry.objects.filter(action="phone.signed_in")
    assert (entry.source, source_word(entry.source)) == ("phone", "手机")


def test_wrong_codes_of_kiosks_close_no_number(zhang: Person, evaluated: list[str]) -> None:
    WrongTry.objects.bulk_create(
        WrongTry(at=timezone.now(), source=f"192.0.2.{number}", way="code") for number in range(2 * MOST_OF_ALL)
    )
    assert sign_in(ZHANG.number, PIN, address=NETWORK, now=timezone.now())


def test_codes_of_one_network_are_bounded_too(county: FictionalCounty) -> None:
    browser = telephone()
    codes = [browser.post("/K", {"code": "A" * 12}).status_code for _ in range(MOST_OF_A_NETWORK["code"] + 1)]
    assert set(codes[:-1]) == {409}
    assert codes[-1] == 429


def test_who_has_left_is_nobody(zhang: Person, evaluated: list[str]) -> None:
    Person.objects.filter(pk=zhang.pk).update(left=True)
    assert "编号或密码不对" in refusal(ZHANG.number, PIN)


def test_tries_are_deleted_when_they_count_no_longer(zhang: Person, evaluated: list[str]) -> None:
    refusal("nobody", WRONG_PIN)
    refusal(ZHANG.number, WRONG_PIN)
    refusal(ZHANG.number, WRONG_PIN)
    now = timezone.now()
    assert drop_old(now + dt.timedelta(hours=23)) == 0
    assert drop_old(now + dt.timedelta(hours=25)) == 3
    assert drop_old(now + dt.timedelta(days=6)) == 0
    assert drop_old(now + dt.timedelta(days=13)) == 1, "one wrong try counts for a week, two for two weeks"
    assert drop_old(now - dt.timedelta(days=300)) == 0
    assert drop_old(now + dt.timedelta(days=15)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_of_a_network_at_once_no_more_pass_than_one_after_another(evaluated: list[str]) -> None:
    with override_settings(**settings_of_the_door()):
        give_pin(make_county())
        room_left = 2
        WrongTry.objects.bulk_create(
            WrongTry(at=timezone.now(), source=NETWORK, site=NETWORK, way="number")
            for _ in range(MOST_OF_A_NETWORK["number"] - room_left)
        )
        start = threading.Barrier(8)

        def guess(number: int) -> None:
            start.wait()
            try:
                refusal(f"nobody-{number}", WRONG_PIN)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(evaluated) == room_left


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_no_more_are_evaluated_than_one_after_another(evaluated: list[str]) -> None:
    with override_settings(**settings_of_the_door()):
        give_pin(make_county())
        start = threading.Barrier(8)

        def guess(address: str) -> Callable[[], None]:
            def run() -> None:
                start.wait()
                try:
                    refusal(ZHANG.number, WRONG_PIN, address=address)
                finally:
                    connections.close_all()

            return run

        threads = [threading.Thread(target=guess(f"192.0.2.{number}")) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(evaluated) == LOCKS_AT


def test_a_pin_of_a_kind_that_nobody_can_read_looks_like_a_wrong_one(zhang: Person) -> None:
    later = PinVerifier(algorithm=2, log2_n=12, r=8, p=4, salt=bytes(16), digest=bytes(32))
    PersonPin.objects.filter(person=zhang).update(verifier=encode(later))
    assert refusal(ZHANG.number, PIN) == room._WRONG
