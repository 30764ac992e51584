"""The repository for stations installed by hand: what the operator may put in, what a client may ask for."""

import asyncio
import fcntl
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.http import StreamingHttpResponse
from django.test import Client

from server_broker.apt.repository import Offered, PackageRepository
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
    assert PackageRepository(made).offered() == []
    PackageRepository(made).add(make_deb(folder, "2"))
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
    repository = PackageRepository(home)
    other = folder / "other"
    other.mkdir()
    for deb, why in (
        (make_deb(other, "1.9"), "不比它新"),
        (make_deb(other, "2", size=2_000), "不比它新"),
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
    repository = PackageRepository(home)
    key = repository.file("cunhui.asc")
    assert key is not None
    before = key.read_bytes()
    repository.add(make_deb(folder / "other", "1", architecture="arm64"))
    assert sorted(repository.offered(), key=lambda one: one.version) == [Offered("1", "arm64"), Offered("2", "amd64")]
    assert key.read_bytes() == before


def test_what_stations_could_not_get_is_added_again(home: CountyHome, folder: Path) -> None:
    repository = PackageRepository(home)
    name = "pool/main/c/cunhui-station/cunhui-station_2_amd64.deb"
    (home.root / "apt" / "public" / name).unlink()  # as after a restored backup that lacks it
    repository.add(folder / "cunhui-station_2_amd64.deb")
    assert repository.file(name)


def test_a_county_without_its_key_says_so_and_offers_what_it_did(home: CountyHome, folder: Path) -> None:
    repository, keys = PackageRepository(home), home.trust / "apt-gnupg"
    later = make_deb(folder, "2.1")
    keys.rename(folder / "away")
    with pytest.raises(ServiceError, match="请从备份里找回"):
        repository.add(later)
    assert Offered("2", "amd64") in repository.offered()
    shutil.rmtree(keys)
    (folder / "away").rename(keys)
    assert repository.add(folder / "cunhui-station_2_amd64.deb") == Offered("2", "amd64")


def test_a_reprepro_that_was_killed_holds_nobody_up(home: CountyHome, folder: Path) -> None:
    repository, deb, lock = PackageRepository(home), folder / "cunhui-station_2_amd64.deb", home.root / "apt" / "lock"
    database = home.root / "apt" / "db"
    (database / "lockfile").touch()
    (database / "references.db").write_bytes(b"half")
    before = repository.offered()
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # it still works, though its caller was killed
        added = ThreadPoolExecutor().submit(repository.add, deb)
        with pytest.raises(TimeoutError):
            added.result(timeout=0.05)
        assert (database / "lockfile").exists()
    assert added.result() == Offered("2", "amd64")
    assert repository.offered() == before


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
    repository = PackageRepository(home)
    repository.hold()
    held = web.get("/apt/dists/trixie/InRelease")
    assert (held.status_code, held["Retry-After"]) == (503, "3600")
    assert web.get("/apt/cunhui.asc").status_code == 200
    repository.release()
    assert web.get("/apt/dists/trixie/InRelease").status_code == 200
