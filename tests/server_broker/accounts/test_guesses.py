"""Many guesses at once: few are hashed at a time, none beyond the limit is heard, other addresses have their turn."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from argon2 import extract_parameters
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.test import Client

from protocol.claim import check_digit
from server_broker.accounts import guesses
from server_broker.accounts.guesses import TooBusy, Turns, turns
from server_broker.accounts.hashers import HASHES_AT_ONCE, CountyArgon2Hasher, nobodys_hash
from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry
from server_broker.enrolment import views
from server_broker.enrolment.limit import MAX_REFUSALS, RefusalLimit
from tests.cast import ADMINISTRATOR, COUNTY_OFFICER
from tests.server_broker.county import client_for, make_county, user_of
from tests.server_broker.enrolment.kit import Kit

ATTACKER, OFFICE = "192.0.2.66", "192.0.2.7"
PASSWORD = "right horse staple"
WAIT_S = 20.0
AXES_LIMIT = 10


class Hashes:
    """Counts the hashes that run, and can hold them."""

    def __init__(self) -> None:
        self.begun = self.running = self.most = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self._lock = threading.Lock()

    def around[**P, R](self, hash_: Callable[P, R]) -> Callable[P, R]:
        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._lock:
                self.begun += 1
                self.running += 1
                self.most = max(self.most, self.running)
            try:
                assert self.go_on.wait(WAIT_S)
                return hash_(*args, **kwargs)
            finally:
                with self._lock:
                    self.running -= 1

        return counted


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hashes]:
    """What Argon2 is asked for, below the bound on how many run."""
    counted = Hashes()
    parent = CountyArgon2Hasher.__mro__[1]
    for name in ("encode", "verify"):
        monkeypatch.setattr(parent, name, counted.around(getattr(parent, name)))
    yield counted
    counted.go_on.set()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        threading.Event().wait(0.005)


class Crowd:
    """Requests at once, each from a thread of its own."""

    def __init__(self, count: int, ask: Callable[[], int]) -> None:
        self.answers: list[int] = []
        self._start = threading.Barrier(count)
        self._ask = ask
        self._threads = [threading.Thread(target=self._one) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _one(self) -> None:
        try:
            self._start.wait(WAIT_S)
            self.answers.append(self._ask())
        finally:
            connections.close_all()

    def ended(self) -> list[int]:
        for thread in self._threads:
            thread.join(WAIT_S)
        return sorted(self.answers)


def sign_in(name: str, password: str, address: str) -> int:
    return Client(REMOTE_ADDR=address).post("/sign-in/", {"username": name, "password": password}).status_code


@pytest.fixture
def officer(transactional_db: None) -> User:
    make_county()
    user = user_of(COUNTY_OFFICER)
    user.set_password(PASSWORD)
    user.save()
    return user


def test_of_many_sign_ins_at_once_no_more_are_heard_than_the_limit(officer: User, hashes: Hashes) -> None:
    crowd = Crowd(guesses.WAITING_OF_ONE, lambda: sign_in(COUNTY_OFFICER.username, "wrong", ATTACKER))
    assert crowd.ended() == [200] * (AXES_LIMIT - 1) + [429] * (guesses.WAITING_OF_ONE - AXES_LIMIT + 1)
    assert (hashes.begun, hashes.most) == (AXES_LIMIT, 1)


def change_password(client: Client, old: str, new: str = "another horse staple") -> int:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/admin/password_change/", form).status_code


@pytest.fixture
def administrator(transactional_db: None) -> Client:
    make_county()
    user = user_of(ADMINISTRATOR)
    user.set_password(PASSWORD)
    user.save()
    return client_for(user)


def test_the_old_password_is_guessed_no_more_often_than_at_the_sign_in(administrator: Client) -> None:
    """An open session that somebody left lets nobody try passwords without end."""
    answers = [change_password(administrator, f"wrong-{number}") for number in range(AXES_LIMIT + 2)]
    assert answers == [200] * (AXES_LIMIT - 1) + [429] * 3
    assert change_password(administrator, PASSWORD) == 429, "nor is the right one heard"
    assert User.objects.get(username=ADMINISTRATOR.username).check_password(PASSWORD)
    assert sign_in(ADMINISTRATOR.username, PASSWORD, "127.0.0.1") == 429
    assert administrator.get("/admin/password_change/").status_code == 200


def test_a_right_old_password_ends_the_count(administrator: Client) -> None:
    for number in range(AXES_LIMIT - 1):
        assert change_password(administrator, f"wrong-{number}") == 200
    assert change_password(administrator, PASSWORD) == 302
    assert change_password(administrator, "wrong") == 200
    assert User.objects.get(username=ADMINISTRATOR.username).check_password("another horse staple")


def test_old_passwords_take_turns_with_the_sign_ins_of_their_address(
    administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_patience_s", 0.0)
    with turns.turn("127.0.0.1"):
        assert change_password(administrator, PASSWORD) == 503
    assert change_password(administrator, PASSWORD) == 302


def test_a_new_password_that_is_refused_is_not_on_record_though_the_hash_is_renewed(transactional_db: None) -> None:
    make_county()
    older = type("Older", (CountyArgon2Hasher.__mro__[1],), {"memory_cost": 1024, "parallelism": 2})()
    user = user_of(ADMINISTRATOR)
    user.password = older.encode(PASSWORD, older.salt())
    user.save()
    assert change_password(client_for(user), PASSWORD, new="1") == 200
    assert not AuditEntry.objects.filter(action="account.password_set").exists()


def test_of_many_claims_at_once_no_more_are_heard_than_are_left(
    transactional_db: None, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was counted after it was heard, so that all of them passed the limit."""
    limit = RefusalLimit(lambda: 0.0)
    monkeypatch.setattr(views, "limit", limit)
    for _ in range(MAX_REFUSALS - 2):
        limit.book("127.0.0.1")
    unknown = "123456789012"
    crowd = Crowd(12, lambda: Kit().enrol(unknown + check_digit(unknown)).status_code)
    assert crowd.ended() == [403] * 2 + [429] * 10
    assert hashes.begun == 2


