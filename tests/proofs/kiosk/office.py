"""Stations, two kiosks at each, and the hands at all of them; afterwards what is left is judged."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from tests.proofs.keys.judge import stored_facts
from tests.proofs.kiosk.hands import Found, KioskHands
from tests.proofs.kiosk.station import VisitedStation
from tests.proofs.kiosk.terminals import Kiosk

KIOSKS = 2
MOST_MB, MOST_GROWTH = 60.0, 1.10
LOOK_EVERY_S = 30.0
"""How often the memory of all kiosks is read."""


@dataclass
class AtTerminals(Found):
    """What came of the hands, and of the programs."""

    crashes: int = 0
    escapes: int = 0
    lost: int = 0
    over_memory: int = 0
    most_mb: float = 0.0
    most_growth: float = 0.0
    memory_mb: list[float] = field(default_factory=list)
    """The mean of all kiosks, from the beginning to the end, every `LOOK_EVERY_S`."""
    recorded: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    late_places: Counter[str] = field(default_factory=Counter)
    """At how many kiosks the first tour has missed a place that was shown later."""
    sizes: Counter[str] = field(default_factory=Counter)

    def said(self) -> dict[str, Any]:
        """Return what the report says of them."""
        names = ("keys", "pastes", "resizes", "touches", "kills", "visits", "months_seen", "most_mb", "most_growth")
        counted = ("ended_by", "recorded", "places", "late_places", "sizes")
        every = max(1, len(self.memory_mb) // 10)
        return {
            **{name: getattr(self, name) for name in names},
            **{name: dict(getattr(self, name)) for name in counted},
            "memory_mb": self.memory_mb[::every],
        }


def press_all(folder: Path, *, keys: int, seed: int, stations: int) -> AtTerminals:
    """Press so many keys at the kiosks of so many stations."""
    found = AtTerminals()
    made = [VisitedStation(folder / f"s{one}", number=one, program="agent.cli") for one in range(1, stations + 1)]
    with _running(made) as kiosks:
        _press(kiosks, found, keys=keys, seed=seed)
        for kiosk in kiosks:
            _judge_program(kiosk, found)
            found.places += kiosk.relay.places
            found.late_places.update(kiosk.late_places())
            found.sizes += kiosk.session.sizes
    for station in made:
        found.recorded += _judge_record(station, [one for one in kiosks if one.station is station], found)
    return found


@contextmanager
def _running(stations: Sequence[VisitedStation]) -> Iterator[list[Kiosk]]:
    with ExitStack() as stack:
        kiosks = []
        for station in stations:
            stack.callback(station.stop)
            station.start()
            for number in range(KIOSKS):
                kiosk = Kiosk(station, number=number, program="kiosk_tui.watched")
                stack.callback(kiosk.stop)
                kiosk.start()
                kiosks.append(kiosk)
        yield kiosks


def _press(kiosks: Sequence[Kiosk], found: AtTerminals, *, keys: int, seed: int) -> None:
    hands = [
        KioskHands(
            kiosk,
            [one for one in kiosks if one.station is kiosk.station],
            found,
            keys=keys,
            seed=f"{seed} {place}",
        )
        for place, kiosk in enumerate(kiosks)
    ]
    threads = [threading.Thread(target=one.run, name="hands", daemon=True) for one in hands]
    for thread in threads:
        thread.start()
    looked_at = time.monotonic()
    while any(thread.is_alive() for thread in threads):
        found.over.wait(1)
        if time.monotonic() - looked_at >= LOOK_EVERY_S:
            looked_at += LOOK_EVERY_S
            found.memory_mb.append(round(mean(kiosk.memory_mb() for kiosk in kiosks), 1))
        if found.over.is_set():
            for thread in threads:
                thread.join()


def _judge_program(kiosk: Kiosk, found: AtTerminals) -> None:
    if kiosk.crashed():
        found.crashes += 1
        found.note(f"a kiosk has ended: {kiosk.text()[:300]}")
        return
    found.escapes += kiosk.escapes()
    memory = kiosk.memory_mb()
    growth = memory / kiosk.start_mb if kiosk.start_mb else 0.0
    found.most_mb, found.most_growth = max(found.most_mb, memory), round(max(found.most_growth, growth), 3)
    if memory > MOST_MB or growth > MOST_GROWTH:
        found.over_memory += 1
        found.note(f"a kiosk has {memory} MB, {kiosk.start_mb} MB after its first tour")


def _judge_record(station: VisitedStation, kiosks: Sequence[Kiosk], found: AtTerminals) -> Counter[str]:
    """Compare what kiosks were told is recorded with the outbox's file. The agent has ended."""
    stored = Counter(fact.kind for fact in stored_facts(station.outbox))
    told = sum((kiosk.relay.recorded for kiosk in kiosks), Counter[str]())
    for kind, shown in told.items():
        if shown > stored[kind]:
            found.lost += shown - stored[kind]
            found.note(f"{station.id}: {kind}: {shown} shown as recorded, {stored[kind]} stored")
    found.crashes += station.lost_threads()
    return told
