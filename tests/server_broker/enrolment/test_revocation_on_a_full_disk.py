"""A full disk keeps nobody in: room is kept for a revocation, and without room the operator hears what is in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server_broker import broker
from server_broker.broker import ListKeeper
from server_broker.enrolment.revocation import revoke
from server_broker.trust.reserve import JOURNAL_RESERVE_BYTES, LISTS_RESERVE_BYTES, reserve_space, write_with_reserve
from tests.cast import SHILI
from tests.conftest import short_folder
from tests.integration.small_disk import SmallDisk
from tests.server_broker.broker_county import NOW, Board, BrokerCounty
from tests.server_broker.county import waiting_station

CLOSED_S = 5.0
MEGABYTES = 32


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with short_folder() as folder, SmallDisk(folder / "disk", megabytes=MEGABYTES) as disk:
        yield disk


@pytest.fixture
def county(disk: SmallDisk) -> Iterator[BrokerCounty]:
    county = BrokerCounty(disk.path)
    try:
        yield county
    finally:
        county.stop()


@pytest.fixture
def board(county: BrokerCounty, db: None) -> Board:
    waiting_station(enrolled_at=NOW)
    board = county.board(SHILI)
    broker.refresh(county.home, now=NOW)
    return board


def room_files(county: BrokerCounty) -> set[Path]:
    return {path.parent for path in county.home.root.glob("*/room-for-a-revocation")}


def test_a_revocation_bites_on_a_full_disk(county: BrokerCounty, board: Board, disk: SmallDisk) -> None:
    keeper = ListKeeper(county.home)
    keeper.look(now=NOW)
    assert room_files(county) == {county.home.trust, county.home.broker}
    with county.session(board) as visitor:
        assert visitor.connect()
        with disk.full():
            outcome = revoke(county.home, SHILI, actor="operator", reason="stolen", now=NOW)
            assert outcome.complete, outcome
            assert outcome.said() == "站点 shili-01 已吊销，已断开"
            assert visitor.closed.wait(CLOSED_S)
            assert not county.lets_in(board)
            keeper.look(now=NOW)
            assert county.home.broker not in room_files(county), "what others need on a full disk is theirs"
    keeper.look(now=NOW)
    assert room_files(county) == {county.home.trust, county.home.broker}


def test_without_room_for_the_lists_it_is_said_and_done_as_soon_as_there_is_some(
    county: BrokerCounty, board: Board, disk: SmallDisk
) -> None:
    keeper = ListKeeper(county.home)
    with county.session(board) as visitor:
        assert visitor.connect()
        with disk.full():
            outcome = revoke(county.home, SHILI, actor="operator", reason="stolen", now=NOW)
            assert visitor.closed.wait(CLOSED_S), "it has to come back first"
            assert (outcome.in_journal, outcome.lists_written, outcome.session_ended) == (True, False, True)
            assert not outcome.is_out
            assert "已断开" not in outcome.said()
            assert "站点还能连上" in outcome.said()
            assert county.lets_in(board), "that was the truth"
            with pytest.raises(OSError, match="space"):
                keeper.look(now=NOW)
            assert keeper.problem
    keeper.look(now=NOW)
    assert not keeper.problem
    assert not county.lets_in(board)


def test_without_room_for_the_line_nothing_is_claimed(county: BrokerCounty, board: Board, disk: SmallDisk) -> None:
    journal = county.journal.path
    with journal.open("ab") as file:  # what is left of its last page
        file.write(b" " * (-journal.stat().st_size % 4096 - 1) + b"\n")
    with disk.full():
        outcome = revoke(county.home, SHILI, actor="operator", reason="stolen", now=NOW)
    assert (outcome.in_journal, outcome.is_out, outcome.complete) == (False, False, False)
    assert SHILI not in county.journal.read().revoked
    assert "没有断开" in outcome.said()
    assert "已吊销" not in outcome.said()


def test_room_is_laid_once_and_given_up_once(disk: SmallDisk) -> None:
    assert reserve_space(disk.path, LISTS_RESERVE_BYTES)
    room = disk.path / "room-for-a-revocation"
    laid = room.stat().st_ino
    assert reserve_space(disk.path, LISTS_RESERVE_BYTES)
    assert room.stat().st_ino == laid
    assert room.stat().st_blocks * 512 >= LISTS_RESERVE_BYTES
    new = disk.path / "new"
    with disk.full():
        assert (
            write_with_reserve(disk.path, lambda: new.write_bytes(bytes(JOURNAL_RESERVE_BYTES)))
            == JOURNAL_RESERVE_BYTES
        )
        assert not room.exists()
        disk.fill()
        with pytest.raises(OSError, match="space"):
            write_with_reserve(disk.path, lambda: new.write_bytes(bytes(2 * JOURNAL_RESERVE_BYTES)))


def test_a_disk_that_is_nearly_full_is_left_alone(disk: SmallDisk) -> None:
    (disk.path / "others").write_bytes(bytes((MEGABYTES << 20) - LISTS_RESERVE_BYTES))
    assert not reserve_space(disk.path, LISTS_RESERVE_BYTES)
    assert not (disk.path / "room-for-a-revocation").exists()


def test_a_disk_that_takes_no_new_file_has_no_room(disk: SmallDisk) -> None:
    for refusing in (disk.without_inodes, disk.read_only):
        with refusing():
            assert not reserve_space(disk.path, LISTS_RESERVE_BYTES)
        assert not (disk.path / "room-for-a-revocation").exists()
    assert reserve_space(disk.path, LISTS_RESERVE_BYTES)


def test_who_is_out_is_thrown_out_though_no_room_can_be_kept(county: BrokerCounty, board: Board) -> None:
    keeper = ListKeeper(county.home)
    for folder in (county.home.trust, county.home.broker):
        (folder / "room-for-a-revocation").mkdir()
    with county.session(board) as visitor:
        assert visitor.connect()
        county.revoked(SHILI)
        with pytest.raises(IsADirectoryError):
            keeper.look(now=NOW)
        assert visitor.closed.wait(CLOSED_S)
    assert not county.lets_in(board)
    assert not keeper.problem
