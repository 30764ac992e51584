"""Check the daily manifests: their signatures and numbers, and that what they name is still what the county has."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from protocol.decisions import Erased, ManifestMade
from protocol.manifest import Leaf, ManifestRoot, root_over, unseal_root
from protocol.refusal import Refused
from server_broker.audit.models import AuditEntry
from server_broker.decisions.rows import table_of
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.tables import FACTS
from server_broker.manifest.daily import end_of, leaves_of
from server_broker.manifest.models import DailyManifest, DailyTable
from server_broker.manifest.problems import Problem
from server_broker.manifest.received import RECEIVED, Told, first_other_moment, note_told
from server_broker.manifest.replay import Decided
from server_broker.manifest.tables import CoveredDay, dated_models, decoded, first_difference


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
        Refused: The leaves of one were damaged.
    """
    for manifest in DailyManifest.objects.order_by("number").iterator(chunk_size=50):
        yield ManifestRecord(manifest.number, bytes(manifest.signed), leaves_of(manifest))


def check_stored(found: Decided) -> tuple[int, Problem | None]:
    """Check every manifest against the database. Return how many are good before the first problem, and that one."""
    try:
        manifests = list(stored_manifests())
    except Refused:
        return 0, _bad(0, "有一号的各项读不出来")
    roots, problem = check_signed(manifests, found)
    good = zip(manifests, roots, strict=False)
    others = [(m.number, said) for m, root in good if (said := _first_other(m.leaves, found))]
    others += _tables(manifests[: len(roots)], roots, found)
    if others:
        number, said = min(others)
        return number - 1, _bad(number, f"{roots[number - 1].day} 的总账与现在的记录不符：{said}")
    return len(roots), problem


def _first_other(leaves: Sequence[Leaf], found: Decided) -> str:
    """Return in Chinese the first head that the county's records no longer lead to; empty if all are as they were."""
    heads = _heads_at([leaf for leaf in leaves if leaf.kind == "stream"])
    for leaf in leaves:
        match leaf.kind:
            case "county" if leaf.count and found.heads.get((leaf.epoch, leaf.count), b"") != leaf.digest:
                return f"县记录链前 {leaf.count} 条被改过"
            case "audit" if not _audit_has(leaf):
                return f"审计记录前 {leaf.count} 条被改过"
            case "stream" if heads.get((leaf.name, leaf.epoch)) != leaf.digest:
                return f"站点 {leaf.name} 的记录前 {leaf.count} 条被改过"
    return ""


def _tables(
    manifests: Sequence[ManifestRecord], roots: Sequence[ManifestRoot], found: Decided
) -> Iterator[tuple[int, str]]:
    """Yield for each dated table the first manifest that it no longer fits, and why; and whatever was received else."""
    signed = {(m.number, leaf.name): leaf for m in manifests for leaf in m.leaves if leaf.kind == "table"}
    days: dict[str, list[CoveredDay]] = {}
    told = Told()
    ends = {root.number: end_of(dt.date.fromisoformat(root.day)) for root in roots}
    for row in DailyTable.objects.filter(manifest__in=ends).order_by("manifest"):
        said = decoded(row.table, row.columns, bytes(row.rows), bytes(row.ended))
        if signed.pop((row.manifest_id, row.table), None) != said.leaf():
            yield row.manifest_id, f"{row.table} 的明细被改过"
            return
        if row.table in RECEIVED:
            if moved := first_other_moment(said, told):
                yield row.manifest_id, moved
            note_told(told, said)
            continue
        days.setdefault(row.table, []).append(CoveredDay(row.manifest_id, ends[row.manifest_id], said))
    if signed:
        number, table = min(signed)
        yield number, f"{table} 的明细不见了"
        return
    erased: dict[str, set[str]] = {}
    for _, _, fact in found.facts:
        if isinstance(fact.what, Erased):
            erased.setdefault(fact.what.table, set()).update(fact.what.ids)
    for model in dated_models():
        table = table_of(model)
        other = first_difference(model, days.get(table, []), frozenset(erased.get(table, ())))
        if other is not None:
            yield other[0], f"{model._meta.verbose_name}（{table}）{other[1]}"


def _audit_has(leaf: Leaf) -> bool:
    entry = AuditEntry.objects.filter(hash=leaf.digest).first()
    return entry is not None and AuditEntry.objects.filter(id__lte=entry.pk).count() == leaf.count


_HEADS = f"""
SELECT s.station_id, s.epoch, f.head
FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
JOIN {STREAMS} s ON s.station_id = w.station AND s.epoch = w.epoch
JOIN {FACTS} f ON f.stream_id = s.id AND f.seq = w.seq
"""  # noqa: S608 - our own constants


def _heads_at(leaves: Sequence[Leaf]) -> dict[tuple[str, bytes], bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            _HEADS, [[leaf.name for leaf in leaves], [leaf.epoch for leaf in leaves], [leaf.count for leaf in leaves]]
        )
        return {(station, bytes(epoch)): bytes(head) for station, epoch, head in cursor.fetchall()}


def _bad(number: int, said: str) -> Problem:
    return Problem("manifest", str(number), said)
