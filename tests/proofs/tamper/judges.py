"""The two verifiers, each asked what is the first thing that is wrong. ``""`` means that nothing is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from server_broker.manifest.evidence_check import Unreadable, check_files
from tests.proofs.tamper import outsider
from tests.proofs.tamper.trials import Record

type Files = Mapping[str, Sequence[Record]]


class Judges:
    """Ask both. Files that a trial leaves alone are encoded once."""

    def __init__(self, files: Files) -> None:
        self._encoded = {name: [encoded(record) for record in records] for name, records in files.items()}
        self._files = files

    def ours(self, name: str, records: Sequence[Record]) -> str:
        """Ask the county's own verifier about the files with ``name`` replaced."""
        try:
            verdict = check_files(self._encoded | {name: [encoded(record) for record in records]})
        except Unreadable as error:
            return str(error)
        return verdict.problems[0].sentence() if verdict.problems else ""

    def theirs(self, name: str, records: Sequence[Record]) -> str:
        """Ask the outsider."""
        changed: dict[str, list[dict[str, Any]]] = {key: list(of) for key, of in self._files.items()}
        changed[name] = list(records)
        try:
            outsider.check(changed)
        except (KeyError, TypeError, ValueError, IndexError, msgspec.DecodeError) as error:
            return str(error) or repr(error)
        return ""


def encoded(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
