"""``./run prove content``: question files of others and our own, broken in every way; is each question accounted for?

The files are those of `tests/proofs/content/public/`, which others wrote; the same with an explanation and a source
put into each question, because without them hardly any is taken; and the starter packs written as GIFT. Which
questions a file has is counted by `outsider`, which uses nothing of the product. A child process reads each mutant.

- A file that says the same in another encoding or with other ends of line must give the same questions.
- Of any other mutant each block must be taken or refused, in its line, with a reason; or the whole file is refused
  with a reason and a line. A block that was not changed must give the question that it gave before.
- A file of a million lines may take 20 s of processor time and 200 MB, and so may those of `hostile`, which are made
  to cost a reader more.
- The starter packs go into GIFT, Excel, GIFT, Excel and must still be the same.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from server_broker.content.bank import bank_of, pack_of
from server_broker.content.files import open_bank, read_pack_file, write_bank
from server_broker.content.gift_writing import gift_of
from tests.proofs.content.hostile import HOSTILE, LARGE_LINES
from tests.proofs.content.mutants import Mutant, mutants
from tests.proofs.content.outsider import blocks
from tests.proofs.content.reading import MOST_MB, MOST_S, Read, Said, read_apart

PUBLIC = Path(__file__).with_name("public")
STARTER = Path(__file__).parents[3] / "server_broker" / "content" / "starter"
_SHOWN = 20
_MEASURED = """
import pathlib, sys
from server_broker.cli import main
status = main(sys.argv[1:])
sys.stdout.flush()
(peak,) = [line for line in pathlib.Path("/proc/self/status").read_text().split("\\n") if line.startswith("VmHWM")]
print(peak, file=sys.stderr)
sys.exit(status)
"""
"""The program, which says at its end how much memory it took. What the kernel tells of a child that has ended counts
the memory of this process too, from which the child began."""


@dataclass
class Found:
    """What the outsider found."""

    files: int = 0
    questions: int = 0
    taken: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    unaccounted: list[str] = field(default_factory=list)
    mutants: int = 0
    refused_whole: int = 0
    crashed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    peak_mb: float = 0.0
    longest_s: float = 0.0

    def measure(self, read: Read) -> None:
        self.peak_mb, self.longest_s = max(self.peak_mb, read.peak_mb), max(self.longest_s, read.seconds)


def completed(data: bytes) -> bytes:
    """Return a file in which each question with answers has an explanation and a source."""
    whole = []
    for block in data.decode().split("\n\n"):
        before, brace, after = block.rpartition("}")
        told = "" if "####" in before else "####For this reason."
        whole.append(f"{before}{told}\\n出处：A public file{brace}{after}" if brace else block)
    return "\n\n".join(whole).encode()


def sources() -> dict[str, bytes]:
    """Return the files by name."""
    found = {}
    for path in sorted(PUBLIC.glob("*.gift")):
        found[path.name] = path.read_bytes()
        found[f"completed {path.name}"] = completed(path.read_bytes())
    for path in sorted(STARTER.glob("*.json")):
        found[path.name] = gift_of(bank_of(read_pack_file(path))).encode()
    return found


def account(name: str, data: bytes, said: Said, found: Found) -> None:
    """Note each block that has no outcome in its line, and each outcome without a block or a reason."""
    wanted = [block.line for block in blocks(data)]
    got = [row.line for row in said.rows]
    silent = [row.line for row in said.rows if (row.question is None) != bool(row.codes)]
    if said.refused is not None:
        if not said.refused[0] or not said.refused[1]:
            found.unaccounted.append(f"{name}: refused as {said.refused}")
    elif wanted != got or silent:
        found.unaccounted.append(f"{name}: blocks {wanted[:9]}, outcomes {got[:9]}, without a reason {silent[:9]}")


def by_text(data: bytes, said: Said) -> dict[bytes, bytes]:
    """Return the question that each block gave, as text; of a block that is there twice the first."""
    texts = {block.line: block.text for block in blocks(data)}
    given: dict[bytes, bytes] = {}
    for row in said.rows:
        if row.question is not None and row.line in texts:
            given.setdefault(texts[row.line], repr(row.question).encode())
    return given


def judge(name: str, original: bytes, before: Said, mutant: Mutant, read: Read, found: Found) -> None:
    """Compare a mutant with the file that it was made of."""
    said = read.said
    assert said is not None
    account(name, mutant.data, said, found)
    found.refused_whole += said.refused is not None
    if mutant.same:
        if said.rows != before.rows:
            found.changed.append(name)
        return
    was, now = by_text(original, before), by_text(mutant.data, said)
    if any(was[text] != question for text, question in now.items() if text in was):
        found.changed.append(name)


def break_files(files: dict[str, bytes], count: int, seed: int, folder: Path) -> Found:
    """Read every file, and as many mutants of each."""
    found, path = Found(), folder / "mutant.gift"
    for name, data in files.items():
        path.write_bytes(data)
        whole = read_apart(path)
        assert whole.said is not None
        account(name, data, whole.said, found)
        found.files += 1
        found.questions += len(whole.said.rows)
        found.taken += sum(row.question is not None for row in whole.said.rows)
        found.by_reason.update(code for row in whole.said.rows for code in row.codes)
        for number, mutant in enumerate(mutants(data, count, Random(f"{seed} {name}"))):
            path.write_bytes(mutant.data)
            read = read_apart(path)
            found.mutants += 1
            found.measure(read)
            called = f"{name} {number} {mutant.kind}"
            if read.said is None:
                found.crashed.append(called)
            else:
                judge(called, data, whole.said, mutant, read, found)
    return found


def large(data: bytes) -> bytes:
    """Return a file again and again, with as many lines as an export of a whole university may have."""
    once = data.rstrip(b"\n") + b"\n\n"
    return once * (LARGE_LINES // once.count(b"\n") + 1)


def read_large(name: str, data: bytes, folder: Path) -> dict[str, int | float | str]:
    """Read a large file by the program's own verb, and return what it took and how many blocks have no outcome."""
    path, out = folder / "large.gift", folder / "large.json"
    path.write_bytes(data)
    wanted = len(blocks(data))
    command = [sys.executable, "-c", _MEASURED, "questions", "import", str(path), "--dry-run", "--json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with out.open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with out.open("rb") as file:
        got = sum(line.startswith(b'{"line": ') for line in file)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "file": name,
        "lines": data.count(b"\n"),
        "blocks": wanted,
        "without_outcome": abs(wanted - got),
        "cpu_s": round(seconds, 1),
        "wall_s": round(took, 1),
        "peak_mb": round(int(done.stderr.split()[-2]) / 1024, 1),
    }


