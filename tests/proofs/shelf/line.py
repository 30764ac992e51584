"""Break the line at random bytes while real errands fetch what has changed, and open the shelf at each break."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent.shelf.disk import ShelfDisk
from agent.wiring.shelf_line import open_county
from protocol.twin import ShelfRef
from tests.agent.uplink.pki import Authority
from tests.fakes.shelf_source import ShelfCounty
from tests.fakes.shelf_web import ShelfWeb
from tests.proofs.shelf.power import KEY, PLENTY, STATION, Findings, in_force, judge_files, trip
from tests.proofs.shelf.proxy import Carried, CountingProxy

BYTES_BETWEEN_BREAKS = 230_000
"""On average: a village's line that breaks every few seconds."""
_MOST_TRIPS = 200


@dataclass
class LineFindings:
    """What the breaks came to."""

    breaks: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    whole: Carried = field(default_factory=Carried)
    """What the same files cost on a line that holds."""
    broken: Carried = field(default_factory=Carried)
    findings: Findings = field(default_factory=Findings)

    @property
    def twice_percent(self) -> float:
        """How much more answers came over the breaking line, in percent: bytes twice, and the heads of more answers."""
        return round((self.broken.content_down / self.whole.content_down - 1) * 100, 2)


def publish_round(county: ShelfCounty, version: int, chance: random.Random, *, large: int) -> None:
    """Publish new versions of some bundles: a large film, a pack of papers, and something small."""
    county.publish("film", version, items=[county.item("film.mp4", chance.randbytes(large))])
    papers = [county.item(f"{n}.jpg", chance.randbytes(chance.randrange(20_000, 200_000))) for n in range(8)]
    county.publish("papers", version, chance.randbytes(1_000_000), items=papers)
    county.publish("notice", version, chance.randbytes(900))


class Witness:
    """Opens the shelf at each break, as a start would, while the station goes on."""

    def __init__(self, folder: Path, county: ShelfCounty, found: LineFindings) -> None:
        self._folder = folder
        self._county = county
        self._found = found
        self._lock = threading.Lock()
        self.old: dict[str, tuple[int, bytes]] = {}
        self.new: dict[str, tuple[int, bytes]] = {}

    def look(self) -> None:
        """Judge what is there at this moment."""
        with self._lock:
            self._found.breaks += 1
            where = f"break {self._found.breaks}"
            while True:
                disk = ShelfDisk(self._folder, room=lambda: PLENTY)
                disk.load()
                seen = Findings()
                judge_files(disk, self._county, seen, where=where)
                # If the station has changed the state meanwhile, the files that were judged may be gone with right.
                if not disk.changed_elsewhere:
                    break
            found = in_force(disk.state)
            for name, is_there in found.items():
                if is_there not in (self.old.get(name), self.new.get(name)):
                    seen.note("invented", f"{where}: {name} {is_there[0]}")
            for name in self.old:
                if name not in found:
                    seen.note("unplayable", f"{where}: {name} is gone")
            if self.old:
                changed = found.get("film") == self.new.get("film")
                self._found.opened["new" if changed else "old"] += 1
            self._found.findings.add(seen)


def prove_line(folder: Path, *, breaks: int, seed: int, apart: int = BYTES_BETWEEN_BREAKS) -> LineFindings:
    """Change bundles over a breaking line until it has broken that often."""
    found = LineFindings()
    chance = random.Random(seed)
    county = ShelfCounty(KEY, STATION)
    authority = Authority(folder / "pki")
    web = ShelfWeb(county, authority.issue("web", host="127.0.0.1"))
    broken, whole = ShelfDisk(folder / "broken", room=lambda: PLENTY), ShelfDisk(folder / "whole", room=lambda: PLENTY)
    witness = Witness(folder / "broken", county, found)
    proxy, clean = CountingProxy(web.port, broken=witness.look), CountingProxy(web.port)
    proxy.next_break = lambda: _next(chance, proxy, apart) if found.breaks < breaks - 1 else None
    broken.load()
    whole.load()
    try:
        version = 0
        while found.breaks < breaks:
            version += 1
            publish_round(county, version, chance, large=apart * 20)
            ref = county.index()
            witness.new = {name: (one.version, one.sha256) for name, one in county.entries.items()}
            proxy.break_after = _next(chance, proxy, apart)
            for disk, line in ((broken, proxy), (whole, clean)):
                _follow(disk, lambda: trip_by_line(disk, authority, line, ref), witness.new, found.findings)  # noqa: B023
            proxy.break_after = None
            witness.old = in_force(broken.state)
    finally:
        proxy.close()
        clean.close()
        web.close()
    found.broken, found.whole = proxy.carried, clean.carried
    return found


def _next(chance: random.Random, proxy: CountingProxy, apart: int) -> int:
    proxy.hard = chance.random() < 0.7
    # Some breaks come in the next handshake already.
    return chance.randrange(1, 3_000) if chance.random() < 0.05 else chance.randrange(3_000, 2 * apart)


def trip_by_line(disk: ShelfDisk, authority: Authority, line: CountingProxy, ref: ShelfRef) -> str:
    """Make one trip over a line; return what ended it early."""
    url = f"https://127.0.0.1:{line.port}"
    with open_county(url, authority.ca_file, Path("/"), billed=lambda _: None) as source:
        return trip(disk, source, ref, survey=False)


def _follow(disk: ShelfDisk, make: Callable[[], str], wanted: dict[str, tuple[int, bytes]], findings: Findings) -> None:
    for _ in range(_MOST_TRIPS):
        make()
        if in_force(disk.state) == wanted:
            return
    findings.note("stuck", f"{in_force(disk.state)} instead of {wanted}")
