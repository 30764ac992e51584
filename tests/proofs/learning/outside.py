"""What somebody outside reads: facts by psql and from a station's file, whose card it is, and what lies on a shelf.

Nothing of the product reads it: bytes come by psql and SQLite, MessagePack is read by `tests.scoring.messagepack`.
"""

import shutil
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.processes import wait_until
from tests.scoring import messagepack
from tests.scoring.scorer import Binding

type Raw = tuple[bytes, int, bytes]
"""Epoch, seq and body of a fact."""

_FACTS = """
    select encode(s.epoch, 'hex'), f.seq, encode(f.body, 'hex')
    from ingest_fact f join fleet_stream s on s.id = f.stream_id where f.body is not null"""
_BINDINGS = """
    select encode(c.token, 'hex'), p.number from people_binding b
    join people_card c on c.id = b.subject_id join people_person p on p.id = b.person_id
    where b.superseded_at is null and b.state = 'held'"""
_INDEX = """
    select encode(payload, 'hex'), encode(sha256, 'hex') from bundles_stationindex
    where station_id = '{station}' order by version desc limit 1"""
_LOCAL = "select epoch, place & 1099511627775, body from facts where body is not null"
_LEARNING = ("attempt", "level_ended")
_DIGEST_BYTES = 32


def county_facts(county: DemoCounty) -> list[Raw]:
    """Return every fact that the county has."""
    return [(bytes.fromhex(epoch), int(seq), bytes.fromhex(body)) for epoch, seq, body in county.sql(_FACTS)]


def station_facts(outbox: Path) -> list[Raw]:
    """Return every fact in a station's file. An agent locks it, so a copy is read."""
    with TemporaryDirectory(dir=outbox.parent) as folder:
        copy = Path(folder) / outbox.name
        files = [(outbox, copy), (Path(f"{outbox}-wal"), Path(f"{copy}-wal"))]
        wait_until(lambda: _copied(files), what=f"a moment in which {outbox} stays as it is", timeout_s=20)
        with closing(sqlite3.connect(copy)) as file:
            return [(bytes(epoch), seq, bytes(body)) for epoch, seq, body in file.execute(_LOCAL)]


def _copied(files: list[tuple[Path, Path]]) -> bool:
    """Copy files; False: one of them was written meanwhile."""
    before = [_state(source) for source, _ in files]
    for source, target in files:
        if source.exists():
            shutil.copyfile(source, target)
    return before == [_state(source) for source, _ in files]


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def bindings(county: DemoCounty) -> list[Binding]:
    """Return whose cards the county says they are. No card of the proof changes hands."""
    return [Binding(bytes.fromhex(token), number) for token, number in county.sql(_BINDINGS)]


def shelf_is_in_step(county: DemoCounty, station: str, folder: Path) -> bool:
    """Tell whether a station has the newest index that the county made for it, and all that is named there."""
    rows = county.sql(_INDEX.format(station=station))
    try:
        state: Any = messagepack.read((folder / "shelf" / "state").read_bytes()[_DIGEST_BYTES:])
    except FileNotFoundError:
        return False
    if not rows or state.get("index") is None or bytes.fromhex(rows[0][1]) not in state["index"]:
        return False
    index: Any = messagepack.read(bytes.fromhex(rows[0][0]))
    held = {(id_, sha256) for id_, _, _, sha256, *_ in state.get("held", [])}
    return {(id_, sha256) for id_, _, _, sha256, *_ in index.get("bundles", [])} <= held


class Reader:
    """Reads each body once, because every comparison looks at all facts."""

    def __init__(self) -> None:
        self._read: dict[bytes, dict[str, Any]] = {}

    def read(self, body: bytes) -> dict[str, Any]:
        """Return a fact."""
        if body not in self._read:
            fact: Any = messagepack.read(body)
            self._read[body] = fact
        return self._read[body]

    def concerning(self, raw: Iterable[Raw], cards: Collection[bytes]) -> list[Raw]:
        """Return the facts that can concern whoever has these cards: touches, what names one, and what dates."""
        listed = [(one, self.read(one[2])) for one in raw]
        touches = {one[:2] for one, fact in listed if fact["kind"] == "touch" and fact["card"] in cards}

        def concerns(one: Raw, fact: dict[str, Any]) -> bool:
            by = fact.get("by") if fact["kind"] in _LEARNING else None
            named = by is not None and (by["epoch"], by["seq"]) in touches
            return named or one[:2] in touches or fact["kind"] in ("clock_corrected", "reissued")

        return [one for one, fact in listed if concerns(one, fact)]

    def learning(self, raw: Iterable[Raw]) -> set[tuple[bytes, int]]:
        """Return which facts are answers, and ends of levels."""
        return {one[:2] for one in raw if self.read(one[2])["kind"] in _LEARNING}

    def answers(self, raw: Iterable[Raw]) -> set[tuple[bytes, int]]:
        """Return which facts are answers."""
        return {one[:2] for one in raw if self.read(one[2])["kind"] == "attempt"}
