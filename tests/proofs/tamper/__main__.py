"""``./run prove tamper``: flip, drop, swap, insert, truncate or blank each record; edit rows in psql; sign all anew.

The county and its station are real, on a private PostgreSQL cluster, and what is tampered with is what they export.
Two verifiers look at each trial: the county's own, and `tests.proofs.tamper.outsider`, which imports nothing of ours.
"""

import json
import logging
import multiprocessing
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.private_county import county_home, private_cluster
from tests.proofs.tamper.trials import Record, Trial, trials

BAD = ("undetected", "unnamed", "false_alarms", "resigned_and_not_caught")
PROCESSES = 2
_FACT = ("seq", "salt", "body", "head", "signature", "rows")
_STATION_FACT = ("seq", "salt", "body", "digest", "head")
_ENTRY = ("version", "at", "actor", "source", "action", "subject", "detail", "previous_hash", "hash")
_MANIFEST = ("number", "signed", "leaves")

type Files = dict[str, list[Record]]


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove tamper", every=1, records=1000, stations=40).parse_args()
    seed = chosen_seed(options.seed)
    report, rng = Report("tamper", seed=seed), Random(seed)
    counts: Counter[str] = Counter()
    with county_home("tamper") as home, private_cluster(home):
        from django.db import connection  # noqa: PLC0415 - needs `django.setup`

        from tests.proofs.tamper import county, in_psql  # noqa: PLC0415

        logging.getLogger("server_broker").setLevel(logging.CRITICAL)
        county.furnish(home, decisions=options.records, count=options.records, stations=options.stations, rng=rng)
        files = {name: [json.loads(line) for line in lines] for name, lines in county.evidence(county.WITNESS).items()}
        _remember()
        in_psql.may_disable_triggers(home)
        counts += edited(rng)
        connection.close()
        with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
            work = [(files, seed, options.every, share) for share in range(PROCESSES)]
            for found_here in pool.imap_unordered(_share, work):
                counts += found_here
        counts += _resigned(files, rng)
    counted = sorted(name for name in counts if name.startswith("of_"))
    names = [*BAD, "trials", "edited_in_psql", "refused_by_database", "resigned", *counted]
    numbers = {name: counts[name] for name in names}
    result = report.finish(as_json=options.json, every=options.every, cpu_seconds=round(_cpu_s()), **numbers)
    return exit_code(result, *BAD, repeat=f"./run prove tamper --seed {seed} --every {options.every}")


def edited(rng: Random) -> Counter[str]:
    """Make each edit in psql, ask the county's verifier, and count."""
    from server_broker.manifest.county_check import check_county  # noqa: PLC0415 - needs `django.setup`
    from tests.proofs.tamper import in_psql  # noqa: PLC0415

    counts = Counter[str]()
    for problem in check_county().problems:
        counts["false_alarms"] += 1
        print(f"false alarm: {problem.sentence()}", file=sys.stderr)
    for edit in in_psql.all_edits():
        found = in_psql.found_of(edit, rng)
        if found is None:
            counts["refused_by_database"] += 1
            continue
        counts["edited_in_psql"] += 1
        if not found:
            counts["undetected"] += 1
            print(f"not found: {edit.place}", file=sys.stderr)
        elif edit.named not in found:
            counts["unnamed"] += 1
            print(f"not named: {edit.place}: {found!r}", file=sys.stderr)
    return counts


