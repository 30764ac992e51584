"""Start a station from what a power cut left, let it go on, and compare it with what the outside was told."""

from collections import Counter
from pathlib import Path

from agent.identity import ANSWER, load_identity, record_key
from protocol.export import ExportReader
from protocol.facts import BlobAnnounced, BlobEvicted, Fact, Touch
from protocol.refusal import Refused
from protocol.units import FactRef
from tests.proofs.power_cut.disk import Image
from tests.proofs.power_cut.judge import PROBE, Verdict, facts_of, finding, put_back
from tests.proofs.power_cut.station_workload import Program, StationTold, number_of
from tests.proofs.power_cut.workload import touch


def judge_station(image: Image, told: StationTold, folder: Path, verdict: Verdict, *, where: str) -> None:
    """Add the verdict on one cut; ``folder`` is emptied and filled with the image."""
    put_back(image, folder)
    judge_folder(folder, told, verdict, where=where)


def judge_folder(folder: Path, told: StationTold, verdict: Verdict, *, where: str) -> None:
    """Add the verdict on a folder as it is."""
    with finding(verdict, where):
        _judge_stick(folder / "stick", told, verdict)
        station = folder / "station"
        if _identity_is_right(station, told, verdict):
            program = Program(station)
            try:
                _judge_program(program, told, verdict)
            finally:
                program.close()


def _identity_is_right(folder: Path, told: StationTold, verdict: Verdict) -> bool:
    """Judge who the station is; return whether it is enrolled."""
    if told.record_key is not None and record_key(folder).private_bytes_raw() != told.record_key:
        verdict.lost += 1
    kept, asked = told.identity
    identity = load_identity(folder) if (folder / ANSWER).exists() else None
    if identity is None:
        verdict.lost += kept > 0
        return False
    verdict.lost += number_of(identity) not in {kept, asked}
    verdict.lost += identity.certificate_file.read_text(encoding="ascii") != identity.enrolled.certificate
    return True


def _judge_program(program: Program, told: StationTold, verdict: Verdict) -> None:
    while events := program.hand_over():
        for event in events:
            program.snapshots.taken(event)
    (probe,) = program.outbox.commit(touch(PROBE))
    facts = facts_of(program.outbox)
    _judge_touches(facts, probe, told, verdict)
    _judge_pictures(program, facts, told, verdict)
    program.shelf.want([told.pack] if told.pack else [])
    verdict.lost += told.pack is not None and not program.shelf.packs()


def _judge_touches(facts: list[tuple[FactRef, Fact]], probe: FactRef, told: StationTold, verdict: Verdict) -> None:
    touches = [(int.from_bytes(fact.card, "big"), ref) for ref, fact in facts if isinstance(fact, Touch)]
    found = dict(touches)
    verdict.lost += sum(number not in found for number in told.green)
    verdict.doubled += len(set(touches)) - len(found)
    verdict.invented += sum(number > told.presented and number != PROBE for number in found)
    verdict.invented += sum(found.get(number, ref) != ref for number, ref in told.green.items())
    verdict.invented += probe in told.green.values()


def _judge_pictures(program: Program, facts: list[tuple[FactRef, Fact]], told: StationTold, verdict: Verdict) -> None:
    """Judge by identities: a fact said twice under its one name is one fact."""
    by_name = {(ref.epoch, ref.seq): fact for ref, fact in facts}
    announced = Counter(fact.sha256 for fact in by_name.values() if isinstance(fact, BlobAnnounced))
    gone = told.let_go | {fact.sha256 for fact in by_name.values() if isinstance(fact, BlobEvicted)}
    kept = [name for name, _ in program.blobs.pending()]
    verdict.lost += sum(name not in announced for name in told.taken)
    verdict.doubled += sum(times - 1 for times in announced.values())
    verdict.lost += sum(not program.blobs.intact(name) for name in announced if name not in gone)
    verdict.invented += sum(name not in told.exposed for name in {*announced, *kept})
    verdict.invented += sum(not program.blobs.intact(name) for name in kept)
    verdict.invented += sum(1 for _ in program.spool.glob("*.jpg"))


def _judge_stick(stick: Path, told: StationTold, verdict: Verdict) -> None:
    """Whatever has an export's name is a whole export."""
    whole: dict[str, int] = {}
    for path in stick.glob("*.cunhui"):
        try:
            with path.open("rb") as file:
                reader = ExportReader(file.read)
                whole[path.name] = sum(len(part.facts) for part in reader.parts() if hasattr(part, "facts"))
        except Refused:
            verdict.invented += 1
    verdict.lost += sum(whole.get(name, 0) < facts for name, facts in told.exports.items())
