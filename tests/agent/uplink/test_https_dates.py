"""HTTPS judges the dates of the county's certificate by trusted time, not by the machine's clock."""

import datetime
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.https import CountyFiles, post_json
from agent.ports import DeviceError, JudgeAt
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.web import Web

CONTENT = b"a pack"
ENDED = datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)


def at(year: int) -> int:
    return int(datetime.datetime(year, 6, 1, tzinfo=datetime.UTC).timestamp() * 1000)


@pytest.fixture
def over(authority: Authority) -> Iterator[Web]:
    """A county whose certificate expired years ago by this machine's clock."""
    web = Web(lambda *_: (200, {}, CONTENT), authority.issue("county", host="127.0.0.1", end=ENDED))
    yield web
    web.close()


def test_trusted_time_stands_over_the_machines(over: Web, authority: Authority) -> None:
    assert post_json(f"{over.url}/renew", authority.ca_file, b"{}", judge_at=at(2020)) == (200, CONTENT)


@pytest.mark.parametrize("judge_at", ["system", at(2019), at(2022)])
def test_a_certificate_that_is_over_opens_nothing(over: Web, authority: Authority, judge_at: JudgeAt) -> None:
    with pytest.raises(DeviceError, match="certificate"):
        post_json(f"{over.url}/renew", authority.ca_file, b"{}", judge_at=judge_at)
    assert not over.requests


def test_another_authority_opens_nothing_at_any_time(over: Web, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    with pytest.raises(DeviceError):
        post_json(f"{over.url}/renew", stranger.ca_file, b"{}", judge_at=at(2020))


def test_a_file_known_by_its_hash_comes_at_any_time(over: Web, authority: Authority, tmp_path: Path) -> None:
    into = tmp_path / "under-way"
    with CountyFiles(authority.ca_file) as files:
        files.fetch(f"{over.url}/packs/x", len(CONTENT), into=into, sha256=hashlib.sha256(CONTENT).digest())
    assert into.read_bytes() == CONTENT
