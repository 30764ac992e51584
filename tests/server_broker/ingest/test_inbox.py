"""What waits for the worker is taken by turns, is bounded for each station, and is let go in the right order."""

from dataclasses import dataclass
from typing import TypedDict

import pytest

from server_broker.ingest.inbox import (
    BLOBS_AT_ONCE,
    DEBT_S,
    LESS_FOR_S,
    MAX_BLOBS,
    MAX_UNSURE_BYTES,
    PAID_A_SECOND,
    FairInbox,
)
from server_broker.ingest.messages import Incoming


class Room(TypedDict):
    max_messages: int
    max_bytes: int


ROOM: Room = {"max_messages": 1_000, "max_bytes": 2**20}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox(clock: Clock) -> FairInbox:
    return FairInbox(clock)


def send(
    inbox: FairInbox, station: str, leaf: str, payload: bytes = b"", *, unsure: bool = False
) -> tuple[Incoming, Incoming | None]:
    """Put a message in; return it, and the one that was let go for it."""
    message = Incoming(f"cunhui/1/0/{station}/{leaf}", payload, unsure=unsure)
    return message, inbox.put(inbox.queue(message.topic), message)


def senders(messages: list[Incoming]) -> list[str]:
    return [message.station for message in messages]


def test_a_station_with_one_message_goes_before_the_second_of_one_with_many(inbox: FairInbox) -> None:
    for _ in range(5):
        send(inbox, "shili-01", "facts", b"x" * 100)
    send(inbox, "shili-02", "facts", b"x" * 100)
    assert senders(inbox.take(**ROOM))[:2] == ["shili-01", "shili-02"]


def test_the_one_that_sends_more_bytes_gets_fewer_messages_through(inbox: FairInbox) -> None:
    for _ in range(8):
        send(inbox, "shili-01", "facts", b"x" * 40_000)
        send(inbox, "shili-02", "facts", b"x" * 400)
    assert senders(inbox.take(max_messages=9, max_bytes=2**20)).count("shili-02") == 8


def test_a_touch_goes_before_the_backlogs_of_stations_that_have_used_as_much(inbox: FairInbox) -> None:
    for _ in range(2):
        for number in range(40):
            send(inbox, f"shili-{number}", "facts", b"x" * 40_000)
    inbox.take(max_messages=50, max_bytes=2**30)
    send(inbox, "shili-99", "facts", b"x" * 300)
    assert senders(inbox.take(max_messages=5, max_bytes=2**20))[0] == "shili-99"


@pytest.mark.parametrize("leaf", ["blob", "birth"])
def test_what_does_not_compete_with_facts_delays_no_touch(inbox: FairInbox, clock: Clock, leaf: str) -> None:
    for number in range(40):
        for _ in range(2):
            send(inbox, f"shili-{number}", "facts", b"x" * 40_000)
    for _ in range(20):
        send(inbox, "shili-98", leaf, b"x" * 40_000)
        clock.now += 1.0
        inbox.take(max_messages=2, max_bytes=2**20)
    send(inbox, "shili-99", "facts", b"x" * 300)
    send(inbox, "shili-98", "facts", b"x" * 300)
    assert {"shili-98", "shili-99"} <= set(senders(inbox.take(max_messages=3, max_bytes=2**20)))


def test_nobody_saves_time_up_while_fewer_are_taken_of_it(inbox: FairInbox, clock: Clock) -> None:
    names = ["shili-01", "shili-02", "shili-03"]

    def fill() -> None:
        for _ in range(8):
            for name in names:
                send(inbox, name, "facts", b"x" * 40_000)

    fill()
    inbox.put_back([one for one in inbox.take(**ROOM) if one.station == "shili-01"], most=1)
    for _ in range(20):
        fill()
        inbox.take(**ROOM)
    clock.now = LESS_FOR_S
    fill()
    assert senders(inbox.take(max_messages=9, max_bytes=2**30)).count("shili-01") <= 4


