"""Packs: published once for each version, handed out by their hash, resumable."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import RequestFactory
from django.urls import resolve

from protocol.packs import Level, Pack, Question, unseal_pack
from protocol.refusal import Refused
from protocol.signing import key_id
from server_broker.learning.models import LearningPack
from server_broker.learning.packs import PackRefused, publish_pack, reseal_packs
from server_broker.learning.views import pack_file
from server_broker.twin.desired import refresh
from tests.server_broker.station_double import StationDouble

pytestmark = pytest.mark.django_db

KEY = Ed25519PrivateKey.generate()


def pack(version: int = 1, *, title: str = "示例学习包", answer: int = 0) -> Pack:
    questions = [
        Question(
            id=f"q{number}", kind="single", stem="示例题", options=["甲", "乙"], answer=[answer], explanation="示例",
            source="示例",
        )
        for number in range(5)
    ]  # fmt: skip
    level = Level(id="l1", name="第一关", draw=5, questions=questions)
    return Pack(id="sample", version=version, title=title, sample=True, levels=[level])


def get(row: LearningPack, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    response = pack_file(RequestFactory().get("/packs/x", headers=headers), bytes(row.sha256).hex())
    return response.status_code, response.content, dict(response.headers)


def test_a_pack_is_signed_and_found_by_its_hash() -> None:
    row = publish_pack(pack(), key=KEY)
    status, file, headers = get(row)
    public = KEY.public_key().public_bytes_raw()
    assert (status, hashlib.sha256(file).digest(), headers["Accept-Ranges"]) == (200, bytes(row.sha256), "bytes")
    assert unseal_pack(file, {key_id(public): public}) == pack()


def test_the_same_pack_again_changes_nothing_and_another_content_is_refused() -> None:
    row = publish_pack(pack(), key=KEY)
    assert publish_pack(pack(), key=KEY) == row
    with pytest.raises(PackRefused):
        publish_pack(pack(title="改过的"), key=KEY)
    with pytest.raises(Refused):
        publish_pack(pack(2, answer=4), key=KEY)
    assert LearningPack.objects.count() == 1


def test_a_new_key_signs_what_the_old_one_had_signed() -> None:
    station, new = StationDouble().enrol(), Ed25519PrivateKey.generate()
    before = [publish_pack(pack(version), key=KEY) for version in (1, 2)][-1]
    first = refresh(station.pk)
    assert len(reseal_packs(key=new)) == 2
    public = new.public_key().public_bytes_raw()
    after = LearningPack.objects.get(version=2)
    assert unseal_pack(get(after)[1], {key_id(public): public}) == pack(2)
    assert bytes(after.sha256) != bytes(before.sha256)
    second = refresh(station.pk)
    assert first is not None
    assert second is not None
    assert second.version > first.version
    assert second.packs[0].sha256 == bytes(after.sha256)
    assert publish_pack(pack(2), key=new) == after
    assert reseal_packs(key=new) == []


def test_stations_are_told_of_the_newest_version() -> None:
    station = StationDouble().enrol()
    publish_pack(pack(1), key=KEY)
    newest = publish_pack(pack(2), key=KEY)
    desired = refresh(station.pk)
    assert desired is not None
    assert [(ref.version, ref.sha256, ref.size) for ref in desired.packs] == [
        (2, bytes(newest.sha256), len(newest.file))
    ]


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=0-999999", 206, 0, None),
        ("bytes=-999999", 206, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("items=0-1", 200, 0, None),
        ("bytes=x-y", 200, 0, None),
    ],
)
def test_ranges(wanted: str, status: int, start: int, end: int | None) -> None:
    row = publish_pack(pack(), key=KEY)
    file = bytes(row.file)
    assert get(row, Range=wanted)[:2] == (status, file[start:end])


@pytest.mark.parametrize("wanted", ["bytes=999999-", "bytes=5-2", "bytes=-0"])
def test_ranges_outside_are_refused(wanted: str) -> None:
    row = publish_pack(pack(), key=KEY)
    status, _, headers = get(row, Range=wanted)
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(row.file)}")


def test_a_changed_file_is_not_resumed() -> None:
    row = publish_pack(pack(), key=KEY)
    assert get(row, **{"Range": "bytes=5-", "If-Range": '"other"'})[0] == 200


def test_addresses_are_hashes() -> None:
    assert resolve("/packs/" + "a" * 64, urlconf="server_broker.learning.urls").func is pack_file
