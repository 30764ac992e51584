"""The peers' judge counts planted losses and doubles, and the script and the costs are as they should be."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from tests.benchmarks.peers.figures import figures
from tests.benchmarks.peers.judge import Verdict, judge
from tests.benchmarks.peers.our_agent import facts_of
from tests.benchmarks.peers.script import FACTS_PER_DAY, CutLine, CutPower, Kill, MendLine, Present, week
from tests.benchmarks.peers.spent import cpu_s
from tests.benchmarks.peers.subscriber import facts_in
from tests.benchmarks.peers.week import Lived


def test_a_week_in_which_all_went_well() -> None:
    verdict = judge(presented={"a": 1, "b": 2}, acknowledged={"a", "b"}, stored=Counter(a=1, b=2))
    assert verdict == Verdict(acknowledged=2, lost=0, doubled=0, invented=0, unacknowledged=0)


def test_a_planted_loss_is_counted() -> None:
    verdict = judge(presented={"a": 1, "b": 1, "c": 1}, acknowledged={"a", "b"}, stored=Counter(a=1, b=0))
    assert verdict == Verdict(acknowledged=2, lost=1, doubled=0, invented=0, unacknowledged=1)


def test_a_planted_double_is_counted_and_a_second_try_is_none() -> None:
    verdict = judge(presented={"a": 1, "b": 2, "c": 1}, acknowledged={"a", "b", "c"}, stored=Counter(a=3, b=2, c=1))
    assert verdict == Verdict(acknowledged=3, lost=0, doubled=2, invented=0, unacknowledged=0)


def test_what_nobody_presented_is_invented() -> None:
    verdict = judge(presented={"a": 1, "b": 0}, acknowledged={"a"}, stored=Counter(a=1, b=1, x=2))
    assert (verdict.invented, verdict.unacknowledged) == (3, 0)


def test_a_touch_whose_light_nobody_saw_belongs_to_its_cards_next_light() -> None:
    rows = [(f"e/{seq}", card) for seq, card in enumerate("xxyxxxz", start=1)]
    lit = {"e/2": "a", "e/3": "b", "e/5": "c"}
    assert facts_of(rows, lit) == Counter(a=2, b=1, c=3, z=1)


@pytest.mark.parametrize("seed", range(50))
def test_a_week_is_the_same_by_seed_and_breaks_what_it_should(seed: int) -> None:
    steps = week(seed)
    assert steps == week(seed)
    facts = [step.fact for step in steps if isinstance(step, Present)]
    assert len(set(facts)) == len(facts) == 7 * FACTS_PER_DAY
    counts = Counter(type(step) for step in steps)
    assert (counts[CutLine], counts[MendLine], counts[Kill], counts[CutPower]) == (7, 7, 14, 14)


def test_each_day_something_breaks_while_the_line_is_cut() -> None:
    cut, while_cut = False, Counter[type]()
    for step in week(3):
        cut = isinstance(step, CutLine) or (cut and not isinstance(step, MendLine))
        while_cut[type(step)] += cut
    assert (while_cut[Kill], while_cut[CutPower]) == (7, 7)


def test_facts_are_found_in_what_the_peers_send() -> None:
    assert facts_in(b'{"fact": "1"}') == ["1"]
    telemetry = {"station": [{"ts": 1, "values": {"fact": "1"}}, {"ts": 2, "values": {"fact": "2", "other": 3}}]}
    assert facts_in(json.dumps(telemetry).encode()) == ["1", "2"]
    assert facts_in(b'{"station": [{"ts": 1, "values": {"rate": 5}}]}') == []


def test_the_processor_time_of_a_session_has_its_children_in_it() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); print(flush=True); input()"
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert cpu_s(child.pid) >= 0.25
        child.communicate(b"\n")
    assert cpu_s(child.pid) == 0


def test_ours_stands_beside_the_peers() -> None:
    ours, other = Lived(rss_mb=40.0), Lived(rss_mb=20.0)
    ours.verdict = judge(presented={"a": 1}, acknowledged={"a"}, stored=Counter(a=1))
    other.verdict = judge(presented={"a": 1}, acknowledged={"a"}, stored=Counter())
    lines = {figure.name: figure.line() for figure in figures({"us": ours, "them": other}, ours="us")}
    assert (lines["lost"]["value"], lines["lost"]["peer"]) == (0, {"them": 1})
    assert (lines["rss_mb"]["value"], lines["rss_mb"]["peer"]) == (40.0, {"them": 20.0})
    assert lines["answer_p50_ms"]["value"] is None
