"""Every message of 1.0 and 1.1, read by the reader of each version; the golden files say what must come out."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from protocol.codec import encode
from protocol.vitals import Vitals, known_vitals
from tests.golden.generate import FACTS, FOLDER, MESSAGES, kind_of, shown
from tests.golden.vectors import FACTS as FACTS_OF_1_0
from tests.proofs.contract.versions import NEW, End

LATER_WORDS = ("blob_announced-voice",)
"""Facts of an old kind with a later word. A station does not send them to a county of 1.0. That county has no better
name for them than ``malformed``, and holds them; they are read after its upgrade (see `weeks`)."""


class Case(NamedTuple):
    """One message for a reader."""

    name: str
    how: str
    kind: str
    raw: bytes
    value: Any
    """What must come out, as a golden file shows it."""


@dataclass
class Matrix:
    """What came out."""

    cases: int = 0
    refused_wrongly: int = 0
    by_outcome: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, outcome: str, *, good: bool) -> None:
        """Count one case."""
        self.cases += 1
        self.by_outcome[outcome] += 1
        if not good:
            self.refused_wrongly += 1
            self.examples.append(f"{what}: {outcome}")


def read_all(old_code: Path) -> Matrix:
    """Have each reader read everything that is sent to it."""
    matrix = Matrix()
    old, new = End(old_code, "reader"), End(NEW, "reader")
    try:
        for case in golden(FOLDER):
            _must_read(matrix, new, case, by="new")
        for case in golden(old_code / "tests" / "golden" / "v1"):
            _must_read(matrix, old, case, by="old")
        for case in written_for_old():
            _must_read(matrix, old, case, by="old")
        for name, fact in FACTS.items():
            _old_must_hold(matrix, old, name, fact)
    finally:
        old.stop()
        new.stop()
    return matrix


def golden(folder: Path) -> Iterator[Case]:
    """Go through the golden files of messages, facts, signed documents, enrolment and kiosk lines."""
    for path in sorted(folder.glob("*.json")):
        how = path.stem.partition("-")[0]
        if how not in ("message", "fact", "json", "line", "signed"):
            continue
        file = json.loads(path.read_text(encoding="utf-8"))
        if how == "signed":
            sealed = bytes.fromhex(file["hex"])
            yield Case(path.stem, how, f"{file['context']}:{file['public']}", sealed, file["payload"])
        elif "text" in file:
            yield Case(path.stem, how, file["type"], file["text"].encode(), json.loads(file["text"]))
        else:
            yield Case(path.stem, how, file["type"], bytes.fromhex(file["hex"]), file["value"])


def written_for_old() -> Iterator[Case]:
    """Go through what today's code writes for a reader of 1.0.

    Kiosk lines are not among it: a kiosk and its agent are of one release.
    """
    for name, message in MESSAGES.items():
        said = known_vitals(message, 0) if isinstance(message, Vitals) else message
        yield Case(f"message-{name} of today", "message", kind_of(message), encode(said), shown(said))
    for name in FACTS_OF_1_0:
        fact = FACTS[name]
        yield Case(f"fact-{name} of today", "fact", "", encode(fact), shown(fact))


def _must_read(matrix: Matrix, reader: End, case: Case, *, by: str) -> None:
    outcome, value = reader.ask(case.how, case.kind, case.raw)
    if by == "old" and outcome == "no_such_type":
        # A document that came with 1.1: nobody sends it to a reader of 1.0.
        matrix.by_outcome["not for it"] += 1
        return
    matrix.note(f"{case.name} by {by}", outcome, good=outcome == "read" and agrees(value, case.value))


def _old_must_hold(matrix: Matrix, old: End, name: str, fact: msgspec.Struct) -> None:
    """A fact of a later kind is held as such; keys that were added to an old kind are ignored."""
    if name in FACTS_OF_1_0:
        return
    outcome, _ = old.ask("fact", "", encode(fact))
    of_old_kind = str(fact.__struct_config__.tag) in {str(one.__struct_config__.tag) for one in FACTS_OF_1_0.values()}
    wanted = "refused:malformed" if name in LATER_WORDS else "read" if of_old_kind else "refused:unknown_kind"
    matrix.note(f"fact-{name} by old", outcome, good=outcome == wanted)


def agrees(read: Any, wanted: Any) -> bool:
    """Tell whether two values are the same wherever both have a key."""
    if isinstance(read, dict) and isinstance(wanted, dict):
        return all(agrees(read[key], wanted[key]) for key in read.keys() & wanted.keys())
    if isinstance(read, list) and isinstance(wanted, list):
        return len(read) == len(wanted) and all(agrees(*pair) for pair in zip(read, wanted, strict=True))
    return bool(read == wanted)
