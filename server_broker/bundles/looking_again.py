"""Look again at what is published, with the words and numbers of today. Nothing is withdrawn here: people decide that.

A secret word may be younger than a notice, and the number of an office may be one no longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.refusal import Refused
from server_broker.bundles.drafts import Draft, DraftItem
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.guarding import findings_in_draft
from server_broker.bundles.models import Bundle, BundleQuerySet
from server_broker.guard.county import county_for
from server_broker.guard.finding import County, Finding

MOST_LOOKED_AT = 300
"""Bundles, the newest first. What was found in one is remembered, because its files never change."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A published bundle that could not be published today. No findings: its file can't be read."""

    bundle: Bundle
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, and how many bundles were too many to be looked at."""

    hits: Sequence[Hit]
    left_out: int


def look_again(rows: BundleQuerySet, *, folder: BundleFolder, now: datetime) -> Looked:
    """Look at what people have published and stations show, of ``rows``."""
    lasting = rows.exclude(author="").newest().lasting(now).order_by("-published_at", "-pk")
    counties: dict[tuple[str, ...], County] = {}
    hits = []
    for row in lasting.prefetch_related("items")[:MOST_LOOKED_AT]:
        regions = tuple(row.regions)
        if regions not in counties:
            counties[regions] = county_for(regions)
        county = counties[regions]
        words = tuple(sorted((word, tuple(harmless)) for word, harmless in county.words.items()))
        items = tuple(
            (item.name, folder.path(bytes(item.sha256)), item.size, item.media_type) for item in row.items.all()
        )
        try:
            found = _found(folder.path(bytes(row.sha256)), items, county.allowed, words)
        except (OSError, Refused):
            hits.append(Hit(row, ()))
            continue
        if found:
            hits.append(Hit(row, found))
    return Looked(hits, max(0, lasting.count() - MOST_LOOKED_AT))


@lru_cache(maxsize=4 * MOST_LOOKED_AT)
def _found(
    path: Path,
    items: tuple[tuple[str, Path, int, str], ...],
    allowed: frozenset[str],
    words: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[Finding, ...]:
    bundle = decode(path.read_bytes(), BundleDocument, limit=MAX_BUNDLE_BYTES)
    draft = Draft(
        id=bundle.id,
        kind=bundle.kind,
        title=bundle.title,
        regions=bundle.audience.regions,
        not_after=datetime.fromtimestamp(bundle.not_after / 1000, UTC),
        content=bundle.content,
        items=[
            DraftItem(name=name, sha256=b"", size=size, media_type=media_type, source=source)
            for name, source, size, media_type in items
        ],
    )
    return tuple(findings_in_draft(draft, County(allowed=allowed, words=dict(words))))
