"""Compare the county's manifests with those that one station kept: a county that shows another past is found out.

A county can sign its whole record anew with its own key. But it can't reach into a station and change the roots that
lie there. So what one station kept is enough to find a day that was rewritten, whatever station it is.
"""

from collections.abc import Sequence
from pathlib import Path

from protocol.codec import decode
from protocol.decisions import RecordKeyReplaced
from protocol.manifest import MAX_KEPT_HEADS_BYTES, KeptHead, KeptHeads, ManifestRoot, check_kept_head, unseal_root
from protocol.refusal import Refused
from protocol.system_errors import os_cause
from server_broker.manifest.problems import Problem
from server_broker.manifest.replay import Decided

FILE = "heads"


class HeadsUnreadable(Exception):
    """The folder has no readable file of kept heads. The message is Chinese."""


def read_kept(folder: Path) -> KeptHeads:
    """Read what a station kept, from a copy of its folder.

    Raises:
        HeadsUnreadable: There is no such file, or it is not one.
    """
    path = folder / FILE if folder.is_dir() else folder
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_KEPT_HEADS_BYTES + 1)
        return decode(raw, KeptHeads, limit=MAX_KEPT_HEADS_BYTES)
    except OSError as error:
        raise HeadsUnreadable(f"读不到 {path}：{os_cause(error)}") from error
    except Refused as error:
        raise HeadsUnreadable(f"{path} 不是站点留下的总账：{error.detail}") from error


def check_kept(kept: KeptHeads, roots: Sequence[ManifestRoot], found: Decided) -> Problem | None:
    """Compare what a station kept with the county's manifests, and return the first that differs.

    Args:
        roots: The county's own, in order and checked (`manifests_check`).
    """
    for head in kept.heads:
        try:
            root = check_kept_head(head, station=kept.station)
        except Refused:
            return Problem("kept", "?", "文件损坏：它自己的记录不在这一号里")
        if problem := _differs(head, root, roots, found):
            return problem
    return None


def _differs(head: KeptHead, root: ManifestRoot, roots: Sequence[ManifestRoot], found: Decided) -> Problem | None:
    key = next((key for key in found.keys if _signs(head, key)), None)
    if key is None:
        return _bad(root, "不是县记录链里任何一把记录密钥签的：记录链整个换过")
    if root.number > _witnessed(key, found):
        return _bad(root, "是后来被盗的记录密钥签的，被盗以后签的不作数")
    if root.number > len(roots):
        return _bad(root, "县里没有这一号")
    own = roots[root.number - 1]
    if own != root:
        return _bad(root, f"县里的是另一份：{root.day} 或以前的记录被改写过")
    return None


def _signs(head: KeptHead, key: bytes) -> bool:
    try:
        unseal_root(head.signed, key)
    except Refused:
        return False
    return True


def _witnessed(key: bytes, found: Decided) -> int:
    """Return the last manifest that a key's signature vouches for; without bound for a key that was not stolen."""
    for _, _, fact in found.facts:
        if isinstance(fact.what, RecordKeyReplaced) and fact.what.old == key and fact.what.stolen:
            return fact.what.witnessed
    return 2**53


def _bad(root: ManifestRoot, said: str) -> Problem:
    return Problem("kept", str(root.number), said)
