"""Packs over HTTPS: a download resumes where the line broke, and only the file that was asked for is accepted."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.https import CountyFiles, WrongContent
from agent.ports import DeviceError
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.web import Web

CONTENT = os.urandom(200_000)
NAME = hashlib.sha256(CONTENT).digest()


class Shelf:
    """Serves CONTENT, with ranges unless told not to."""

    ranges = True
    status = 0

    def __call__(self, _path: str, _body: bytes, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        if self.status:
            return self.status, {}, b""
        if wanted is None or not self.ranges:
            return 200, {}, CONTENT
        start = int(wanted.removeprefix("bytes=").split("-")[0])
        return 206, {"Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"}, CONTENT[start:]


def fetch(web: Web, authority: Authority, into: Path, *, sha256: bytes = NAME, size: int = len(CONTENT)) -> bytes:
    with CountyFiles(authority.ca_file) as files:
        files.fetch(f"{web.url}/packs/x", size, into=into, sha256=sha256)
    return into.read_bytes()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "under-way"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def web(shelf: Shelf, authority: Authority) -> Iterator[Web]:
    web = Web(shelf, authority.issue("web", host="127.0.0.1"))
    yield web
    web.close()


def test_a_file_comes_whole(web: Web, authority: Authority, into: Path) -> None:
    assert fetch(web, authority, into) == CONTENT
    assert len(web.requests) == 1


def test_a_broken_download_goes_on_where_it_stopped(web: Web, authority: Authority, into: Path) -> None:
    web.cut_after = [50_000, 70_000]
    assert fetch(web, authority, into) == CONTENT
    starts = [int((wanted or "bytes=0-").removeprefix("bytes=").split("-")[0]) for _, wanted in web.requests]
    assert len(starts) == 3
    assert 0 == starts[0] < starts[1] < starts[2]


def test_a_server_without_ranges_serves_too(web: Web, shelf: Shelf, authority: Authority, into: Path) -> None:
    shelf.ranges = False
    web.cut_after = [50_000]
    assert fetch(web, authority, into) == CONTENT


def test_a_server_that_always_breaks_off_is_given_up(web: Web, shelf: Shelf, authority: Authority, into: Path) -> None:
    shelf.ranges = False
    web.cut_after = [50_000, 40_000] * 50
    with pytest.raises(DeviceError):
        fetch(web, authority, into)
    assert len(web.requests) < 10


@pytest.mark.parametrize("status", [301, 404, 416, 500])
def test_another_status_is_no_file(web: Web, shelf: Shelf, authority: Authority, into: Path, status: int) -> None:
    shelf.status = status
    with pytest.raises(DeviceError, match=str(status)):
        fetch(web, authority, into)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 503])
def test_what_the_county_refuses_or_puts_off_is_not_asked_for_again_at_once(
    web: Web, shelf: Shelf, authority: Authority, into: Path, status: int
) -> None:
    shelf.status = status
    with pytest.raises(DeviceError, match=str(status)):
        fetch(web, authority, into)
    assert len(web.requests) == 1


def test_other_bytes_are_refused(web: Web, authority: Authority, into: Path) -> None:
    with pytest.raises(WrongContent):
        fetch(web, authority, into, sha256=bytes(32))


def test_no_more_is_read_than_was_asked_for(web: Web, authority: Authority, into: Path) -> None:
    with pytest.raises(WrongContent):
        fetch(web, authority, into, size=1_000)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "nonsense", ""])
def test_an_address_that_leads_nowhere(authority: Authority, into: Path, url: str) -> None:
    with pytest.raises(DeviceError), CountyFiles(authority.ca_file) as files:
        files.fetch(url, 10, into=into, sha256=NAME)


def test_what_an_earlier_call_left_is_gone_on_with(web: Web, shelf: Shelf, authority: Authority, into: Path) -> None:
    into.write_bytes(CONTENT[:150_000])
    assert fetch(web, authority, into) == CONTENT
    assert [wanted for _, wanted in web.requests] == ["bytes=150000-199999"]


@pytest.mark.parametrize("left", [b"x" * 150_000, b"x" * 300_000])
def test_what_is_not_its_beginning_is_thrown_away(web: Web, authority: Authority, into: Path, left: bytes) -> None:
    into.write_bytes(left)
    with pytest.raises(WrongContent):
        fetch(web, authority, into)
    assert fetch(web, authority, into) == CONTENT


def test_a_file_broken_off_for_good_keeps_its_beginning(web: Web, authority: Authority, into: Path) -> None:
    web.cut_after = [50_000, 0, 0, 0]
    with pytest.raises(DeviceError):
        fetch(web, authority, into)
    kept = into.read_bytes()
    assert kept
    assert CONTENT.startswith(kept)


def test_a_card_that_can_not_be_written_is_no_fault_of_the_line(web: Web, authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fetch(web, authority, tmp_path / "no" / "folder")
