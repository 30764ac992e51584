"""Open the files that a power cut left, with the real outbox, and compare them with what the outside was told."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.identity.station_identity import IdentityBroken
from agent.storage.errors import StorageError
from agent.storage.outbox import Outbox
from agent.storage.recent import first_made
from protocol.facts import EpochOpened, Fact, FactsLost, Touch
from protocol.units import FactRef
from tests.proofs.power_cut.disk import Image
from tests.proofs.power_cut.workload import FILE, RECORD_KEY, STATION, Told, moment, touch

BAD = ("lost", "doubled", "invented", "refused_to_start", "crashes")

PROBE = 1 << 40
"""Number of the touch that is committed after the cut."""


@dataclass
class Verdict:
    """What went wrong, summed over cuts."""

    lost: int = 0
    doubled: int = 0
    invented: int = 0
    refused_to_start: int = 0
    crashes: int = 0
    salvaged: int = 0
    """Files that were taken for damaged although only a power cut happened to them.

    This is not wrong: if a cut tears the commit that is being written, the outbox can't know whether that commit was
    already green, and says so in a new stream. But there must not be more such files than torn commits.
    """
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        """Add the findings of another run."""
        for name in (*BAD, "salvaged"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples += other.examples

    @property
    def wrong(self) -> int:
        return self.lost + self.doubled + self.invented + self.refused_to_start + self.crashes


def judge(image: Image, told: Told, folder: Path, verdict: Verdict, *, where: str) -> None:
    """Add the verdict on one cut. ``folder`` is emptied and filled with the disk's content."""
    put_back(image, folder)
    with finding(verdict, where):
        outbox = Outbox.open(folder / FILE, station=STATION, record_key=RECORD_KEY, now=moment)
        try:
            # A stream that was being built is finished: then what it lacks is lost.
            while outbox.opening:
                outbox.continue_epoch()
            _compare(outbox, told, verdict)
        finally:
            outbox.close()


def put_back(image: Image, folder: Path) -> None:
    """Empty ``folder`` and fill it with the content that a cut left."""
    shutil.rmtree(folder)
    folder.mkdir()
    for name, content in image.items():
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)


@contextmanager
def finding(verdict: Verdict, where: str) -> Iterator[None]:
    """Count a start that fails. Keep ``where`` as an example if anything went wrong inside."""
    before = verdict.wrong
    try:
        yield
    except (StorageError, IdentityBroken) as error:
        verdict.refused_to_start += 1
        where = f"{where}: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding of the proof
        verdict.crashes += 1
        where = f"{where}: {error!r}"
    if verdict.wrong != before and len(verdict.examples) < 10:
        verdict.examples.append(where)


def facts_of(outbox: Outbox) -> list[tuple[FactRef, Fact]]:
    """Return the current stream's facts that are not erased; re-issued ones as they first were."""
    found: list[tuple[FactRef, Fact]] = []
    seq = 0
    while seq < outbox.through:
        envelope = outbox.envelope_after(seq)
        if envelope is None:
            seq += 1
            continue
        for seq, sealed in enumerate(envelope.facts, envelope.first):
            fact = first_made(FactRef(epoch=outbox.epoch, seq=seq), sealed.body)
            assert fact is not None
            found.append(fact)
    return found


def _compare(outbox: Outbox, told: Told, verdict: Verdict) -> None:
    """Count the differences. A fact that was sent twice under its one name is one fact, as it is for a county."""
    (probe,) = outbox.commit(touch(PROBE))
    facts = facts_of(outbox)
    touches = {(int.from_bytes(fact.card, "big"), ref) for ref, fact in facts if isinstance(fact, Touch)}
    found = dict(touches)
    verdict.lost += sum(1 for number in told.green if number not in found and number not in told.county)
    verdict.lost += outbox.get("desired") not in told.state
    verdict.doubled += sum(times - 1 for times in Counter(number for number, _ in touches).values())
    verdict.doubled += sum(times - 1 for times in Counter(ref for _, ref in touches).values())
    verdict.invented += sum(1 for number in found if number > told.presented and number != PROBE)
    verdict.invented += sum(1 for number, ref in told.green.items() if found.get(number, ref) != ref)
    verdict.invented += probe in told.green.values() or probe.seq != outbox.through or found.get(PROBE) != probe
    corrupt = any(isinstance(fact, EpochOpened) and fact.reason == "corrupt" for _, fact in facts)
    verdict.salvaged += corrupt and not told.damaged
    stated = [fact for _, fact in facts if isinstance(fact, FactsLost)]
    verdict.invented += sum(
        1 for number, ref in told.green.items() if number not in told.county and _covers(stated, ref)
    )


def _covers(stated: list[FactsLost], ref: FactRef) -> bool:
    """Return whether a fact is stated as lost. This may happen only to facts that were erased long after their
    receipt."""
    return any(lost.epoch == ref.epoch and lost.first <= ref.seq <= lost.last for lost in stated)
