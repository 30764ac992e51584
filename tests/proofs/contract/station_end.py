"""One version's station, in a process of its own: ``python -m … CARD SEED`` in that version's folder.

The outbox and the uplink are the version's own, on a real disk. Each fact is told to the proof as soon as it is
committed. The process may be killed at any moment and started again on the same card."""

import logging
import random
import sys
from pathlib import Path
from typing import Any, cast

import msgspec

from agent.uplink import Uplink, UplinkParts
from protocol.codec import encode
from protocol.facts import Fact
from protocol.units import Moment
from tests.golden import vectors
from tests.proofs.contract import pipes
from tests.proofs.power_cut.workload import RECORD_KEY, STATION
from tests.proofs.quiet_host import QuietHost
from tests.proofs.rollback.board import NoBlobs, SmallEnvelopes
from tests.proofs.rollback.way import Way

MONDAY_MS = 1_795_392_000_000
MOST_STEPS = 20_000
NOT_STATED = ("epoch_opened", "reissued", "facts_lost", "clock_corrected")
"""Kinds by which a stream speaks of itself: the outbox and the clock state them, and no sample of them would be
true."""


def samples() -> dict[str, Fact]:
    """Return the sample facts of this version, those of later versions with a name that begins with ``later``."""
    found = dict(vectors.FACTS)
    try:
        from tests.golden import vectors_1_1  # noqa: PLC0415 - the earlier version has none
    except ImportError:
        pass
    else:
        for name, fact in vectors_1_1.FACTS.items():
            old = str(fact.__struct_config__.tag) in {str(one.__struct_config__.tag) for one in vectors.FACTS.values()}
            known = old and getattr(fact, "purpose", "") not in ("voice", "clip", "paper")
            found[name if known else f"later {name}"] = fact
    return {name: fact for name, fact in found.items() if str(fact.__struct_config__.tag) not in NOT_STATED}


class Station:
    """A station that states facts and brings them to its county."""

    def __init__(self, card: Path, seed: str, county: "County") -> None:
        self._chance = random.Random(seed)
        self._county = county
        self._mono_ms = 1_000_000
        self._wall_ms = MONDAY_MS
        self._samples = samples()
        card.mkdir(exist_ok=True)
        self._outbox = SmallEnvelopes.open(card / "outbox.db", station=STATION, record_key=RECORD_KEY, now=self._now)
        self._outbox.chance = self._chance
        host = QuietHost(station=STATION, outbox=self._outbox, now=self._now, software="cunhui")
        self._host = host
        self._way = Way()
        self._uplink = Uplink(
            UplinkParts(
                station=STATION,
                shard=0,
                county_keys=county.public_keys,
                outbox=self._outbox,
                blobs=NoBlobs(),
                link=self._way,
                mono_ms=lambda: self._mono_ms,
                delegate=host,
                jitter=self._chance.random,
                state=self._outbox,
            )
        )

    def _now(self) -> Moment:
        return Moment(wall=self._wall_ms, boot=bytes(16), mono=self._mono_ms, quality="synced")

    def state(self, day: int, count: int) -> list[Any]:
        """Commit facts of one day, and return the identity of each with the name of its sample."""
        done = []
        for _ in range(count):
            self._wall_ms = MONDAY_MS + day * 86_400_000 + self._chance.randrange(86_400_000)
            name = self._chance.choice(list(self._samples))
            fact = msgspec.structs.replace(self._samples[name], at=self._now())
            [ref] = self._outbox.commit(fact)
            done.append([ref.epoch.hex(), ref.seq, name, str(fact.__struct_config__.tag)])
        self._uplink.facts_committed()
        return done

    def say_vitals(self) -> None:
        """Say how the station is."""
        self._county.hear("vitals", encode(self._host.vitals()))

    def connect(self, to_the_end: bool) -> bool:
        """Talk to the county until everything has its receipt. Without ``to_the_end``, stop anywhere."""
        for _ in range(MOST_STEPS):
            if self._way.events:
                self._uplink.handle(self._way.events.popleft())
            elif self._way.sent:
                chance = None if to_the_end else self._chance
                holds = self._way.carry(cast(Any, self._county), mono_ms=self._mono_ms, chance=chance)
                if not holds and self._chance.random() < 0.7:
                    return False
            elif self._uplink.state == "connected" and not self._outbox.waiting:
                return True
            else:
                due_ms = self._uplink.tick()
                if not self._way.events and not self._way.sent:
                    self._mono_ms = max(self._mono_ms, due_ms)
        raise AssertionError("station and county do not come to terms")


class County:
    """The county at the other end of the pipe."""

    def __init__(self, incoming: Any, outgoing: Any, public_keys: dict[bytes, bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self.public_keys = public_keys

    def hear(self, leaf: str, payload: bytes) -> list[tuple[Any, bytes]]:
        """Take a publish, and return what the county answers."""
        pipes.put(self._outgoing, ["hear", leaf, payload])
        return [(leaf, raw) for leaf, raw in pipes.get(self._incoming)]


def main() -> None:
    """Do what is asked until the pipe ends."""
    incoming, outgoing = pipes.standard()
    logging.getLogger("agent").setLevel(logging.CRITICAL)
    key_name, key = pipes.get(incoming)
    station = Station(Path(sys.argv[1]), sys.argv[2], County(incoming, outgoing, {key_name: key}))
    while True:
        try:
            asked, *arguments = pipes.get(incoming)
        except EOFError:
            return
        pipes.put(outgoing, ["done", getattr(station, asked)(*arguments)])


if __name__ == "__main__":
    main()