def test_an_officer_gets_in_while_another_address_sends_more_than_is_heard(
    officer: User, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 at once: one is hashed, a few wait, the rest is told so, and nobody else notices."""
    monkeypatch.setattr(turns, "_patience_s", 10 * WAIT_S)  # a busy machine takes longer to send them all
    hashes.go_on.clear()
    crowd = Crowd(200, lambda: sign_in("nobody", "wrong", ATTACKER))
    refused = 200 - 1 - guesses.WAITING_OF_ONE
    wait_for(lambda: len(crowd.answers) == refused)
    assert set(crowd.answers) == {503}
    assert (hashes.running, turns.waiting(ATTACKER)) == (1, guesses.WAITING_OF_ONE)
    office = Crowd(1, lambda: sign_in(COUNTY_OFFICER.username, PASSWORD, OFFICE))
    wait_for(lambda: hashes.running == 2)
    hashes.go_on.set()
    assert office.ended() == [302]
    crowd.ended()
    assert hashes.most <= HASHES_AT_ONCE


def test_who_is_refused_for_the_crowd_is_told_when_to_come_again(db: None) -> None:
    with turns.turn(ATTACKER):
        held = [threading.Event() for _ in range(guesses.WAITING_OF_ONE)]
        threads = [threading.Thread(target=_wait_a_turn, args=(one,)) for one in held]
        for thread in threads:
            thread.start()
        wait_for(lambda: turns.waiting(ATTACKER) == guesses.WAITING_OF_ONE)
        page = Client(REMOTE_ADDR=ATTACKER).post(
            "/sign-in/", {"username": COUNTY_OFFICER.username, "password": "wrong"}
        )
        assert (page.status_code, page["Retry-After"]) == (503, str(guesses.RETRY_AFTER_S))
        assert "系统忙" in page.content.decode()
    for thread in threads:
        thread.join(WAIT_S)
    assert all(one.is_set() for one in held)


def _wait_a_turn(done: threading.Event) -> None:
    with turns.turn(ATTACKER):
        done.set()


def test_turns_are_few_and_one_of_each_source() -> None:
    few = Turns(at_once=2, waiting=2, waiting_of_one=1, patience_s=0.0)
    with few.turn("a"):
        with pytest.raises(TooBusy), few.turn("a"):
            pass
        with few.turn("b"), pytest.raises(TooBusy), few.turn("c"):
            pass
        with few.turn("c"):
            pass
    with few.turn("a"):
        pass


def test_a_turn_is_given_back_whatever_happens() -> None:
    one = Turns(at_once=1, waiting=1, waiting_of_one=1, patience_s=0.0)
    with pytest.raises(KeyError), one.turn("a"):
        raise KeyError
    with one.turn("a"):
        pass


def test_hashes_cost_what_owasp_recommends_for_known_and_unknown_alike() -> None:
    for encoded in (make_password(PASSWORD), nobodys_hash()):
        cost = extract_parameters(encoded.removeprefix("argon2"))
        assert (cost.type.name, cost.memory_cost, cost.time_cost, cost.parallelism) == ("ID", 19456, 2, 1)
    assert not CountyArgon2Hasher().verify(PASSWORD, nobodys_hash())


def test_an_older_hash_is_replaced_at_the_next_right_password(officer: User) -> None:
    older = type("Older", (CountyArgon2Hasher.__mro__[1],), {"memory_cost": 1024, "parallelism": 2})()
    User.objects.update(password=older.encode(PASSWORD, older.salt()))
    assert sign_in(COUNTY_OFFICER.username, "wrong", OFFICE) == 200
    officer.refresh_from_db()
    assert "m=1024" in officer.password
    assert sign_in(COUNTY_OFFICER.username, PASSWORD, OFFICE) == 302
    officer.refresh_from_db()
    assert "m=19456,t=2,p=1" in officer.password


def test_where_the_line_is_full_who_waits_most_makes_way() -> None:
    """Addresses that fill the line together keep nobody else out of it."""
    line = Turns(at_once=1, waiting=4, waiting_of_one=2, patience_s=WAIT_S)
    heard: list[str] = []

    def guess(source: str) -> None:
        try:
            with line.turn(source):
                heard.append(source)
        except TooBusy:
            heard.append(f"{source} refused")

    def come(source: str) -> threading.Thread:
        before = line.waiting(source)
        thread = threading.Thread(target=guess, args=(source,))
        thread.start()
        wait_for(lambda: line.waiting(source) == before + 1)
        return thread

    with line.turn("running"):
        threads = [come(source) for source in ("one", "one", "two", "two", "office")]
        wait_for(lambda: heard != [])
        assert [line.waiting(source) for source in ("one", "two", "office")] == [1, 2, 1]
        assert heard == ["one refused"]
        threads.append(come("third"))
        wait_for(lambda: len(heard) == 2)
        assert heard[1] == "two refused"
        guess("fourth")
        assert heard[2] == "fourth refused", "nobody waits more often than it would"
    for thread in threads:
        thread.join(WAIT_S)
    assert sorted(heard[3:]) == ["office", "one", "third", "two"]
