"""Make the shelf's state again from its files, when the file of the state is lost or decayed.

What is signed, whole and named by the newest index that is here comes into force again. What can't be proven is cleared
away and fetched again. The floors of bundles that are no longer here are lost with the file.
"""

import logging

from agent.shelf.disk import ShelfDisk, item_name
from agent.shelf.judging import held_as, open_entry
from agent.shelf.sealed import sealed_size, split_sealed
from agent.shelf.state import HeldBundle, HeldIndex, ShelfState
from agent.shelf.trip import Addressee
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.refusal import Refused
from protocol.shelf_index import MAX_INDEX_BYTES, IndexEntry, ShelfIndex, open_index

log = logging.getLogger(__name__)


def rebuild(disk: ShelfDisk, addressee: Addressee) -> bool:
    """Put in force what the files prove; return whether that is anything.

    Raises:
        StorageFull: Nothing is in force, and the files are as they were.
        StorageFailed: As before.
        OSError: The folder can't be read.
    """
    found = _newest_index(disk, addressee)
    if found is None:
        return False
    index, held_index = found
    state = ShelfState(index=held_index)
    for entry in index.bundles:
        bundle = _held(disk, entry, addressee)
        if bundle is not None:
            state = state.taking(bundle)
    disk.keep(state)
    log.warning("the shelf was made again from its files: %d of %d bundles", len(state.held), len(index.bundles))
    return True


def _newest_index(disk: ShelfDisk, addressee: Addressee) -> tuple[ShelfIndex, HeldIndex] | None:
    newest: tuple[ShelfIndex, HeldIndex] | None = None
    for name in disk.names():
        if not name.endswith(".signed"):
            continue
        sha256 = bytes.fromhex(name.removesuffix(".signed"))
        try:
            raw = disk.read_raw(name, limit=sealed_size(MAX_INDEX_BYTES), coming=False)
            payload, beside = split_sealed(raw, sha256=sha256)
            index = open_index(
                payload, beside, station=addressee.station, sha256=sha256, public_keys=addressee.public_keys
            )
        except (Refused, OSError):
            continue  # a bundle, or a file that decayed
        if newest is None or index.version > newest[0].version:
            newest = index, HeldIndex(version=index.version, sha256=sha256, size=len(payload))
    return newest


def _held(disk: ShelfDisk, entry: IndexEntry, addressee: Addressee) -> HeldBundle | None:
    try:
        payload, beside = disk.read_signed(entry.sha256, limit=MAX_BUNDLE_BYTES)
        bundle = open_entry(entry, payload, beside, public_keys=addressee.public_keys, region=addressee.region)
        held = held_as(bundle, entry, via="line")
    except (Refused, OSError):
        return None
    whole = all(disk.has(item_name(one.sha256), one.size) and disk.intact(one.sha256) for one in bundle.items)
    return held if whole else None
