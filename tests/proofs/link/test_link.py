"""The link proof passes for the product, and its judge sees the faults that it is meant to see."""

import json
import random
import subprocess
import sys
from typing import Any, cast

import pytest

from protocol.units import FactRef
from tests.proofs.link.faults import BY_NAMESPACE, BY_PROXY, draw_plan
from tests.proofs.link.judge import BAD, Findings, Judge
from tests.proofs.link.station import LinkedStation
from tests.proofs.strangers.county import County

EPOCH = bytes(16)


@pytest.mark.small_proof
def test_a_round_over_bad_lines_leaves_nothing_lost_doubled_or_stuck() -> None:
    command = [sys.executable, "-m", "tests.proofs.link", "--runs", "6", "--real", "0", "--seed", "7", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr.decode()[-4_000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["scaled_runs"], report["touches"] > 0) == (6, True)
    assert not any(report[name] for name in BAD)


class Rows:
    """A county whose tables hold what the test puts into them."""

    def __init__(self, touches: list[list[str]], streams: list[list[str]]) -> None:
        self._touches = touches
        self._streams = streams

    def rows(self, query: str) -> list[list[str]]:
        return self._touches if "attendance_touch" in query else self._streams


class Shown:
    """A station whose lamp log and head are known."""

    name = "demo-0001"
    told_head = b"\x01" * 32
    told_through = 3
    alarms: tuple[str, ...] = ()

    def __init__(self, *green: int) -> None:
        self.lamp = self
        self.green = {number: FactRef(epoch=EPOCH, seq=number) for number in green}


def judged(touches: list[list[str]], *green: int, streams: list[list[str]] | None = None) -> Any:
    findings = Findings()
    judge = Judge(cast(County, Rows(touches, streams or [])))
    station = cast(LinkedStation, Shown(*green))
    judge.judge_touches([station], findings)
    if streams is not None:
        judge.judge_heads([station], findings, "round 0")
    return findings.counts


def row(number: int, *, seq: int | None = None) -> list[str]:
    return ["demo-0001", number.to_bytes(16, "big").hex(), f"{EPOCH.hex()}/{number if seq is None else seq}"]


def test_the_judge_counts() -> None:
    assert not judged([row(1), row(2)], 1, 2)
    assert judged([row(1)], 1, 2) == {"lost": 1}
    assert judged([row(1), row(2), row(3)], 1, 2) == {"invented": 1}
    assert judged([row(1), row(1)], 1) == {"doubled": 1}
    assert judged([row(1, seq=9)], 1) == {"lost": 1, "invented": 1}, "under another name it is another fact"
    assert judged([row(1), row(1, seq=9)], 1) == {"doubled": 1, "invented": 1}


def test_the_judge_compares_heads() -> None:
    right = ["demo-0001", "01" * 32, "3"]
    assert not judged([], streams=[right])
    assert judged([], streams=[["demo-0001", "02" * 32, "3"]]) == {"wrong_heads": 1}
    assert judged([], streams=[["demo-0001", "01" * 32, "2"]]) == {"wrong_heads": 1}
    assert judged([], streams=[right, ["demo-0001", "02" * 32, "5"]]) == {"new_epochs": 1}


def test_every_fault_is_drawn() -> None:
    chance = random.Random(1)
    drawn = {kind for _ in range(300) for kind, _ in draw_plan(chance, in_namespace=True).faults}
    assert drawn == {*BY_PROXY, *BY_NAMESPACE}
    drawn = {kind for _ in range(300) for kind, _ in draw_plan(chance, in_namespace=False).faults}
    assert drawn == set(BY_PROXY)
