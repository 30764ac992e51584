"""What becomes of an entry of the index, and whether what was fetched is what the entry announced. Pure."""

from collections.abc import Mapping
from typing import Literal

from agent.shelf.gist import gist_of
from agent.shelf.state import HeldBundle, ShelfState, Via
from protocol.bundles import MAX_ITEM_BYTES, Bundle, open_bundle
from protocol.refusal import Refused
from protocol.shelf_index import IndexEntry
from protocol.twin import NotWhole

MAX_SHELF_ITEMS = 20_000
"""Files of all bundles together."""


def objection_to(entry: IndexEntry, state: ShelfState) -> NotWhole | Literal[""]:
    """Return the code of why this version may not come into force, or an empty string."""
    floor = state.floors.get(entry.id)
    if floor is None:
        return ""
    if entry.version < floor.version:
        return "older_version"
    # One version is one content. Otherwise nobody could say which one a person has seen.
    return "other_content" if entry.version == floor.version and entry.sha256 != floor.sha256 else ""


def open_entry(
    entry: IndexEntry, payload: bytes, beside: bytes, *, public_keys: Mapping[bytes, bytes], region: str
) -> Bundle:
    """Read a bundle that was fetched for ``entry``.

    Args:
        region: Code of the station's village; empty if it is not known, and then the index alone says for whom it is.

    Raises:
        Refused: As `protocol.bundles.open_bundle`; ``malformed`` if it is not what the entry says; ``wrong_audience``.
    """
    bundle = open_bundle(payload, beside, sha256=entry.sha256, public_keys=public_keys)
    if (bundle.id, bundle.kind, bundle.version) != (entry.id, entry.kind, entry.version):
        raise Refused("malformed", f"{entry.id} {entry.version} was announced, and this is {bundle.id}")
    if region and not bundle.audience.has_region(region):
        raise Refused("wrong_audience", f"{bundle.id} is not for this village")
    if sum(item.size for item in bundle.items) > MAX_ITEM_BYTES * 8:
        raise Refused("too_large", f"the files of {bundle.id} are too many bytes")
    return bundle


def held_as(bundle: Bundle, entry: IndexEntry, *, via: Via) -> HeldBundle:
    """Return the row of a bundle that is about to come into force.

    Raises:
        Refused: Its content is not what its kind says.
    """
    return HeldBundle(
        id=bundle.id,
        kind=bundle.kind,
        version=bundle.version,
        sha256=entry.sha256,
        size=entry.size,
        not_before=bundle.not_before,
        # The shorter of the two times, because either was promised to somebody.
        not_after=min(bundle.not_after, entry.not_after),
        via=via,
        items=len(bundle.items),
        gist=gist_of(bundle),
    )
