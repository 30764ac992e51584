"""The revocation proof passes for the product, and each of its counts rises if something is wrong."""

import json
import random
import ssl
import subprocess
import sys
from collections.abc import Iterator
from copy import replace
from pathlib import Path
from typing import Any, cast

import pytest

from server_broker import broker
from server_broker.platform.county_config import read_config
from tests.conftest import short_folder
from tests.proofs.revocation.judge import Found, Record, Seen, Truth, wrongly_said
from tests.proofs.revocation.line import Line
from tests.proofs.revocation.runs import Bench, Case, Out, Revoker, plan
from tests.proofs.revocation.steps import Steps
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Answer, Board
from tests.server_broker.broker_county import NOW, BrokerCounty

STATION = "village-01"


@pytest.mark.small_proof
def test_a_few_interrupted_revocations_bite() -> None:
    command = [sys.executable, "-m", "tests.proofs.revocation", "--runs", "3", "--stations", "20"]
    command += ["--seed", "1", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr.decode()[-4_000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["runs"], report["cases"], report["shut_out"]) == (3, 3, 0)
    (only,) = report["rounds"]
    assert (only["stations"], only["steps"]["revoke"] > 15) == (20, True)
    assert set(only["silence_ms"]) == {"nothing", "enrol", "renew", "new board", "revoke"}


class HalfCounty:
    """A county whose broker runs and whose chores do not, so that nothing finishes an interrupted task. Renewals are
    granted."""

    def __init__(self, made: BrokerCounty) -> None:
        self.made = made
        self.home = made.home.root
        self.broker_port = read_config(made.home).broker_port
        self.database = [[STATION, "f", ""]]

    def rows(self, query: str) -> list[list[str]]:
        return self.database


@pytest.fixture
def county() -> Iterator[HalfCounty]:
    with short_folder() as folder:
        made = BrokerCounty(folder)
        try:
            yield HalfCounty(made)
        finally:
            made.stop()


class Renewing(Board):
    """A board whose certificate the county renews, whatever the board has done."""

    granted = True

    def renew(self) -> Answer:
        return Answer(200, {"certificate": "any"}) if self.granted else Answer(403, {})


@pytest.fixture
def out(county: HalfCounty) -> Out:
    taken_in = county.made.board(STATION)
    broker.refresh(county.made.home, now=NOW)
    context = ssl.create_default_context(cafile=str(county.home / "ca.pem"))
    context.load_cert_chain(taken_in.pair)
    return Out("a run", Renewing(cast(County, county), station=STATION), context)


def bench(county: HalfCounty) -> Bench:
    return Bench(cast(County, county), cast(Revoker, None))


def test_whoever_is_still_in_is_counted_each_way(county: HalfCounty, out: Out) -> None:
    judging = bench(county)
    with Line(county.broker_port, STATION, out.context) as line:
        assert line.admitted
        county.made.revoked(STATION)  # and the program that did it was killed
        seen = judging.treated(out, line, line.ticket, limit_s=0.5)
    assert seen == Seen(session=True, connection=True, ticket=True, renewal=True)
    judging.found.seen("a run", seen)
    assert len(judging.found.admitted) == 4


def test_whoever_is_out_is_not_counted(county: HalfCounty, out: Out) -> None:
    judging = bench(county)
    with Line(county.broker_port, STATION, out.context) as line:
        ticket = line.ticket
        assert line.admitted
        county.made.revoked(STATION)
        assert broker.refresh(county.made.home, now=NOW)
        assert broker.cut_off(county.made.home, STATION)
        cast(Renewing, out.board).granted = False
        seen = judging.treated(out, line, ticket)
    assert seen.named() == []


def test_a_ticket_resumes_a_session_until_the_broker_has_read_new_lists(county: HalfCounty, out: Out) -> None:
    """Otherwise the broker would not see a revoked certificate, because a resumed session shows none (RFC 8446,
    2.2)."""
    with Line(county.broker_port, STATION, out.context) as line:
        ticket = line.ticket
    assert ticket is not None
    with Line(county.broker_port, STATION, out.context, ticket=ticket) as line:
        assert (line.admitted, line.resumed) == (True, True)
    county.made.revoked(STATION)
    assert broker.refresh(county.made.home, now=NOW)
    with Line(county.broker_port, STATION, out.context, ticket=ticket) as line:
        assert (line.admitted, line.resumed) == (False, False)


IN_FORCE = {
    "in_journal": True,
    "lists_written": True,
    "in_force": True,
    "session_ended": True,
    "in_database": True,
    "complete": True,
    "sentence": "站点 village-01 已吊销，已断开",
}
TRUE = Truth(in_journal=True, lists_written=True, connects=False, session=False)
NOTHING = dict.fromkeys(IN_FORCE, False) | {"sentence": "站点 village-01 没有断开"}


@pytest.mark.parametrize(
    ("said", "truth", "wrong"),
    [
        (IN_FORCE, TRUE, []),
        (IN_FORCE, replace(TRUE, in_journal=False), ["in_journal", "complete"]),
        (IN_FORCE, replace(TRUE, lists_written=False), ["lists_written"]),
        (IN_FORCE, replace(TRUE, connects=True), ["in_force", "complete", "已断开"]),
        (IN_FORCE, replace(TRUE, session=True), ["session_ended", "complete", "已断开"]),
        (NOTHING, TRUE, ["not in the journal"]),
        (NOTHING | {"in_database": True}, TRUE, []),
        (NOTHING, replace(TRUE, in_journal=False), []),
        ({"error": "OSError"}, TRUE, ["nothing done, and it is in the journal"]),
        ({"error": "OSError"}, replace(TRUE, in_journal=False), []),
        (IN_FORCE | {"in_database": False, "complete": False}, TRUE, []),
    ],
)
def test_what_is_claimed_and_is_not_so_is_counted(said: dict[str, Any], truth: Truth, wrong: list[str]) -> None:
    assert wrongly_said(said, truth) == wrong
    found = Found()
    found.said("a run", wrongly_said(said, truth))
    assert len(found.said_wrongly) == len(wrong)


def test_a_claim_is_held_against_a_real_broker_and_real_files(county: HalfCounty, out: Out) -> None:
    judging = bench(county)
    with Line(county.broker_port, STATION, out.context) as line:
        judging.judge_said(out, line, IN_FORCE)
    judging.judge_said_of_database(out, IN_FORCE)
    assert len(judging.found.said_wrongly) == 7


KEY = "aa" * 32
REVOKED = Record(
    journal=[
        {"event": "enrolled", "station": STATION, "record_key": KEY, "serial": "a1"},
        {"event": "revoked", "station": STATION},
    ],
    listed=set(),
    revoked_serials={"a1"},
    database={STATION: (True, KEY)},
)


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        (REVOKED, []),
        (replace(REVOKED, listed={STATION}), ["list of stations"]),
        (replace(REVOKED, revoked_serials=set()), ["revocation list"]),
        (replace(REVOKED, database={STATION: (False, KEY)}), ["database"]),
        (replace(REVOKED, database={STATION: (True, "bb" * 32)}), ["database"]),
        (replace(REVOKED, database={}), ["database"]),
    ],
)
def test_what_the_chores_left_undone_is_counted(record: Record, wrong: list[str]) -> None:
    assert record.out_of_step(STATION, KEY) == wrong
    found = Found()
    found.step("a run", wrong)
    assert len(found.unfinished) == len(wrong)


