"""Whoever dies between the line in the journal and the end of a session, the broker follows the journal after all."""

import datetime as dt
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from server_broker import broker
from server_broker.broker import ListKeeper
from server_broker.broker.mosquitto.access import lists_on_disk, write_lists
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.chores import LOOK_S
from server_broker.supervisor.doctor import PartFinding, examine
from server_broker.trust import keys
from server_broker.trust.journal import JournalEntry, journal_time
from tests.server_broker.broker_county import NOW, Board, BrokerCounty, broker_county

CLOSED_S = 5.0


@pytest.fixture
def county() -> Iterator[BrokerCounty]:
    with broker_county() as county:
        yield county


@pytest.fixture
def board(county: BrokerCounty) -> Board:
    board = county.board("village-01")
    broker.refresh(county.home, now=NOW)
    return board


@pytest.fixture
def keeper(county: BrokerCounty, board: Board) -> ListKeeper:
    keeper = ListKeeper(county.home)
    assert not keeper.look(now=NOW), "all is in step"
    return keeper


def die_after_the_line(county: BrokerCounty) -> None:
    county.revoked("village-01")


def die_after_half_the_lists(county: BrokerCounty) -> None:
    county.revoked("village-01")
    passwords = county.home.broker / "local.passwords"
    before = passwords.read_bytes()
    write_lists(county.home, county.journal.read(), lists_on_disk(county.home), now=NOW)
    passwords.write_bytes(before)


def die_before_the_signal(county: BrokerCounty) -> None:
    county.revoked("village-01")
    write_lists(county.home, county.journal.read(), lists_on_disk(county.home), now=NOW)


def die_before_the_takeover(county: BrokerCounty) -> None:
    county.revoked("village-01")
    assert broker.refresh(county.home, now=NOW)


@pytest.mark.parametrize(
    "die", [die_after_the_line, die_after_half_the_lists, die_before_the_signal, die_before_the_takeover]
)
def test_a_revocation_is_finished_for_whoever_died_at_it(
    county: BrokerCounty, board: Board, keeper: ListKeeper, die: Callable[[BrokerCounty], None]
) -> None:
    with county.session(board) as visitor:
        assert visitor.connect()
        die(county)
        assert not visitor.closed.is_set()
        keeper.look(now=NOW)
        assert visitor.closed.wait(CLOSED_S)
    assert not county.lets_in(board)
    assert "village-01" not in (county.home.broker / "stations.list").read_text()
    assert LOOK_S <= 1, "together with the look itself, well within five seconds"


def test_a_board_that_was_replaced_is_thrown_out_for_whoever_died_at_it(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    with county.session(board) as visitor:
        assert visitor.connect()
        new = county.board("village-01")
        assert keeper.look(now=NOW)
        assert visitor.closed.wait(CLOSED_S)
    assert not county.lets_in(board)
    assert county.lets_in(new)


def test_who_was_out_as_a_board_and_is_revoked_later_is_thrown_out_again(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    new = county.board("village-01")
    keeper.look(now=NOW)
    with county.session(new) as visitor:
        assert visitor.connect()
        die_before_the_takeover(county)
        keeper.look(now=NOW)
        assert visitor.closed.wait(CLOSED_S)


def test_others_notice_nothing(county: BrokerCounty, board: Board, keeper: ListKeeper) -> None:
    other = county.board("village-02")
    keeper.look(now=NOW)
    with county.session(other) as visitor:
        assert visitor.connect()
        die_after_the_line(county)
        keeper.look(now=NOW)
        assert not visitor.closed.is_set()
        assert visitor.publish("cunhui/1/0/village-02/facts") in (0x00, 0x10)


def test_a_board_that_took_another_s_place_long_ago_is_left_alone(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    new = county.board("village-01")
    for day in range(1, 102):
        at = journal_time(NOW + dt.timedelta(days=day))
        county.journal.append(JournalEntry(at=at, event="enrolled", station=f"filler-{day}", serial=f"{day:x}"))
    keeper.look(now=NOW)
    assert board.serial not in lists_on_disk(county.home).revoked_serials, "its certificate has surely ended"
    keeper.look(now=NOW)
    with county.session(new) as visitor:
        assert visitor.connect()
        county.board("village-02")
        keeper.look(now=NOW)
        assert not visitor.closed.is_set()
        assert visitor.publish("cunhui/1/0/village-01/facts") in (0x00, 0x10)


def test_a_look_where_nothing_changed_asks_the_broker_nothing(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    said = county.log.read_bytes().count(b"New connection")
    for _ in range(5):
        assert not keeper.look(now=NOW)
    assert county.log.read_bytes().count(b"New connection") == said


def test_a_broker_that_came_back_with_older_lists_is_given_the_new_ones(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    county.stop()
    die_after_half_the_lists(county)
    county.start()
    keeper.look(now=NOW)
    assert not county.lets_in(board)
    assert not keeper.problem


def test_a_broker_that_does_not_answer_is_waited_for_and_told_of(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    """It may be reading: to signal it again and again would keep it from ever answering."""
    die_before_the_signal(county)
    os.kill(county.pid, signal.SIGSTOP)
    try:
        keeper.look(now=NOW)
        assert "logs/mosquitto.log" in keeper.problem
        version = lists_on_disk(county.home).version
        keeper.look(now=NOW)
        assert lists_on_disk(county.home).version == version
    finally:
        os.kill(county.pid, signal.SIGCONT)
    keeper.look(now=NOW)
    assert not county.lets_in(board)
    assert not keeper.problem


def test_lists_that_cannot_be_written_are_told_of_and_the_session_ends_all_the_same(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    authority = county.home.trust / "ca.key"
    kept = authority.read_bytes()
    authority.unlink()
    keys._read.cache_clear()
    with county.session(board) as visitor:
        assert visitor.connect()
        die_after_the_line(county)
        with pytest.raises(ServiceError):
            keeper.look(now=NOW)
        assert visitor.closed.wait(CLOSED_S)
    assert "腾出磁盘空间" in keeper.problem
    authority.write_bytes(kept)
    assert keeper.look(now=NOW)
    assert not keeper.problem
    assert not county.lets_in(board)


def test_the_doctor_says_whether_the_broker_follows_the_journal(
    county: BrokerCounty, board: Board, keeper: ListKeeper
) -> None:
    def finding() -> PartFinding:
        [found] = [one for one in examine(county.home, now=NOW) if one.part == "消息服务"]
        return found

    assert finding().well
    die_after_the_line(county)
    assert (finding().well, "没有照站点名册办" in finding().state) == (False, True)
    die_before_the_signal(county)
    assert not finding().well
    keeper.look(now=NOW)
    assert finding().well
