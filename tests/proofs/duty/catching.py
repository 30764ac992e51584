"""Whether the proof finds the planted faults. Import it after `django.setup`."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec

from protocol.codec import encode
from tests.fakes.bundles import Held
from tests.proofs.duty.living import Lived, contents, live
from tests.proofs.duty.planted import IN_THE_COUNTY, PLANTED
from tests.proofs.duty.station import held


def not_caught(lived: Lived, folder: Path, *, seed: int, days: int, villages: int) -> list[str]:
    """Return the faults with which a smaller run finds nothing."""
    missed = []
    for name, plant in PLANTED.items():
        with plant():
            tried = computed_again(lived, villages) if name in IN_THE_COUNTY else lived
            run = folder / name.replace(" ", "-")
            run.mkdir()
            found = live(tried, run, seed=seed, days=days, villages=villages)
        if not found.differences + found.invented:
            missed.append(name)
    return missed


def computed_again(lived: Lived, villages: int) -> Lived:
    """Return the same with the turns of the second time as the county computes them now."""
    by_village = contents(lived.county, villages)
    again = {}
    for village in lived.county.villages[:villages]:
        whole = lived.second[village.station.pk]
        again[village.station.pk] = _with(whole, encode(by_village[village.region.identity]))
    return replace(lived, second=lived.second | again)


def _with(whole: Held, content: bytes) -> Held:
    payload = encode(msgspec.structs.replace(whole.bundle, content=content))
    return held(payload, sha256(payload).digest())
