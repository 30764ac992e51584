"""Compare what is published for stations with what was decided about it.

What the county computes by itself (`server_broker.bundles.drafts.COMPUTED`) has no decision, and so is not covered.
Neither is what was published or withdrawn before the county's stream began, nor what the program made of an earlier
release's packs. Of a row these columns are not covered, because neither the decision nor the document has them: its one
station, who may fetch it, and whether it waits for the night.
"""

import hashlib
from dataclasses import dataclass, field

from django.conf import settings

from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.china_time import milliseconds
from protocol.codec import decode
from protocol.decisions import BundlePublished, BundleWithdrawn
from protocol.refusal import Refused
from server_broker.bundles.drafts import COMPUTED
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.manifest.problems import Problem
from server_broker.manifest.replay import Decided

_PACK = "pack"
"""How earlier decisions name a pack. They state the hash of the pack file, and the pack's bundle has another one."""


@dataclass(slots=True)
class _Said:
    """What the stream says."""

    began: int
    """When it began, in milliseconds."""
    published: dict[tuple[str, int], BundlePublished] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    """Of each bundle the highest version that was withdrawn. All earlier ones were withdrawn with it."""


def check_published(found: Decided) -> tuple[int, int, list[Problem]]:
    """Return how many published rows there are, how many computed rows are not covered, and every row that differs."""
    said, problems = _said(found), list[Problem]()
    missing = {key for key, fact in said.published.items() if fact.form != _PACK}
    folder, count, computed = BundleFolder(settings.HOME.bundles), 0, 0
    for row in Bundle.objects.order_by("pk").iterator(chunk_size=500):
        key = (row.bundle, row.version)
        missing.discard(key)
        if not row.author and row.kind in COMPUTED and key not in said.published:
            computed += 1
            continue
        count += 1
        if wrong := _against_decisions(row, said) or _against_document(row, folder):
            problems.append(_bad(*key, wrong))
    problems += [_bad(*key, "决定发布过，库里没有了") for key in sorted(missing)]
    return count, computed, problems


def _said(found: Decided) -> _Said:
    said = _Said(began=min((fact.at for _, _, fact in found.facts), default=0))
    for _, _, fact in found.facts:
        what = fact.what
        if isinstance(what, BundlePublished):
            said.published[what.id, what.version] = what
        elif isinstance(what, BundleWithdrawn):
            said.withdrawn[what.id] = max(what.version, said.withdrawn.get(what.id, 0))
    return said


def _against_decisions(row: Bundle, said: _Said) -> str:
    """Return what differs, in Chinese; empty: nothing does."""
    fact = said.published.get((row.bundle, row.version))
    # A pack of an earlier release got its bundle when the program was updated, which nobody decided.
    adopted = row.kind == "questions" and row.author == "service"
    if fact is None and not adopted and milliseconds(row.published_at) >= said.began:
        return "没有任何决定发布过它"
    if fact is not None and row.kind != ("questions" if fact.form == _PACK else fact.form):
        return "和发布时不符：种类"
    if fact is not None and fact.form != _PACK and fact.sha256 != bytes(row.sha256):
        return "和发布时不符：内容"
    if row.version <= said.withdrawn.get(row.bundle, 0):
        return "" if row.withdrawn_at is not None else "决定撤回过，库里却没有撤回"
    if row.withdrawn_at is None:
        return ""
    # The database's word for when counts only where the stream does not say that it was published since.
    is_older = (fact is None or fact.form == _PACK) and milliseconds(row.withdrawn_at) < said.began
    return "" if is_older else "库里撤回了，却没有撤回的决定"


def _against_document(row: Bundle, folder: BundleFolder) -> str:
    """Compare a row with its document, of which the decision has the hash. A restored county may lack its file."""
    sha256 = bytes(row.sha256)
    if not folder.has(sha256):
        return ""
    payload = folder.path(sha256).read_bytes()
    if hashlib.sha256(payload).digest() != sha256:
        return "文件被改过"
    try:
        document = decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES)
    except Refused:
        return "文件读不出来"
    same = {
        "编号": (document.id, document.version) == (row.bundle, row.version),
        "种类": document.kind == row.kind,
        "标题": document.title == row.title,
        "范围": (document.audience.regions, document.audience.types) == (row.regions, row.types),
        "起止时间": (document.not_before, document.not_after)
        == (milliseconds(row.not_before), milliseconds(row.not_after)),
    }
    wrong = [name for name, is_same in same.items() if not is_same]
    return f"和发布的文件不符：{'、'.join(wrong)}" if wrong else ""


def _bad(bundle: str, version: int, said: str) -> Problem:
    return Problem("row", f"下发内容 {bundle} 版本 {version}（{Bundle._meta.db_table}）", said)
