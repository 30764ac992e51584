"""A shelf on the disk of a station that rests, filled by a trip to a county in memory."""

from pathlib import Path

from agent.shelf.disk import ShelfDisk
from agent.shelf.trip import Addressee, Allowance, Trip
from agent.storage.disk import Space
from protocol.signing import key_id
from tests.fakes.shelf_source import ShelfCounty

FIRST_VERSION = 1_000_000
"""No index of a bench's own county reaches it, so that the station keeps to this one."""
_PLENTY = Space(free_bytes=1 << 40, total_bytes=1 << 40)


def fill_shelf(folder: Path, county: ShelfCounty, *, station: str, version: int = FIRST_VERSION) -> None:
    """Bring all that a county announces on a shelf, and nothing else.

    Args:
        folder: The shelf's.
        version: That of the index; higher than of the one before.

    Raises:
        RuntimeError: Not all of it is in force.
    """
    public = county.key.public_key().public_bytes_raw()
    disk = ShelfDisk(folder, room=lambda: _PLENTY)
    disk.load()
    trip = Trip(
        disk,
        addressee=Addressee(station=station, region="", public_keys={key_id(public): public}),
        allowance=Allowance(mono_ms=lambda: 0),
        via="stick",
        changed=lambda: None,
        refused={},
    )
    trip.run(county, county.index(version=version), survey=False)
    if {one.id: one.version for one in disk.state.held} != {one.id: one.version for one in county.entries.values()}:
        raise RuntimeError(f"only {len(disk.state.held)} bundles came on the shelf: {trip.outcome}")
