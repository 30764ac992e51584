"""Publishing: each version once, nothing overwritten, and every mistake told in Chinese."""

import hashlib
from collections.abc import Callable, Sequence
from copy import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundle_contents import read_content
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as Document
from protocol.codec import decode, encode
from protocol.decisions import BundlePublished, CountyFact
from protocol.packs import Pack, Question
from server_broker.audit.models import AuditEntry
from server_broker.bundles.drafts import Draft, DraftItem, NotPublished, check
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import NotWithdrawn, publish, withdraw
from server_broker.bundles.questions import adopt_packs, publish_questions
from server_broker.decisions.models import DecidedFact, DecidedRow
from server_broker.fleet.models import ShelfDue, Station, StationStatus
from server_broker.learning.models import LearningPack
from server_broker.learning.packs import publish_pack
from server_broker.twin.desired import refresh
from tests.server_broker.bundles.samples import AUTHOR, END, draft, item, notice, pack, published
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


def document(folder: BundleFolder, row: Bundle) -> Document:
    return decode(folder.path(bytes(row.sha256)).read_bytes(), Document, limit=MAX_BUNDLE_BYTES)


def test_a_bundle_is_on_the_disk_under_its_hash_with_its_items(folder: BundleFolder, tmp_path: Path) -> None:
    picture = item(tmp_path / "a.jpg")
    row = published(folder, kind="library", id="guide", items=[picture], content=b"")
    assert hashlib.sha256(folder.path(bytes(row.sha256)).read_bytes()).digest() == bytes(row.sha256)
    assert [(one.name, one.sha256) for one in document(folder, row).items] == [("a.jpg", picture.sha256)]
    assert folder.path(picture.sha256).read_bytes() == b"picture"
    entry = AuditEntry.objects.get(action="bundle.published")
    assert (entry.actor, entry.subject, entry.detail["version"]) == (AUTHOR, "guide", 1)


def test_a_new_version_leaves_the_old_one_and_a_picture_survives_it(folder: BundleFolder, tmp_path: Path) -> None:
    picture = item(tmp_path / "a.jpg")
    first = published(folder, items=[picture])
    again, new = publish(draft(items=[picture]), folder=folder, author=AUTHOR, at=NOW)
    assert (again, new) == (first, False)
    before = folder.path(bytes(first.sha256)).read_bytes()
    second = published(folder, items=[picture], content=notice("改过的"))
    assert (second.version, Bundle.objects.count()) == (2, 2)
    assert folder.path(bytes(first.sha256)).read_bytes() == before
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 4, "two documents, the picture, its source"


def test_a_version_is_published_once(folder: BundleFolder) -> None:
    publish(draft(), folder=folder, author=AUTHOR, at=NOW, version=3)
    for other in (3, 2):
        with pytest.raises(NotPublished, match=r"版本 3 已经发布过，内容不同|已有比 2 新的版本"):
            publish(draft(content=notice("别的")), folder=folder, author=AUTHOR, at=NOW, version=other)
    assert not publish(draft(), folder=folder, author=AUTHOR, at=NOW, version=3)[1]
    with pytest.raises(NotPublished, match="另一种内容"):
        published(folder, kind="library")
    assert [row.version for row in Bundle.objects.all()] == [3]


def listed(count: int, **values: Any) -> list[DraftItem]:
    usual: dict[str, Any] = {"sha256": bytes(32), "size": 1, "media_type": "image/jpeg", "source": Path("/nonexistent")}
    return [DraftItem(**{"name": f"{number}.jpg"} | usual | values) for number in range(count)]


