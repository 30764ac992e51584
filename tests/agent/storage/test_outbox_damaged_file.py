"""A write-ahead log read without SQLite: which of its frames are of the present run, and which page is the newest."""

from pathlib import Path

import pytest

from agent.storage.outbox.damaged_file import DamagedFile
from agent.storage.outbox.disk import RealDisk, wal_of
from agent.storage.store import PAGE_BYTES

PRESENT, EARLIER = bytes(range(1, 9)), bytes(range(101, 109))


def page(letter: str) -> bytes:
    return letter.encode() * PAGE_BYTES


def frame(number: int, letter: str, salts: bytes = PRESENT) -> bytes:
    return number.to_bytes(4) + bytes(4) + salts + bytes(8) + page(letter)


def damaged(folder: Path, *frames: bytes, salts: bytes = PRESENT, rest: bytes = b"") -> DamagedFile:
    """Return a database of pages 1 and 2 whose log holds some frames."""
    path = folder / "outbox.db"
    path.write_bytes(page("1") + page("2"))
    wal_of(path).write_bytes(bytes(16) + salts + bytes(8) + b"".join(frames) + rest)
    return DamagedFile(RealDisk(), path)


def test_the_newest_image_of_a_page_is_the_last_of_the_present_run(tmp_path: Path) -> None:
    leftover = frame(2, "z", EARLIER)
    found = damaged(tmp_path, frame(2, "a"), frame(3, "b"), frame(2, "c"), leftover, rest=b"half a frame")
    assert [found.page(number) for number in (1, 2, 3, 4)] == [page("1"), page("c"), page("b"), None]
    images = [(2, page("c")), (3, page("b")), (2, page("a")), (1, page("1")), (2, page("2")), (2, page("z"))]
    assert list(found.images()) == images
    found.close()


@pytest.mark.parametrize("byte", range(8))
def test_one_wrong_bit_in_its_salts_does_not_hide_a_frame(tmp_path: Path, byte: int) -> None:
    wrong = bytes(value ^ (1 << byte if place == byte else 0) for place, value in enumerate(PRESENT))
    found = damaged(tmp_path, frame(2, "a"), frame(2, "b", wrong), frame(1, "z", EARLIER))
    assert (found.page(1), found.page(2)) == (page("1"), page("b"))
    found.close()


@pytest.mark.parametrize("garbled", ["header", "first frame"])
def test_garbled_salts_in_one_place_do_not_make_the_log_another_run_s(tmp_path: Path, garbled: str) -> None:
    first = frame(1, "a", b"garbled!") if garbled == "first frame" else frame(1, "a")
    salts = b"garbled!" if garbled == "header" else PRESENT
    found = damaged(tmp_path, first, frame(2, "b"), frame(2, "z", EARLIER), salts=salts)
    assert found.page(2) == page("b")
    found.close()


def test_without_files_there_is_no_page(tmp_path: Path) -> None:
    found = DamagedFile(RealDisk(), tmp_path / "outbox.db")
    assert (found.page(1), list(found.images())) == (None, [])
    found.close()