def around(folder: Path) -> tuple[int, int]:
    """Take each starter pack through GIFT and Excel, twice; return how many there are, and how many differ."""
    packs = differences = 0
    for path in sorted(STARTER.glob("*.json")):
        pack = read_pack_file(path)
        bank = bank_of(pack)
        for name in ("1.gift", "2.xlsx", "3.gift", "4.xlsx"):
            (folder / name).write_bytes(write_bank(bank, folder / name))
            file = open_bank(folder / name)
            differences += sum(outcome.question is None for outcome in file.outcomes)
            bank = file.bank()
        packs += 1
        differences += pack_of(bank, version=pack.version) != pack
    return packs, differences


def main() -> int:
    """Run the proof."""
    parser = arguments("prove content", mutants=200, large=3)
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    report = Report("prove content", seed=seed)
    files = sources()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_size = sorted(files, key=lambda each: len(files[each]), reverse=True)
        largest = [read_large(each, large(files[each]), folder) for each in by_size[: options.large]]
        largest += [read_large(each, make(), folder) for each, make in HOSTILE.items()] if options.large else []
        packs, differences = around(folder)
        found = break_files(files, options.mutants, seed, folder)
    told = report.finish(
        as_json=options.json,
        public_files=len(list(PUBLIC.glob("*.gift"))),
        files=found.files,
        questions=found.questions,
        taken=found.taken,
        refused_by_reason=dict(found.by_reason.most_common()),
        mutants=found.mutants,
        mutants_refused_whole=found.refused_whole,
        unaccounted=len(found.unaccounted),
        unaccounted_files=found.unaccounted[:_SHOWN],
        crashed=len(found.crashed),
        crashed_files=found.crashed[:_SHOWN],
        changed=len(found.changed),
        changed_files=found.changed[:_SHOWN],
        mutant_peak_mb=round(found.peak_mb, 1),
        mutant_longest_s=round(found.longest_s, 2),
        large=[json.dumps(each, ensure_ascii=False) for each in largest],
        large_without_outcome=sum(int(each["without_outcome"]) for each in largest),
        too_large=int(max([found.peak_mb, *(float(each["peak_mb"]) for each in largest)]) > MOST_MB),
        too_slow=int(max([found.longest_s, *(float(each["cpu_s"]) for each in largest)]) > MOST_S),
        starter_packs=packs,
        starter_differences=differences,
    )
    return exit_code(
        told,
        *("unaccounted", "crashed", "changed", "large_without_outcome", "too_large", "too_slow", "starter_differences"),
        repeat=f"./run prove content --seed {seed} --mutants {options.mutants}",
    )


if __name__ == "__main__":
    sys.exit(main())
