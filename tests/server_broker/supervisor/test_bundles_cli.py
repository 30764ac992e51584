"""`publish-bundle`: what a list says of itself is judged before a file is opened; a mistake is told in Chinese."""

import json
from argparse import Namespace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from protocol.kiosk_documents import MAX_PICTURE_BYTES
from server_broker.audit.models import AuditEntry
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import wanted
from server_broker.bundles.models import Bundle, WrittenDocuments
from server_broker.bundles.questions import pack_files_of
from server_broker.fleet.models import Station, StationStatus
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region
from server_broker.supervisor.bundles_cli import (
    MAX_LIST_BYTES,
    publish_document_file,
    publish_listed,
    publish_pack_file,
    publish_starter,
    withdraw_bundle,
)
from server_broker.trust import prepare
from tests.cast import SHILI, TOWNSHIP, YANGBAN
from tests.server_broker.bundles.document_files import GOOD, workbook
from tests.server_broker.bundles.samples import pack
from tests.server_broker.county import make_county
from tests.server_broker.picture_sender import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    (tmp_path / "bundles").mkdir()
    make_county()
    return CountyHome(tmp_path)


def listed(home: CountyHome, **changes: Any) -> Namespace:
    usual: dict[str, Any] = {
        "id": "guide",
        "kind": "library",
        "title": "示例资料",
        "regions": [TOWNSHIP],
        "until": str(timezone.localdate() + timedelta(days=9)),
        "items": [{"name": "a.jpg"}],
    }
    path = home.root / "list.json"
    path.write_text(json.dumps({**usual, **changes}), encoding="utf-8")
    (home.root / "a.jpg").write_bytes(b"picture")
    return Namespace(file=str(path))


def test_a_list_is_published_with_the_files_beside_it(home: CountyHome) -> None:
    assert publish_listed(home, listed(home), actor="cli:wu") == "示例资料 第 1 版"
    row = Bundle.objects.get()
    (item,) = row.items.all()
    assert (row.regions, item.name, item.media_type) == ([TOWNSHIP[:9]], "a.jpg", "image/jpeg")
    assert BundleFolder(home.bundles).path(bytes(item.sha256)).read_bytes() == b"picture"
    assert "没有变化" in publish_listed(home, listed(home), actor="cli:wu")
    assert "已撤回" in withdraw_bundle(Namespace(bundle="guide", reason="过时了"), actor="cli:wu")
    with pytest.raises(ServiceError, match="已经撤回"):
        withdraw_bundle(Namespace(bundle="guide", reason="过时了"), actor="cli:wu")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"items": [{"name": "a.jpg", "size": 4_000_000_000}]}, "4,000,000,000 字节"),
        ({"items": [{"name": "a.jpg", "size": -1}]}, "须是 1 至"),
        ({"items": [{"name": "a.jpg", "size": 8}]}, "写明 8 字节，实际 7 字节"),
        ({"items": [{"name": "a.jpg", "sha256": "00" * 32}]}, "校验值不符"),
        ({"items": [{"name": "../list.json"}]}, "不能用"),
        ({"items": [{"name": "/etc/passwd"}]}, "不能用"),
        ({"items": [{"name": "a.jpg"}, {"name": "a.jpg"}]}, "出现了两次"),
        ({"items": [{"name": f"{number}"} for number in range(5_001)]}, "5,001 个，最多 5,000 个"),
        ({"items": [{"name": "link"}]}, "不是普通文件"),
        ({"items": [{"name": "nothing.jpg"}]}, "不在清单旁边"),
        ({"items": [{"name": "bundles"}]}, "不是普通文件"),
        ({"until": "2020-01-01"}, "已经过去"),
        ({"until": "明天"}, "不是下发内容的清单"),
        ({"kind": "roster"}, "不是下发内容的清单"),
        ({"secret": 1}, "不是下发内容的清单"),
        ({"regions": ["示例镇"]}, "发给哪里"),
    ],
)
def test_a_bad_list_publishes_nothing(home: CountyHome, changes: dict[str, Any], words: str) -> None:
    (home.root / "link").symlink_to("/etc/passwd")
    with pytest.raises(ServiceError, match=words):
        publish_listed(home, listed(home, **changes), actor="cli:wu")
    assert not Bundle.objects.exists()


def test_a_list_of_a_million_files_is_refused_by_its_length(home: CountyHome) -> None:
    chosen = listed(home)
    with Path(chosen.file).open("ab") as file:
        file.truncate(MAX_LIST_BYTES + 1)
    with pytest.raises(ServiceError, match="太大"):
        publish_listed(home, chosen, actor="cli:wu")
    with pytest.raises(ServiceError, match="读不到"):
        publish_listed(home, Namespace(file=str(home.root / "nowhere")), actor="cli:wu")


def packed(home: CountyHome, *to: str, version: int = 1) -> Namespace:
    path = home.root / "pack.json"
    written = msgspec.to_builtins(pack(version))
    path.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    return Namespace(file=str(path), items="", until=None, to=list(to))