def test_what_a_station_sent_first_is_not_overtaken_by_what_is_smaller(inbox: FairInbox) -> None:
    send(inbox, "shili-01", "facts", b"x" * 40_000)
    send(inbox, "shili-01", "gone")
    assert [message.leaf for message in inbox.take(**ROOM)] == ["facts", "gone"]


def test_what_was_used_is_remembered_from_batch_to_batch(inbox: FairInbox) -> None:
    for _ in range(3):
        send(inbox, "shili-01", "facts", b"x" * 40_000)
    inbox.take(max_messages=2, max_bytes=2**20)
    send(inbox, "shili-02", "facts", b"x" * 40_000)
    assert senders(inbox.take(max_messages=1, max_bytes=2**20)) == ["shili-02"]


def test_nobody_saves_time_up_by_being_silent(inbox: FairInbox) -> None:
    for _ in range(50):
        send(inbox, "shili-01", "facts", b"x" * 40_000)
        inbox.take(**ROOM)
    for _ in range(4):
        send(inbox, "shili-02", "facts", b"x" * 40_000)
        send(inbox, "shili-01", "facts", b"x" * 40_000)
    assert senders(inbox.take(max_messages=4, max_bytes=2**20)).count("shili-01") >= 1


def test_facts_beyond_the_bound_are_let_go_and_the_first_stay_in_order(inbox: FairInbox) -> None:
    sent = [send(inbox, "shili-01", "facts", bytes((n,))) for n in range(20)]
    kept = inbox.take(**ROOM)
    assert kept == [message for message, _ in sent[: len(kept)]]
    assert [gone for _, gone in sent[len(kept) :]] == [message for message, _ in sent[len(kept) :]]
    assert inbox.let_go() == {"shili-01": 20 - len(kept)}
    assert inbox.let_go() == {}


@pytest.mark.parametrize("leaf", ["birth", "vitals", "reported", "gone"])
def test_of_latest_values_the_newest_stay(inbox: FairInbox, leaf: str) -> None:
    sent = [send(inbox, "shili-01", leaf, bytes((n,))) for n in range(20)]
    kept = inbox.take(**ROOM)
    assert kept == [message for message, _ in sent[-len(kept) :]]
    assert [gone for _, gone in sent if gone is not None] == [message for message, _ in sent[: -len(kept)]]


@pytest.mark.parametrize("leaf", ["birth", "vitals", "reported"])
def test_a_latest_value_is_taken_every_so_often(inbox: FairInbox, clock: Clock, leaf: str) -> None:
    for number in range(20):
        send(inbox, "shili-01", leaf, bytes((number,)))
    send(inbox, "shili-02", leaf)
    assert sorted(senders(inbox.take(**ROOM))) == ["shili-01", "shili-02"]
    late, _ = send(inbox, "shili-01", leaf, b"late")
    assert not inbox.has_ready()
    assert inbox.take(**ROOM) == []
    facts, _ = send(inbox, "shili-01", "facts")
    assert inbox.take(**ROOM) == [facts]
    clock.now += 5.0
    assert inbox.take(**ROOM) == [late]


def test_a_flood_of_births_leaves_room_for_facts(inbox: FairInbox) -> None:
    for number in range(20):
        send(inbox, f"shili-{number}", "birth")
    send(inbox, "shili-99", "facts")
    leaves = [message.leaf for message in inbox.take(max_messages=10, max_bytes=2**20)]
    assert leaves == ["birth"] * 5 + ["facts"]


def test_pictures_wait_for_no_room_of_facts(inbox: FairInbox) -> None:
    for number in range(2 * MAX_BLOBS):
        send(inbox, f"shili-{number}", "blob", b"x" * 10_000)
    send(inbox, "shili-99", "facts")
    taken = inbox.take(**ROOM)
    assert taken[0].leaf == "facts"
    assert len(taken) == 1 + BLOBS_AT_ONCE
    assert sum(inbox.let_go().values()) == MAX_BLOBS