def _cpu_s() -> float:
    """Return the processor's seconds of this process and of those that it started, whatever else ran meanwhile."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _share(work: tuple[Files, int, int, int]) -> Counter[str]:
    files, seed, every, share = work
    return judge(files, seed=seed, every=every, share=share, of=PROCESSES)


def judge(files: Files, *, seed: int, every: int, share: int = 0, of: int = 1, only: str = "") -> Counter[str]:
    """Do every ``of``-th trial from ``share`` on (with one file ``only``), ask both verifiers, and count."""
    from tests.proofs.tamper import judges  # noqa: PLC0415 - needs `django.setup`

    both, counts = judges.Judges(files), Counter[str]()
    for untouched in (both.ours("audit.jsonl", files["audit.jsonl"]), both.theirs("audit.jsonl", files["audit.jsonl"])):
        if untouched:
            counts["false_alarms"] += 1
            print(f"false alarm: {untouched}", file=sys.stderr)
    for number, (name, trial) in enumerate(_all_trials(files, Random(seed), every)):
        if number % of != share or only not in name:
            continue
        counts["trials"] += 1
        counts[f"of_{trial.deed}"] += 1
        said = both.ours(name, trial.records), both.theirs(name, trial.records)
        names = _names(name, trial, files)
        for one, wanted in zip(said, names, strict=True):
            if not one:
                counts["undetected"] += 1
                print(f"not found: {trial.deed} {name} {trial.place}", file=sys.stderr)
            elif not any(name_of in one for name_of in wanted):
                counts["unnamed"] += 1
                print(f"not named: {trial.deed} {name} {trial.place}: {one!r}, not {wanted}", file=sys.stderr)
    return counts


def _remember() -> None:
    """Check each signature and read each line once in this process: of the same bytes the same is said."""
    from protocol import signing  # noqa: PLC0415 - in the process that is to remember
    from protocol.decisions import decode_decision  # noqa: PLC0415
    from server_broker.manifest import evidence_check, replay  # noqa: PLC0415 - needs `django.setup`
    from tests.proofs.tamper import outsider  # noqa: PLC0415

    once = lru_cache(maxsize=100_000)
    signing.verify = once(signing.verify)
    vars(replay)["decode_decision"] = once(decode_decision)
    vars(outsider)["unpack"] = once(outsider.unpack)
    read = evidence_check._read
    lines: dict[tuple[bytes, type], object] = {}

    def read_once[T](raw: bytes, kind: type[T], *, name: str, number: int) -> T:
        if (raw, kind) not in lines:
            if len(lines) > 100_000:
                lines.clear()
            lines[raw, kind] = read(raw, kind, name=name, number=number)
        return cast(T, lines[raw, kind])

    evidence_check._read = read_once


def _all_trials(files: Files, rng: Random, every: int) -> Iterator[tuple[str, Trial]]:
    """Yield file name and trial, the file's header included in the records."""
    station = next(name for name in files if name.startswith("station-"))
    for name, fields in (("county.jsonl", _FACT), (station, _STATION_FACT)):
        header, *facts = files[name]
        for trial in trials(facts, fields, rng, every=every):
            yield name, Trial(trial.deed, trial.place, [header, *trial.records])
    for trial in trials(files["audit.jsonl"], _ENTRY, rng, every=every):
        yield "audit.jsonl", trial
    yield from (("manifests.jsonl", trial) for trial in trials(files["manifests.jsonl"], _MANIFEST, rng, every=1))
    last = files["manifests.jsonl"][-1]
    for trial in trials([{"leaf": leaf} for leaf in last["leaves"]], ("leaf",), rng, every=1):
        changed = last | {"leaves": [record["leaf"] for record in trial.records]}
        others = files["manifests.jsonl"][:-1]
        yield "manifests.jsonl", Trial(trial.deed, len(others) + 1, [*others, changed])


def _names(name: str, trial: Trial, files: Files) -> tuple[list[str], list[str]]:
    """Return by what names the first wrong record may be called: in our words, and in the outsider's."""
    place = trial.place
    match name:
        case "county.jsonl":
            return [f"县记录链第 {place} 条", f"{name} 第 {place + 1} 行"], [f"county {place}"]
        case "manifests.jsonl":
            return [f"第 {place} 号总账", f"{name} 第 {place} 行"], [f"manifest {place}"]
        case "audit.jsonl" if trial.deed == "truncate":
            gone = {entry["hash"] for entry in files[name][place - 1 :]}
            seq = next((seq for seq, audit in _audits(files) if audit in gone), None)
            if seq is None:  # no decision hangs on what was cut off: the manifest has counted it
                return ["号总账"], ["manifest "]
            return [f"县记录链第 {seq} 条"], [f"county {seq}"]
        case "audit.jsonl":
            return [f"审计第 {place} 条", f"{name} 第 {place} 行"], [f"audit {place}"]
        case _:
            return [f"第 {place} 条", f"{name} 第 {place + 1} 行"], [f"station {place}"]


def _audits(files: Files) -> Iterator[tuple[int, str]]:
    for fact in files["county.jsonl"][1:]:
        yield fact["seq"], msgspec.msgpack.decode(bytes.fromhex(fact["body"]))["audit"].hex()


def _resigned(files: Files, rng: Random, runs: int = 10) -> Counter[str]:
    """Let the county sign another past with a key of its own. Only what stations kept, or the true key, tells."""
    from tests.proofs.tamper import kept  # noqa: PLC0415 - needs `django.setup`

    counts = Counter[str](resigned=runs)
    for _ in range(runs):
        at = rng.randrange(2, len(files["audit.jsonl"]) // 2)
        problem = kept.first_problem(files, at=at, key=Ed25519PrivateKey.generate())
        if problem:
            counts["resigned_and_not_caught"] += 1
            print(f"resigned at audit entry {at}: {problem}", file=sys.stderr)
    return counts


if __name__ == "__main__":
    sys.exit(main())
