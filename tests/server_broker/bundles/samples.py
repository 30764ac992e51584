"""Bundles of the fictional county, as tests publish them."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from protocol.bundle_contents import Notice, Notices
from protocol.china_time import milliseconds
from protocol.codec import encode
from protocol.packs import Level, Pack, Question
from server_broker.bundles.drafts import Draft, DraftItem
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import publish
from tests.cast import TOWNSHIP
from tests.server_broker.station_double import NOW

AUTHOR = "chen-shili"
END = NOW + timedelta(days=30)


def pack(version: int = 1, *, title: str = "示例学习包", picture: str | None = None, questions: int = 5) -> Pack:
    listed = [
        Question(
            id=f"q{number}", kind="single", stem="示例题", options=["甲", "乙"], answer=[0], explanation="示例",
            source="示例", picture=picture,
        )
        for number in range(questions)
    ]  # fmt: skip
    level = Level(id="l1", name="第一关", draw=5, questions=listed)
    return Pack(id="sample", version=version, title=title, sample=True, levels=[level])


def notice(line: str = "示例通知") -> bytes:
    return encode(Notices(notices=[Notice(id="n", line=line, not_after=milliseconds(END))]))


def draft(**values: Any) -> Draft:
    """A notice for 示例镇."""
    usual: dict[str, Any] = {
        "id": "notice-1",
        "kind": "notices",
        "title": "示例通知",
        "regions": [TOWNSHIP[:9]],
        "not_after": END,
        "content": notice(),
    }
    return Draft(**usual | values)


def item(path: Path, content: bytes = b"picture", **values: Any) -> DraftItem:
    """A file on the disk, as an item."""
    path.write_bytes(content)
    usual: dict[str, Any] = {
        "name": path.name,
        "sha256": hashlib.sha256(content).digest(),
        "size": len(content),
        "media_type": "image/jpeg",
        "source": path,
    }
    return DraftItem(**usual | values)


def published(folder: BundleFolder, **values: Any) -> Bundle:
    return publish(draft(**values), folder=folder, author=AUTHOR, at=NOW)[0]