def test_qos_0_has_a_bound_in_bytes(inbox: FairInbox) -> None:
    sent = [send(inbox, f"shili-{n}", "vitals", b"x" * 2**20, unsure=True) for n in range(60)]
    kept = [message for message, gone in sent if gone is None]
    assert len(kept) * 2**20 <= MAX_UNSURE_BYTES + 2**20
    assert inbox.take(max_messages=100, max_bytes=2**30) == kept
    assert send(inbox, "shili-1", "vitals", unsure=True)[1] is None


@pytest.mark.parametrize("leaf", ["vitals", "gone"])
def test_what_gave_way_to_a_newer_one_takes_no_room(inbox: FairInbox, leaf: str) -> None:
    for _ in range(MAX_UNSURE_BYTES // 2**20 + 2):
        send(inbox, "shili-01", leaf, b"x" * 2**20, unsure=True)
    assert send(inbox, "shili-02", "vitals", unsure=True)[1] is None


def test_a_dear_station_waits_until_its_debt_is_paid(inbox: FairInbox, clock: Clock) -> None:
    inbox.charge("shili-01", DEBT_S + 1.0)
    send(inbox, "shili-01", "facts")
    send(inbox, "shili-02", "facts")
    assert senders(inbox.take(**ROOM)) == ["shili-02"]
    assert not inbox.has_ready()
    clock.now = 1.01 / PAID_A_SECOND
    assert inbox.has_ready()
    assert senders(inbox.take(**ROOM)) == ["shili-01"]


def test_all_who_owe_pay_no_faster_than_one(inbox: FairInbox, clock: Clock) -> None:
    names = [f"shili-{number}" for number in range(10)]
    for name in names:
        inbox.charge(name, DEBT_S + 0.2)
        send(inbox, name, "facts")
    clock.now = 1.01 / PAID_A_SECOND
    assert not inbox.has_ready()
    clock.now = 2.02 / PAID_A_SECOND
    assert sorted(senders(inbox.take(**ROOM))) == sorted(names)


def test_who_owes_little_is_done_first_and_the_others_go_on(inbox: FairInbox, clock: Clock) -> None:
    inbox.charge("shili-01", DEBT_S + 0.1)
    inbox.charge("shili-02", DEBT_S + 2.0)
    send(inbox, "shili-01", "facts")
    send(inbox, "shili-02", "facts")
    clock.now = 0.21 / PAID_A_SECOND
    assert senders(inbox.take(**ROOM)) == ["shili-01"]
    # Both paid 1.1 s, and the other 0.9 s more by itself.
    clock.now = (2 * 1.1 + 0.91) / PAID_A_SECOND
    assert senders(inbox.take(**ROOM)) == ["shili-02"]


def test_a_small_debt_makes_nobody_wait(inbox: FairInbox) -> None:
    inbox.charge("shili-01", DEBT_S / 2)
    send(inbox, "shili-01", "facts")
    assert senders(inbox.take(**ROOM)) == ["shili-01"]


def test_what_is_put_back_comes_first_and_a_few_at_once(inbox: FairInbox, clock: Clock) -> None:
    sent = [send(inbox, "shili-01", "facts", bytes([number]))[0] for number in range(6)]
    taken = inbox.take(**ROOM)
    later, _ = send(inbox, "shili-01", "facts", b"later")
    other, _ = send(inbox, "shili-02", "facts")
    inbox.put_back(taken, most=2)
    assert inbox.take(**ROOM) == [other, *sent[:2]]
    assert inbox.has_ready()
    assert inbox.take(**ROOM) == sent[2:4]
    clock.now = LESS_FOR_S
    assert inbox.take(**ROOM) == [*sent[4:], later]


def test_fewer_at_once_counts_over_all_that_a_station_sends(inbox: FairInbox) -> None:
    for leaf in ("facts", "compare", "facts"):
        send(inbox, "shili-01", leaf)
    inbox.put_back(inbox.take(**ROOM), most=1)
    assert [len(inbox.take(**ROOM)) for _ in range(4)] == [1, 1, 1, 0]
