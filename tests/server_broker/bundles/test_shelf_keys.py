"""Who may fetch what: what is about people goes to the stations whose index names it, and to nobody else."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundles import open_bundle
from protocol.fetch import sign_fetch
from protocol.shelf_index import open_index
from protocol.signing import key_id, split_signed
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper, index_in_force
from server_broker.bundles.models import Bundle, FetchNonce
from server_broker.bundles.publishing import withdraw
from server_broker.bundles.rate import Rate
from server_broker.bundles.shelf_keys import Found, ShelfKeys, drop_old_nonces
from server_broker.fleet.models import Station
from tests.cast import YANSHI, YANSHI_VILLAGE
from tests.server_broker.bundles.samples import AUTHOR, item, notice, published
from tests.server_broker.console.routes import IN_FRONT
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
PUBLIC = {key_id(KEY.public_key().public_bytes_raw()): KEY.public_key().public_bytes_raw()}
WALL = round(NOW.timestamp() * 1000)


@pytest.fixture
def keys(folder: BundleFolder) -> ShelfKeys:
    return ShelfKeys(folder=folder, key=KEY, clock=lambda: NOW)


@pytest.fixture
def own(folder: BundleFolder, row: Station, tmp_path: Path) -> Bundle:
    """What is about the people of the station's village, with a picture."""
    made = published(
        folder, id="roster", kind="roster", regions=[row.village_id], access="station", items=[item(tmp_path / "a.jpg")]
    )
    IndexKeeper(folder=folder, sources=()).go_on(NOW)
    return made


def content(answer: Found | HTTPStatus, piece: int = 100) -> bytes:
    """Read what was found, a piece at a time, as it is sent."""
    assert isinstance(answer, Found)
    file = answer.open()
    whole = b"".join(iter(lambda: file.read(piece), b""))
    file.close()
    assert len(whole) == answer.size
    return whole


def path_of(row: Bundle) -> str:
    return f"/bundles/{bytes(row.sha256).hex()}"


def signed(
    double: StationDouble,
    path: str,
    *,
    wall: int = WALL,
    nonce: bytes | None = None,
    key: Ed25519PrivateKey | None = None,
) -> str:
    return sign_fetch(
        key or double.key, station=double.id, path=path, nonce=nonce or secrets.token_bytes(16), wall=wall
    )


def test_a_public_bundle_and_the_index_open_to_whoever_knows_the_hash(
    keys: ShelfKeys, folder: BundleFolder, row: Station
) -> None:
    bundle = published(folder)
    IndexKeeper(folder=folder, sources=()).go_on(NOW)
    payload, beside = split_signed(content(keys.look_up("bundles", bytes(bundle.sha256), ""), piece=7))
    assert open_bundle(payload, beside, sha256=bytes(bundle.sha256), public_keys=PUBLIC).title == "示例通知"
    ref = index_in_force(row.pk)
    assert ref is not None
    payload, beside = split_signed(content(keys.look_up("bundles", ref.sha256, "")))
    index = open_index(payload, beside, station=row.pk, sha256=ref.sha256, public_keys=PUBLIC)
    assert [entry.id for entry in index.bundles] == ["notice-1"]


def test_a_new_key_signs_the_same_bytes_under_the_same_name(folder: BundleFolder) -> None:
    bundle, new = published(folder), Ed25519PrivateKey.generate()
    payloads = [
        split_signed(
            content(ShelfKeys(folder=folder, key=key, clock=lambda: NOW).look_up("bundles", bytes(bundle.sha256), ""))
        )
        for key in (KEY, new)
    ]
    assert payloads[0][0] == payloads[1][0]
    assert payloads[0][1] != payloads[1][1]


def test_what_is_not_there_over_or_withdrawn_is_not_found(
    keys: ShelfKeys, folder: BundleFolder, tmp_path: Path
) -> None:
    picture = item(tmp_path / "a.jpg")
    bundle = published(folder, items=[picture])
    assert content(keys.look_up("items", picture.sha256, "")) == b"picture"
    assert keys.look_up("items", bytes(bundle.sha256), "") == HTTPStatus.NOT_FOUND, "a document is no item"
    assert keys.look_up("bundles", picture.sha256, "") == HTTPStatus.NOT_FOUND
    assert keys.look_up("bundles", bytes(32), "") == HTTPStatus.NOT_FOUND
    withdraw(bundle.bundle, reason="写错了", actor=AUTHOR, at=NOW)
    assert keys.look_up("bundles", bytes(bundle.sha256), "") == HTTPStatus.NOT_FOUND
    assert keys.look_up("items", picture.sha256, "") == HTTPStatus.NOT_FOUND
    again = published(folder, items=[picture], content=notice("改过的"))
    assert content(keys.look_up("items", picture.sha256, "")) == b"picture"
    Bundle.objects.filter(pk=again.pk).update(not_after=NOW)
    assert keys.look_up("bundles", bytes(again.sha256), "") == HTTPStatus.NOT_FOUND


def test_a_signed_request_opens_what_is_on_the_index_once(keys: ShelfKeys, own: Bundle, station: StationDouble) -> None:
    picture = f"/items/{bytes(own.items.get().sha256).hex()}"
    for kind, sha256, path in (
        ("bundles", bytes(own.sha256), path_of(own)),
        ("items", bytes(own.items.get().sha256), picture),
    ):
        assert keys.look_up(kind, sha256, "") == HTTPStatus.UNAUTHORIZED
        request = signed(station, path)
        assert content(keys.look_up(kind, sha256, request))
        assert keys.look_up(kind, sha256, request) == HTTPStatus.UNAUTHORIZED, "replayed"
    assert FetchNonce.objects.count() == 2