@pytest.fixture
def keyed(home: CountyHome) -> CountyHome:
    prepare(home)
    return home


def test_questions_for_one_township_come_to_no_other(keyed: CountyHome) -> None:
    StationStatus.objects.update(contract=0)
    inside, outside = (Station.objects.get(pk=pk) for pk in (SHILI, YANGBAN))
    publish_pack_file(keyed, packed(keyed, TOWNSHIP), actor="cli:wu")
    assert Bundle.objects.get().regions == [TOWNSHIP[:9]]
    now = timezone.now()
    assert [row.bundle for row in wanted(inside, now)] == [pack(1).id]
    assert wanted(outside, now) == []
    assert [ref.pack for ref in pack_files_of(inside, now=now)] == [pack(1).id], "contract 1.0"
    assert pack_files_of(outside, now=now) == []


def test_questions_that_were_for_all_are_for_one_township_from_a_new_version_on(keyed: CountyHome) -> None:
    publish_pack_file(keyed, packed(keyed), actor="cli:wu")
    assert Bundle.objects.get().regions == [""]
    with pytest.raises(ServiceError, match="已经发给了别的地方"):
        publish_pack_file(keyed, packed(keyed, TOWNSHIP), actor="cli:wu")
    publish_pack_file(keyed, packed(keyed, TOWNSHIP, version=2), actor="cli:wu")
    StationStatus.objects.update(contract=0)
    assert pack_files_of(Station.objects.get(pk=YANGBAN), now=timezone.now()) == []


def test_a_picture_of_a_question_is_scaled_until_a_kiosk_gets_it_in_one_line(keyed: CountyHome) -> None:
    chosen = packed(keyed)
    Path(chosen.file).write_text(json.dumps(msgspec.to_builtins(pack(1, picture="a.jpg"))), encoding="utf-8")
    beside = keyed.root / "a.jpg"
    beside.write_bytes(jpeg(1600, 1200))
    publish_pack_file(keyed, chosen, actor="cli:wu")
    [row] = Bundle.objects.get().items.all()
    assert (row.name, row.media_type) == ("a.jpg", "image/jpeg")
    assert row.size <= MAX_PICTURE_BYTES < beside.stat().st_size
    beside.write_bytes(b"no picture")
    with pytest.raises(ServiceError, match=r"没有发布：图片“a\.jpg”打不开"):
        publish_pack_file(keyed, chosen, actor="cli:wu")


@pytest.mark.parametrize("to", ["990199000000", "示例镇", ""])
def test_questions_for_an_unknown_place_are_refused(keyed: CountyHome, to: str) -> None:
    with pytest.raises(ServiceError, match="发给哪里没有写对"):
        publish_pack_file(keyed, packed(keyed, to), actor="cli:wu")
    assert not Bundle.objects.exists()


def test_a_place_whose_code_ends_with_nought_is_not_its_neighbour(home: CountyHome) -> None:
    Region.objects.create(code="990101001010", name="示例十村")
    publish_listed(home, listed(home, regions=["990101001010"]), actor="cli:wu")
    assert Bundle.objects.get().regions == ["990101001010"]


def test_documents_are_published_by_another_person_than_wrote_them(home: CountyHome) -> None:
    file = home.root / "a.xlsx"
    file.write_bytes(workbook(GOOD))
    until = timezone.localdate() + timedelta(days=9)

    def publish(**changed: str) -> str:
        asked = {"file": str(file), "id": "money", "kind": "disclosure", "to": TOWNSHIP, "written_by": "li"}
        return publish_document_file(home, Namespace(**(asked | changed), until=until), actor="cli:wu")

    with pytest.raises(ServiceError, match="写的人不能自己发布"):
        publish(written_by="Wu")
    assert not WrittenDocuments.objects.exists(), "nothing is left waiting"
    with pytest.raises(ServiceError, match="没有区划"):
        publish(to="112233")
    assert publish() == "示例村十一月收支 第 1 版"
    row = WrittenDocuments.objects.get()
    assert (row.written_by, row.published_by, row.bundle) == ("cli:li", "cli:wu", "money")
    assert AuditEntry.objects.get(action="documents.written").detail["unchecked"] is True
    assert "没有变化" in publish()


def test_a_county_begins_with_four_packs(keyed: CountyHome) -> None:
    wanted_here = Namespace(items="", to=[TOWNSHIP], until=None)
    assert len(publish_starter(keyed, wanted_here, actor="cli:wu").splitlines()) == 4
    assert len(publish_starter(keyed, wanted_here, actor="cli:wu").splitlines()) == 4, "once more changes nothing"
    rows = Bundle.objects.filter(kind="questions").order_by("bundle")
    assert [(row.bundle, row.version, row.regions) for row in rows] == [
        (name, 1, [TOWNSHIP[:9]])
        for name in ("starter-flood", "starter-fraud", "starter-medicine", "starter-villagers-law")
    ]