BAD: dict[str, tuple[Callable[[], Draft], str]] = {
    "4 GB declared": (lambda: draft(items=listed(1, size=4 * 10**9)), "4,000,000,000 字节"),
    "1,000,000 items": (lambda: draft(items=listed(1) * 1_000_000), "1,000,000 个，最多 5,000 个"),
    "a path": (lambda: draft(items=listed(1, name="../../etc/passwd")), "不能用"),
    "a hidden path": (lambda: draft(items=listed(1, name="a\\..\\b")), "不能用"),
    "a name that turns text round": (lambda: draft(items=listed(1, name="a\u202egpj.exe")), "不能用"),
    "the same item twice": (lambda: draft(items=listed(1) * 2), "出现了两次"),
    "an empty item": (lambda: draft(items=listed(1, size=0)), "须是 1 至"),
    "too much together": (lambda: draft(items=listed(9, size=64 * 2**20)), "附件共"),
    "no type": (lambda: draft(items=listed(1, media_type="a picture")), "类型没有写对"),
    "too much text": (lambda: draft(content=bytes(2**21 + 1)), "正文有"),
    "an id that is a path": (lambda: draft(id="../a"), "编号"),
    "no title": (lambda: draft(title=" "), "标题"),
    "nowhere": (lambda: draft(regions=[]), "发给哪里"),
    "half a county": (lambda: draft(regions=["9901"]), "发给哪里"),
    "an end before its beginning": (lambda: draft(not_before=END), "结束时间"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_draft_is_refused_in_chinese_before_a_file_is_read(name: str) -> None:
    made, words = BAD[name]
    with pytest.raises(NotPublished, match=words):
        check(made())


def test_what_is_over_already_is_not_published(folder: BundleFolder) -> None:
    with pytest.raises(NotPublished, match="已经过去"):
        publish(draft(), folder=folder, author=AUTHOR, at=END)
    assert not Bundle.objects.exists()


def test_an_item_whose_hash_differs_publishes_nothing(folder: BundleFolder, tmp_path: Path) -> None:
    with pytest.raises(NotPublished, match="不符"):
        published(folder, items=[item(tmp_path / "a.jpg", sha256=bytes(32))])
    assert not Bundle.objects.exists()


def test_a_withdrawal_names_its_reason_and_stays_on_record(folder: BundleFolder) -> None:
    row = published(folder)
    withdraw(row.bundle, reason="写错了日期", actor=AUTHOR, at=NOW)
    row.refresh_from_db()
    assert (row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason) == (NOW, AUTHOR, "写错了日期")
    assert AuditEntry.objects.get(action="bundle.withdrawn").detail["reason"] == "写错了日期"
    with pytest.raises(NotWithdrawn, match="已经撤回"):
        withdraw(row.bundle, reason="再来一次", actor=AUTHOR, at=NOW)
    assert published(folder).version == 2, "the same content again is a new version"


def test_stations_of_the_old_and_the_new_places_are_marked(folder: BundleFolder, row: Station) -> None:
    published(folder, regions=["990101002"])
    assert not ShelfDue.objects.exists()
    published(folder)
    assert ShelfDue.objects.get().station == row
    ShelfDue.objects.all().delete()
    published(folder, regions=["990101002"])
    assert ShelfDue.objects.exists(), "it is no longer theirs"


def test_a_pack_becomes_a_bundle_and_a_pack_file_of_one_version(folder: BundleFolder) -> None:
    file = publish_questions(pack(4), key=KEY, folder=folder, author=AUTHOR, at=NOW)
    bundle = Bundle.objects.get(kind="questions")
    assert (bundle.bundle, bundle.version, file.version) == ("sample", 4, 4)
    assert read_content(document(folder, bundle)) == pack(4)
    publish_questions(pack(4), key=KEY, folder=folder, author=AUTHOR, at=NOW + timedelta(days=1))
    assert Bundle.objects.count() == 1
    facts = [decode(bytes(fact.body), CountyFact, limit=4_096).what for fact in DecidedFact.objects.all()]
    said = [what for what in facts if isinstance(what, BundlePublished)]
    assert [(one.form, one.sha256) for one in said] == [("questions", bytes(bundle.sha256))], "one decision"
    kept = DecidedRow.objects.filter(table="learning_learningpack").order_by("-pk").first()
    assert kept is not None
    assert kept.row == str(file.pk)


def test_a_pack_file_is_only_for_stations_of_the_first_contract(folder: BundleFolder, row: Station) -> None:
    publish_questions(pack(), key=KEY, folder=folder, author=AUTHOR, at=NOW)
    desired = refresh(row.pk, now=NOW)
    assert desired is not None
    assert desired.packs == []
    StationStatus.objects.update(contract=0)
    desired = refresh(row.pk, now=NOW)
    assert desired is not None
    assert [ref.pack for ref in desired.packs] == ["sample"]
    withdraw("sample", reason="有一题错了", actor=AUTHOR, at=NOW)
    desired = refresh(row.pk, now=NOW)
    assert desired is not None
    assert desired.packs == []


def test_pictures_of_questions_come_with_the_pack(folder: BundleFolder, tmp_path: Path) -> None:
    with pytest.raises(NotPublished, match=r"缺少题目用到的附件：a\.jpg"):
        publish_questions(pack(picture="a.jpg"), key=KEY, folder=folder, author=AUTHOR, at=NOW)
    assert not LearningPack.objects.exists()
    items = [item(tmp_path / "a.jpg", jpeg(64, 48))]
    with pytest.raises(NotPublished, match="没有题目用到"):
        publish_questions(pack(), key=KEY, folder=folder, author=AUTHOR, at=NOW, items=items)
    publish_questions(pack(picture="a.jpg"), key=KEY, folder=folder, author=AUTHOR, at=NOW, items=items)
    assert folder.has(items[0].sha256)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no picture", "图片“a.jpg”打不开"),
        (jpeg(64, 48)[:300], "图片“a.jpg”打不开"),
        (jpeg(800, 600), "大屏最多显示 30,000 字节"),
    ],
    ids=["none", "cut", "too large"],
)
def test_a_question_whose_picture_no_kiosk_shows_is_not_published(
    folder: BundleFolder, tmp_path: Path, content: bytes, said: str
) -> None:
    items = [item(tmp_path / "a.jpg", content)]
    with pytest.raises(NotPublished, match=said):
        publish_questions(pack(picture="a.jpg"), key=KEY, folder=folder, author=AUTHOR, at=NOW, items=items)
    assert not LearningPack.objects.exists()
    assert not Bundle.objects.exists()