def neighbour() -> StationDouble:
    """A station of the next village, as good as ours."""
    other = StationDouble(id=YANSHI)
    Station.objects.create(
        id=YANSHI, name="演示站", village_id=YANSHI_VILLAGE, record_key=other.public, enrolled_at=NOW
    )
    return other


FORGED: dict[str, Callable[[StationDouble, str], str]] = {
    "nothing": lambda double, path: "",
    "another scheme": lambda double, path: signed(double, path).replace("Cunhui", "Basic"),
    "no base64": lambda double, path: "Cunhui ~~~~",
    "too long": lambda double, path: "Cunhui " + "A" * 100_000,
    "another key": lambda double, path: signed(double, path, key=Ed25519PrivateKey.generate()),
    "another path": lambda double, path: signed(double, "/items/" + "0" * 64),
    "yesterday's": lambda double, path: signed(double, path, wall=WALL - 86_400_000),
    "tomorrow's": lambda double, path: signed(double, path, wall=WALL + 86_400_000),
    "in the name of nobody": lambda double, path: signed(StationDouble(id="nobody-01", key=double.key), path),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_request_opens_nothing_and_leaves_nothing(
    how: str, keys: ShelfKeys, own: Bundle, station: StationDouble
) -> None:
    answer = keys.look_up("bundles", bytes(own.sha256), FORGED[how](station, path_of(own)))
    assert answer == HTTPStatus.UNAUTHORIZED
    assert not FetchNonce.objects.exists()


def test_another_station_s_signature_opens_nothing(keys: ShelfKeys, own: Bundle, station: StationDouble) -> None:
    from server_broker.regions.models import Region  # noqa: PLC0415

    Region.objects.create(code=YANSHI_VILLAGE, name="演示村")
    other = neighbour()
    assert keys.look_up("bundles", bytes(own.sha256), signed(other, path_of(own))) == HTTPStatus.UNAUTHORIZED
    stolen_name = StationDouble(id=station.id, key=other.key)
    assert keys.look_up("bundles", bytes(own.sha256), signed(stolen_name, path_of(own))) == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("place", IN_FRONT)
def test_each_place_of_the_table_is_closed_to_whom_it_is_not_for(
    place: str, keys: ShelfKeys, own: Bundle, station: StationDouble
) -> None:
    from server_broker.regions.models import Region  # noqa: PLC0415

    Region.objects.create(code=YANSHI_VILLAGE, name="演示村")
    kind = place.split("/")[1]
    sha256 = bytes(own.sha256 if kind == "bundles" else own.items.get().sha256)
    path = place.format(SHA256=sha256.hex())
    used = signed(station, path)
    assert isinstance(keys.look_up(kind, sha256, used), Found), "the station that it is for"
    tries = {
        "a stranger": "",
        "another station": signed(neighbour(), path),
        "a stranger in the station's name": signed(station, path, key=Ed25519PrivateKey.generate()),
        "a replay": used,
    }
    assert {who: keys.look_up(kind, sha256, said) for who, said in tries.items()} == dict.fromkeys(
        tries, HTTPStatus.UNAUTHORIZED
    )
    Station.objects.filter(pk=station.id).update(revoked_at=NOW)
    assert keys.look_up(kind, sha256, signed(station, path)) == HTTPStatus.UNAUTHORIZED, "revoked"


def test_a_revoked_station_and_one_that_is_not_enrolled_get_nothing(
    keys: ShelfKeys, own: Bundle, station: StationDouble
) -> None:
    for change in ({"revoked_at": NOW}, {"revoked_at": None, "enrolled_at": None}):
        Station.objects.update(**change)
        assert keys.look_up("bundles", bytes(own.sha256), signed(station, path_of(own))) == HTTPStatus.UNAUTHORIZED


def test_what_left_the_index_is_refused_after_one_more_version(
    keys: ShelfKeys, own: Bundle, station: StationDouble, folder: BundleFolder
) -> None:
    keeper = IndexKeeper(folder=folder, sources=())
    published(folder, id="roster", kind="roster", regions=["990101002"], access="station")
    keeper.go_on(NOW)
    assert isinstance(keys.look_up("bundles", bytes(own.sha256), signed(station, path_of(own))), Found), "on its way"
    published(folder, id="notice-2")
    keeper.go_on(NOW)
    assert keys.look_up("bundles", bytes(own.sha256), signed(station, path_of(own))) == HTTPStatus.UNAUTHORIZED


def test_a_station_that_asks_too_often_must_come_later_and_is_told_of(
    own: Bundle, station: StationDouble, folder: BundleFolder
) -> None:
    seconds = [0.0]
    rate = Rate(a_second=1, burst=2, monotonic_s=lambda: seconds[0])
    beyond: list[str] = []
    keys = ShelfKeys(folder=folder, key=KEY, clock=lambda: NOW, rate=rate, beyond=beyond.append)

    def ask() -> Found | HTTPStatus:
        return keys.look_up("bundles", bytes(own.sha256), signed(station, path_of(own)))

    assert [isinstance(ask(), Found) for _ in range(2)] == [True, True]
    assert ask() == HTTPStatus.SERVICE_UNAVAILABLE
    for _ in range(9):  # a stranger can't use up the station's turns
        keys.look_up("bundles", bytes(own.sha256), signed(station, path_of(own), key=KEY))
    seconds[0] = 1.0
    assert isinstance(ask(), Found)
    assert beyond == [station.id]


def test_a_nonce_is_remembered_as_long_as_its_request_would_be_taken(
    keys: ShelfKeys, own: Bundle, station: StationDouble
) -> None:
    keys.look_up("bundles", bytes(own.sha256), signed(station, path_of(own), wall=WALL + 599_000))
    assert drop_old_nonces(NOW + timedelta(seconds=1_199)) == 0
    assert drop_old_nonces(NOW + timedelta(hours=1)) == 1
