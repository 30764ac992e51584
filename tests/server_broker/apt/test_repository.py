"""The repository for stations installed by hand: what the operator may put in, what a client may ask for."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.http import StreamingHttpResponse
from django.test import Client

from server_broker.apt.repository import Offered, Repository
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from tests.conftest import short_folder
from tests.firmware_scripts.ota.hand_station import make_deb

DEB = "/apt/pool/main/c/cunhui-station/cunhui-station_2_amd64.deb"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a path short enough for the socket of gpg's agent."""
    with short_folder() as made:
        yield made


@pytest.fixture(scope="module")
def home(folder: Path) -> CountyHome:
    """A county that offers version 2."""
    made = CountyHome(folder / "county")
    made.trust.mkdir(parents=True)
    assert Repository(made).offered() == []
    Repository(made).add(make_deb(folder, "2"))
    return made


@pytest.fixture
def web(home: CountyHome, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(settings, "HOME", home)
    return Client()


def body(response: object) -> bytes:
    assert isinstance(response, StreamingHttpResponse)

    async def whole() -> bytes:
        return b"".join([piece async for piece in response])

    return asyncio.run(whole())


def test_an_earlier_version_and_other_packages_are_refused(home: CountyHome, folder: Path) -> None:
    repository = Repository(home)
    other = folder / "other"
    other.mkdir()
    for deb, why in (
        (make_deb(other, "1.9"), "不比它新"),
        (make_deb(other, "2"), "不比它新"),
        (make_deb(other, "3", package="cunhui-county"), "这里只放 cunhui-station"),
        (make_deb(other, "4", architecture="armhf"), "站点只有 amd64、arm64"),
        (make_deb(other, "1:5"), "不能有冒号"),
        (other / "none.deb", "读不到"),
        (other, "不是 Debian 安装包"),
    ):
        with pytest.raises(ServiceError, match=why):
            repository.add(deb)
    assert repository.offered() == [Offered("2", "amd64")]


def test_each_architecture_has_a_version_of_its_own_and_one_key_signs(home: CountyHome, folder: Path) -> None:
    repository = Repository(home)
    key = repository.file("cunhui.asc")
    assert key is not None
    before = key.read_bytes()
    repository.add(make_deb(folder / "other", "1", architecture="arm64"))
    assert sorted(repository.offered(), key=lambda one: one.version) == [Offered("1", "arm64"), Offered("2", "amd64")]
    assert key.read_bytes() == before


def test_a_part_is_had_and_what_has_not_changed_is_not_sent_again(web: Client) -> None:
    whole = web.get(DEB)
    content = body(whole)
    assert int(whole["Content-Length"]) == len(content)
    part = web.get(DEB, headers={"Range": "bytes=10-19", "If-Range": whole["ETag"]})
    assert (part.status_code, body(part)) == (206, content[10:20])
    assert web.get(DEB, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert body(web.get(DEB, headers={"Range": "bytes=10-19", "If-Range": '"other"'})) == content
    assert web.get(DEB, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    assert web.post(DEB).status_code == 405


@pytest.mark.parametrize(
    "name",
    [
        "",
        "conf/distributions",
        "../trust/ca.key",
        "pool/../../conf/distributions",
        "dists/trixie/../../../conf/distributions",
        "pool/main/c/cunhui-station/cunhui-station_9_amd64.deb",
        "dists/trixie",
        "db/packages.db",
        "pool/main/c/cunhui-station/%2e%2e/x.deb",
        "dists/trixie/InRelease%00",
    ],
)
def test_nothing_else_is_had(web: Client, name: str) -> None:
    assert web.get(f"/apt/{name}").status_code in (400, 404)


def test_on_hold_only_the_key_is_had(web: Client, home: CountyHome) -> None:
    repository = Repository(home)
    repository.hold()
    held = web.get("/apt/dists/trixie/InRelease")
    assert (held.status_code, held["Retry-After"]) == (503, "3600")
    assert web.get("/apt/cunhui.asc").status_code == 200
    repository.release()
    assert web.get("/apt/dists/trixie/InRelease").status_code == 200