def test_a_run_that_nobody_finished_is_named_in_the_end(county: HalfCounty, out: Out) -> None:
    judging = bench(county)
    judging.out.append(out)
    county.made.revoked(STATION)
    judging.finish(within_s=0.2)
    assert [one.rpartition(": ")[2] for one in judging.found.unfinished] == ["list of stations", "database"]
    assert judging.found.admitted == ["a run: connection, in the end"]


def test_every_step_is_a_place_to_be_killed_at() -> None:
    cases = plan(400, {"revoke": 60, "enrol": 70}, random.Random(1))
    assert {case.at for case in cases if case.what == "revoke" and case.happens == "death"} == set(range(1, 62))
    assert {case.at for case in cases if case.what == "enrol"} == set(range(1, 72))
    assert {case.at for case in cases if case.happens == "full disk"} == set(range(1, 62))
    assert plan(10, {"revoke": 60, "enrol": 70}, random.Random(7)) == plan(
        10, {"revoke": 60, "enrol": 70}, random.Random(7)
    )
    assert {len(plan(runs, {"revoke": 60, "enrol": 70}, random.Random(1))) - runs for runs in range(1, 60)} == {0}
    assert str(Case("revoke", "death", 3)) == "revoke, death before step 3"


class Killed(Exception):
    """Stands for the end of a process."""


def die() -> None:
    raise Killed


@pytest.mark.parametrize(("at", "exists", "says"), [(1, False, ""), (2, True, ""), (3, True, "x"), (4, True, "x")])
def test_something_happens_right_before_its_step(tmp_path: Path, at: int, exists: bool, says: str) -> None:
    code = f"""
import os
from tests.proofs.revocation.steps import Steps
steps = Steps({at}, lambda: os._exit(9))
steps.begin()
descriptor = os.open("{tmp_path}/file", os.O_CREAT | os.O_WRONLY)
os.write(descriptor, b"x")
os.fsync(descriptor)
steps.end()
os._exit(steps.count)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    file = tmp_path / "file"
    assert done.returncode == 9
    assert (file.exists(), file.read_text() if exists else "") == (exists, says)


def test_steps_are_counted_and_nothing_happens_unasked(tmp_path: Path) -> None:
    steps = Steps(0, die)
    steps.begin()
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").rename(tmp_path / "other")
    steps.end()
    assert steps.count >= 1
