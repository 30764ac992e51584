"""Documents are published if their sums add up, with their pictures scaled for a kiosk."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from protocol.bundle_contents import read_content
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.documents import Block, Column, Document, Documents, Paragraph, Picture, Row, Table
from server_broker.audit.models import AuditEntry
from server_broker.bundles.documents import DocumentsDraft, publish_documents, scaled
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.media.decoding import FOR_KIOSK_BYTES
from tests.server_broker.bundles.samples import AUTHOR, END
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db


def document(*blocks: Block, **changed: Any) -> Document:
    usual: dict[str, Any] = {"id": "d1", "title": "示例收支", "kind": "finance", "source": "示例村", "sample": True}
    shown = list(blocks) or [Paragraph(text="示例")]
    return Document(**{**usual, "published": "2026-11-28", "blocks": shown, **changed})


def money(total: int) -> Table:
    columns = [Column(title="项目"), Column(title="金额", kind="yuan")]
    return Table(columns=columns, rows=[Row(cells=["甲", 100]), Row(cells=["乙", 50])], sums=[None, total])


def published(folder: BundleFolder, *documents: Document, pictures: dict[str, Path] | None = None) -> Bundle:
    draft = DocumentsDraft(
        id="money",
        kind="disclosure",
        documents=list(documents),
        regions=["990101"],
        not_after=END,
        pictures=scaled(pictures or {}),
    )
    return publish_documents(draft, folder=folder, author=AUTHOR, at=NOW)[0]


def test_documents_are_published_as_stations_read_them(folder: BundleFolder) -> None:
    row = published(folder, document(money(150)))
    assert (row.kind, row.title, row.author) == ("disclosure", "示例收支", AUTHOR)
    raw = folder.path(bytes(row.sha256)).read_bytes()
    content = read_content(decode(raw, BundleDocument, limit=MAX_BUNDLE_BYTES))
    assert content == Documents(documents=[document(money(150))])
    assert AuditEntry.objects.filter(action="bundle.published", subject="money").exists()


def test_a_sum_that_does_not_add_up_keeps_it_back(folder: BundleFolder) -> None:
    with pytest.raises(NotPublished, match=r"“示例收支”的“金额”写的是 1\.51 元，各项加起来是 1\.50 元"):
        published(folder, document(money(151)))
    assert not Bundle.objects.exists()


def test_what_is_no_sample_is_not_published_yet(folder: BundleFolder) -> None:
    with pytest.raises(NotPublished, match="示例"):
        published(folder, document(sample=False))


def picture(path: Path, size: tuple[int, int], form: str, *, noise: bool = False) -> Path:
    made = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, (20, 90, 60))
    made.save(path, form)
    return path


@pytest.mark.parametrize(("size", "form"), [((1600, 900), "PNG"), ((4000, 3000), "JPEG"), ((40, 30), "PNG")])
def test_a_picture_is_scaled_until_a_kiosk_gets_it_in_one_line(
    folder: BundleFolder, tmp_path: Path, size: tuple[int, int], form: str
) -> None:
    source = picture(tmp_path / "source", size, form, noise=form == "PNG")
    row = published(folder, document(Picture(item="a.png", words="示例图")), pictures={"a.png": source})
    item = row.items.get()
    assert item.size <= FOR_KIOSK_BYTES
    small = Image.open(io.BytesIO(folder.path(bytes(item.sha256)).read_bytes()))
    assert max(small.size) == min(320, max(size))
    assert small.width * size[1] == pytest.approx(small.height * size[0], rel=0.02)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(folder: BundleFolder, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(NotPublished, match=r"图片“a\.png”打不开"):
        published(folder, document(Picture(item="a.png", words="示例图")), pictures={"a.png": tmp_path / "a"})


def test_a_picture_of_200_million_pixels_is_refused_before_it_is_decoded(folder: BundleFolder, tmp_path: Path) -> None:
    source = tmp_path / "a"
    Image.new("1", (20_000, 10_000)).save(source, "PNG")
    with pytest.raises(NotPublished, match="像素太多"):
        published(folder, document(Picture(item="a.png", words="示例图")), pictures={"a.png": source})


def test_pictures_that_are_too_many_pixels_together_are_refused_before_one_is_decoded(tmp_path: Path) -> None:
    large, torn = tmp_path / "large", tmp_path / "torn"
    Image.new("1", (7_000, 7_000)).save(large, "PNG")
    torn.write_bytes(large.read_bytes()[:200])  # its size can be read, and nothing else
    with pytest.raises(NotPublished, match="图片一共 19,600 万像素，一次最多 15,000 万"):
        scaled({"a.png": torn, **dict.fromkeys(("b.png", "c.png", "d.png"), large)})
    with pytest.raises(NotPublished, match=r"图片“a\.png”打不开"):
        scaled({"a.png": torn, "b.png": large, "c.png": large})


def test_a_picture_that_is_not_there_is_named(folder: BundleFolder) -> None:
    with pytest.raises(NotPublished, match=r"缺少图片：a\.png"):
        published(folder, document(Picture(item="a.png", words="示例图")))
