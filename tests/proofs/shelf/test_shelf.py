"""A small run of the proof of the shelf passes for the product, and its judge sees the bugs that it is meant for."""

import os
from pathlib import Path
from typing import Any

import pytest

from agent.shelf import disk
from agent.shelf.disk import ShelfDisk
from agent.shelf.state import ShelfState
from agent.shelf.trip import Trip
from tests.proofs.shelf.line import prove_line
from tests.proofs.shelf.power import prove


def test_no_cut_of_the_power_harms_the_shelf() -> None:
    findings = prove(cuts=150, seed=int.from_bytes(os.urandom(4)))
    assert not findings.counts, findings.examples


def test_a_line_that_breaks_costs_hardly_a_byte_twice(tmp_path: Path) -> None:
    found = prove_line(tmp_path, breaks=6, seed=5, apart=60_000)
    assert (found.breaks, dict(found.findings.counts)) == (6, {})
    assert 0 < found.twice_percent < 4, "so few bytes make one lost record weigh much"


def test_files_that_are_not_synced_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ShelfDisk, "adopt", lambda self, name: os.rename(self.coming(name), self.folder / "files" / name)
    )
    assert prove(cuts=150, seed=5).counts.total()


def test_names_that_are_not_synced_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "sync_folder", lambda _: None)
    assert prove(cuts=150, seed=5).counts["unplayable"]


def test_old_files_that_go_before_the_new_state_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = ShelfDisk.keep

    def hasty(self: ShelfDisk, state: ShelfState) -> None:
        new = {one.sha256 for one in state.held}
        for held in self.state.held:
            if held.sha256 not in new:
                self.discard(f"{held.sha256.hex()}.signed")
        keep(self, state)

    monkeypatch.setattr(ShelfDisk, "keep", hasty)
    assert prove(cuts=250, seed=3).counts["unplayable"]


def test_a_state_before_its_files_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Trip._bring_item

    def skipping(self: Trip, item: Any, entry: Any) -> None:
        if item.name != "0.jpg":
            take(self, item, entry)

    monkeypatch.setattr(Trip, "_bring_item", skipping)
    counts = prove(cuts=200, seed=5).counts
    assert counts["unplayable"] or counts["stuck"]