def changed(made: Pack, *, questions: Sequence[Question] | None = None, twice: bool = False, draw: int = 5) -> Pack:
    level = msgspec.structs.replace(made.levels[0], questions=list(questions or made.levels[0].questions), draw=draw)
    return msgspec.structs.replace(made, levels=[level, level] if twice else [level])


QUESTIONS = pack().levels[0].questions
CONTRADICTIONS = {
    "a level twice": (changed(pack(), twice=True), "有两关的编号都是“l1”"),
    "a question twice": (changed(pack(), questions=[*QUESTIONS, QUESTIONS[0]]), "有两道题的编号都是“q0”"),
    "an answer beyond": (
        changed(pack(), questions=[msgspec.structs.replace(QUESTIONS[0], answer=[2]), *QUESTIONS[1:]]),
        "题目“q0”的答案和选项对不上",
    ),
    "more drawn than there are": (changed(pack(), draw=6), "第“l1”关每次要抽的题比关里的题还多"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_pack_that_contradicts_itself_is_refused_in_chinese(folder: BundleFolder, name: str) -> None:
    made, said = CONTRADICTIONS[name]
    with pytest.raises(NotPublished, match=said):
        publish_questions(made, key=KEY, folder=folder, author=AUTHOR, at=NOW)
    assert not LearningPack.objects.exists()
    assert not Bundle.objects.exists()


def test_packs_of_an_earlier_release_become_bundles_once(folder: BundleFolder) -> None:
    publish_pack(pack(1), key=KEY, at=NOW)
    publish_pack(pack(2), key=KEY, at=NOW)
    question = replace(pack().levels[0].questions[0], stem="例" * 60, explanation="示" * 120)
    levels = [
        replace(pack().levels[0], id=f"l{n}", questions=[replace(question, id=f"l{n}q{m}") for m in range(200)])
        for n in range(50)
    ]
    huge = replace(pack(), id="huge", levels=levels)
    assert len(encode(huge)) > 2 * 2**20
    publish_pack(huge, key=KEY, at=NOW)
    assert adopt_packs(folder=folder, at=NOW) == (1, ["huge"])
    assert adopt_packs(folder=folder, at=NOW) == (0, ["huge"])
    assert [(row.bundle, row.version) for row in Bundle.objects.all()] == [("sample", 2)]
