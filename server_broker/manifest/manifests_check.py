"""Check the daily manifests: their signatures and numbers, and that what they name is still what the county has."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection

from protocol.decisions import ManifestMade
from protocol.manifest import Leaf, ManifestRoot, root_over, unseal_root
from protocol.refusal import Refused
from server_broker.audit.models import AuditEntry
from server_broker.decisions.rows import table_of
from server_broker.manifest.daily import end_of, leaves_of
from server_broker.manifest.models import DailyManifest
from server_broker.manifest.problems import Problem
from server_broker.manifest.replay import Decided
from server_broker.manifest.tables import dated_models, table_digest


@dataclass(frozen=True, slots=True)
class ManifestRecord:
    """A manifest as it was made."""

    number: int
    signed: bytes
    leaves: list[Leaf]


def check_signed(manifests: Iterable[ManifestRecord], found: Decided) -> tuple[list[ManifestRoot], Problem | None]:
    """Check numbers, signatures and roots, and that each manifest and its fact in the county's stream name one another.

    Returns:
        The roots before the first problem, and that problem.
    """
    stated = [fact.what for _, _, fact in found.facts if isinstance(fact.what, ManifestMade)]
    roots: list[ManifestRoot] = []
    for manifest in manifests:
        number = len(roots) + 1
        if manifest.number != number:
            return roots, _bad(number, "没有了")
        root = _unsealed(manifest.signed, found.keys)
        if root is None:
            return roots, _bad(number, "签名不是县记录密钥签的，或内容被改过")
        if root.number != number or (root.leaves, root.root) != (len(manifest.leaves), root_over(manifest.leaves)):
            return roots, _bad(number, "各项合不成签过的总指纹")
        if number > len(stated) or (stated[number - 1].number, stated[number - 1].root) != (number, root.root):
            return roots, _bad(number, "记录链里记的不是这一号")
        roots.append(root)
    if len(stated) > len(roots):
        return roots, _bad(len(roots) + 1, "记录链里有，现在没有了")
    return roots, None


def _unsealed(signed: bytes, keys: Sequence[bytes]) -> ManifestRoot | None:
    for key in keys:
        try:
            return unseal_root(signed, key)
        except Refused:
            continue
    return None


def stored_manifests() -> Iterable[ManifestRecord]:
    """Yield the manifests that the database holds.

    Raises:
        msgspec.DecodeError: The leaves of one were damaged.
    """
    for manifest in DailyManifest.objects.order_by("number").iterator(chunk_size=50):
        yield ManifestRecord(manifest.number, bytes(manifest.signed), leaves_of(manifest))


def check_stored(found: Decided) -> tuple[int, Problem | None]:
    """Check every manifest against the database. Return how many are good before the first problem, and that one."""
    try:
        manifests = list(stored_manifests())
    except msgspec.DecodeError:
        return 0, _bad(0, "有一号的各项读不出来")
    roots, problem = check_signed(manifests, found)
    before: dt.datetime | None = None
    for number, (manifest, root) in enumerate(zip(manifests, roots, strict=False)):
        until = end_of(dt.date.fromisoformat(root.day))
        if earlier := _first_other(manifest.leaves, found, after=before, until=until):
            return number, _bad(manifest.number, f"{root.day} 的总账与现在的记录不符：{earlier}")
        before = until
    return len(roots), problem


def _first_other(leaves: Sequence[Leaf], found: Decided, *, after: dt.datetime | None, until: dt.datetime) -> str:
    """Return in Chinese the first leaf that the county's records no longer lead to; empty if all are as they were."""
    by_name = {table_of(model): model for model in dated_models()}
    heads = _heads_at([leaf for leaf in leaves if leaf.kind == "stream"])
    for leaf in leaves:
        match leaf.kind:
            case "county" if found.heads.get((leaf.epoch, leaf.count), b"") != leaf.digest:
                return f"县记录链前 {leaf.count} 条被改过"
            case "audit" if not _audit_has(leaf):
                return f"审计记录前 {leaf.count} 条被改过"
            case "table" if leaf.name in by_name:
                now = table_digest(by_name[leaf.name], after=after, until=until)
                if now.digest != leaf.digest:
                    return f"{by_name[leaf.name]._meta.verbose_name}（{leaf.name}）那一天的行被改过：{leaf.count} 行"
            case "stream" if heads.get((leaf.name, leaf.epoch)) != leaf.digest:
                return f"站点 {leaf.name} 的记录前 {leaf.count} 条被改过"
    return ""


def _audit_has(leaf: Leaf) -> bool:
    entry = AuditEntry.objects.filter(hash=leaf.digest).first()
    return entry is not None and AuditEntry.objects.filter(id__lte=entry.pk).count() == leaf.count


_HEADS = """
SELECT s.station_id, s.epoch, f.head
FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
JOIN fleet_stream s ON s.station_id = w.station AND s.epoch = w.epoch
JOIN ingest_fact f ON f.stream_id = s.id AND f.seq = w.seq
"""


def _heads_at(leaves: Sequence[Leaf]) -> dict[tuple[str, bytes], bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            _HEADS, [[leaf.name for leaf in leaves], [leaf.epoch for leaf in leaves], [leaf.count for leaf in leaves]]
        )
        return {(station, bytes(epoch)): bytes(head) for station, epoch, head in cursor.fetchall()}


def _bad(number: int, said: str) -> Problem:
    return Problem("manifest", str(number), said)
