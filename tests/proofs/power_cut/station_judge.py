"""Start a station on the files that a power cut left, let it go on, and compare it with what the outside was told."""

from collections import Counter
from copy import replace
from hashlib import sha256
from pathlib import Path
from typing import override

from agent.drivers.https import WrongContent
from agent.identity.station_identity import ENROLLED, TLS_KEY, load_identity, record_key
from agent.ports import DeviceError
from protocol.export import ExportReader
from protocol.facts import BlobAnnounced, BlobEvicted, CommandResult, Fact, Touch
from protocol.refusal import Refused
from protocol.units import FactRef
from tests.proofs.power_cut.county import number_of, pack_file, serving
from tests.proofs.power_cut.disk import Image
from tests.proofs.power_cut.judge import PROBE, Verdict, facts_of, finding, put_back
from tests.proofs.power_cut.program import Deaf, Program
from tests.proofs.power_cut.told import StationTold
from tests.proofs.power_cut.workload import touch

MOST_FETCHES = 2
"""If the bytes that lay there are not the beginning of the file, the first attempt deletes them and the next brings the
file."""


def judge_station(image: Image, told: StationTold, folder: Path, verdict: Verdict, *, where: str) -> None:
    """Add the verdict on one cut. ``folder`` is emptied and filled with the disk's content."""
    put_back(image, folder)
    judge_folder(folder, told, verdict, where=where)


def judge_folder(folder: Path, told: StationTold, verdict: Verdict, *, where: str) -> None:
    """Add the verdict on a folder as it is."""
    with finding(verdict, where):
        _judge_stick(folder / "stick", told, verdict)
        station = folder / "station"
        if _identity_is_right(station, told, verdict):
            lights = _Lights(told)
            program = Program(station, ears=lights)
            try:
                _judge_program(program, told, verdict)
                verdict.doubled += sum(times - 1 for times in lights.seen.values())
            finally:
                program.close()


class _Lights(Deaf):
    """Counts how often the lamp blinked for each command, before the cut and after it."""

    def __init__(self, told: StationTold) -> None:
        self.seen = Counter(told.lights)

    @override
    def lit(self, command: bytes) -> None:
        self.seen[command] += 1


def _identity_is_right(folder: Path, told: StationTold, verdict: Verdict) -> bool:
    """Judge the station's identity; return whether it is enrolled."""
    if told.record_key is not None and record_key(folder).private_bytes_raw() != told.record_key:
        verdict.lost += 1
    if told.tls_key is not None and (folder / TLS_KEY).read_bytes() != told.tls_key:
        verdict.lost += 1
    kept, asked = told.identity
    identity = load_identity(folder) if (folder / ENROLLED).exists() else None
    if identity is None:
        verdict.lost += kept > 0
        return False
    verdict.lost += number_of(identity) not in {kept, asked}
    verdict.lost += identity.certificate_file.read_text(encoding="ascii") != identity.enrolled.certificate
    return True


def _judge_program(program: Program, told: StationTold, verdict: Verdict) -> None:
    _judge_notes(program, told, verdict)
    program.commands.resume(ended_well=False)
    while events := program.hand_over():
        for event in events:
            program.snapshots.on_picture_taken(event)
    exposed = told.exposed | _send_commands_again(program, told)
    (probe,) = program.outbox.commit(touch(PROBE))
    facts = facts_of(program.outbox)
    _judge_touches(facts, probe, told, verdict)
    _judge_commands(facts, told, verdict)
    _judge_pictures(program, facts, replace(told, exposed=exposed), verdict)
    _judge_download(program, told, verdict)
    program.shelf.want([told.pack] if told.pack else [])
    verdict.lost += told.pack is not None and not program.shelf.packs()


def _judge_notes(program: Program, told: StationTold, verdict: Verdict) -> None:
    """Judge what must be known after a restart, before anything new is written."""
    verdict.lost += sum(program.outbox.get(key) not in possible for key, possible in told.notes.items())
    in_force = (program.twin.version, program.twin.desired.settings.open_before_min)
    verdict.lost += in_force not in told.twin


def _send_commands_again(program: Program, told: StationTold) -> set[bytes]:
    """Send every command again, as a county does that has no answer yet. Return the blobs that this may have put on the
    disk."""
    may_be = set()
    for number, command in enumerate(told.commands.values()):
        picture = b"after the cut " + command.id
        may_be |= {program.log(f"after the cut, line {number}"), sha256(picture).digest()}
        program.carry_out(command, picture)
    return may_be


def _judge_commands(facts: list[tuple[FactRef, Fact]], told: StationTold, verdict: Verdict) -> None:
    """Each command has one answer, and brought one picture or log at most, before the cut and after it together."""
    by_name = {(ref.epoch, ref.seq): fact for ref, fact in facts}
    answers = Counter(fact.command for fact in by_name.values() if isinstance(fact, CommandResult))
    verdict.lost += sum(command not in answers for command in told.commands)
    verdict.doubled += sum(times - 1 for times in answers.values())
    verdict.invented += sum(command not in told.commands for command in answers)
    brought = Counter(fact.purpose for fact in by_name.values() if isinstance(fact, BlobAnnounced))
    given = Counter(command.order for command in told.commands.values())
    verdict.doubled += max(0, brought["requested"] - given["snapshot"]) + max(0, brought["log"] - given["send_logs"])


def _judge_download(program: Program, told: StationTold, verdict: Verdict) -> None:
    """The remains of a download never keep a station from having the file: at most it is fetched anew."""
    if not program.fetching:
        return
    ref, file = pack_file(told.coming)
    for _ in range(MOST_FETCHES):
        try:
            with serving(file, breaks_at=len(file)):
                verdict.invented += program.fetch(ref) != file
            return
        except (DeviceError, WrongContent):
            continue
    verdict.lost += 1


def _judge_touches(facts: list[tuple[FactRef, Fact]], probe: FactRef, told: StationTold, verdict: Verdict) -> None:
    touches = [(int.from_bytes(fact.card, "big"), ref) for ref, fact in facts if isinstance(fact, Touch)]
    found = dict(touches)
    verdict.lost += sum(number not in found for number in told.green)
    verdict.doubled += len(set(touches)) - len(found)
    verdict.invented += sum(number > told.presented and number != PROBE for number in found)
    verdict.invented += sum(found.get(number, ref) != ref for number, ref in told.green.items())
    verdict.invented += probe in told.green.values()


def _judge_pictures(program: Program, facts: list[tuple[FactRef, Fact]], told: StationTold, verdict: Verdict) -> None:
    """Judge by identities: a fact that was sent twice under its one name is one fact."""
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
    """Every file with an export's name is a whole export."""
    whole: dict[str, int] = {}
    for path in stick.glob("*.cunhui"):
        try:
            with path.open("rb") as file:
                reader = ExportReader(file.read)
                whole[path.name] = sum(len(part.facts) for part in reader.parts() if hasattr(part, "facts"))
        except Refused:
            verdict.invented += 1
    verdict.lost += sum(whole.get(name, 0) < facts for name, facts in told.exports.items())
