"""What is not a case is refused with the line on which it goes wrong."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.reckoning.minutes import ALWAYS, NEVER
from tests.reckoning.reading import read_case
from tests.reckoning.rows import Fault

HEAD = """format = 1
rules = "2.3"
name = "示例"
days = [2026-03-02]
regions = [{ id = "county" }, { id = "t", parent = "county" }, { id = "v", parent = "t" }]
people = [{ id = "甲", village = "v" }]
"""


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("nonsense", 7, "not TOML"),
        ("colour = 3\n", 7, "unknown key colour"),
        ('[[posts]]\npost = "书记"\nperson = "乙"\n', 9, "there is no person 乙"),
        ('[[posts]]\npost = "书记"\nperson = "甲"\nfrom = 2026-03-02\nto = 2026-03-01\n', 11, "ends before it begins"),
        ('[[notices]]\nscope = "x"\n', 8, "there is no region x"),
        ('rosters = [\n  { village = "v", windows = ["8-12"], persons = ["甲"], days = "working" },\n]\n', 8, "window"),
        ('[[rosters]]\nvillage = "v"\nwindows = ["08:30-12:00"]\ndays = "working"\n', 7, "persons or for a post"),
        ('[[stations]]\nid = "s"\nvillage = "v"\nfacts = [\n  { seq = 1, at = 2026-03-02T08:00:00, kind = "boot" },\n'
         '  { seq = 1, at = 2026-03-02T08:01:00, kind = "boot" },\n]\n', 12, "twice"),
        ('[[stations]]\nid = "s"\nvillage = "v"\n[[stations.facts]]\nseq = 1\nkind = "boot"\nat = 2026-03-02\n', 13,
         "at must be a local date and time"),
        ('[[months]]\nmonth = "2026-03"\n[[months]]\nmonth = "2026-03"\n', 10, "2026-03 is there twice"),
        ('[[months]]\nmonth = 2026-03-01\n', 8, "month must be a text"),
        ('[[leave]]\nperson = "甲"\ncover = "出"\nkind = "事"\n', 10, "only leave"),
        ('[[meetings]]\nid = "m"\nstation = "s"\nstart = 2026-03-02T09:00:00\nend = 2026-03-02T10:00:00\n'
         'expected = ["甲"]\nvoters = [\n  "乙",\n]\n', 13, "nobody who is expected"),
        ('as_of = 2026-03-02T08:00:00Z\n', 7, "as_of must be a local date and time"),
        ('[[swaps]]\ndate = 2026-03-02\nwindow = "08:30"\ngiver = "甲"\ntaker = "甲"\nagreed = []\n', 11, "themselves"),
        ('[[expect]]\nperson = "甲"\ndate = 2026-03-02\nstart = "08:30"\nresult = "好"\n', 11, "result must be one of"),
    ],
)  # fmt: skip
def test_a_fault_names_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(Fault, match=why) as caught:
        read_case(HEAD + text)
    assert caught.value.line == line


def test_what_is_left_out_has_its_default() -> None:
    case = read_case(
        HEAD
        + """
[[stations]]
id = "s"
village = "v"
facts = [{ seq = 1, kind = "touch", card = "k", at = 2026-03-02T08:00:00 }]
[[leave]]
person = "甲"
cover = "出"
start = 2026-03-02T08:30:00
end = 2026-03-02T12:00:00
asked = 2026-03-01T08:30:00
"""
    )
    (fact,) = case.stations[0].facts
    assert (fact.epoch, fact.quality, fact.way) == (1, "synced", "")
    assert fact.received == datetime(2026, 3, 2, 8, 1)  # noqa: DTZ001
    assert case.stations[0].enrolled == ALWAYS
    assert case.as_of == NEVER
    assert case.leave[0].asked_by == "甲"
    assert case.people[0].rank == "cadre"


def test_the_command_ends_with_2_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(HEAD + "colour = 3\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.reckoning", str(path), "--json"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 7: unknown key colour" in done.stderr


def test_the_command_answers_on_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(
        HEAD
        + """rosters = [{ village = "v", windows = ["08:30-12:00"], persons = ["甲"], days = "working" }]
[[expect]]
person = "甲"
date = 2026-03-02
start = "08:30"
result = "√"
""",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.reckoning", str(path), "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    answer = json.loads(done.stdout.splitlines()[-1])
    assert [row["result"] for row in answer["windows"]] == ["暂"]
    assert len(answer["differences"]) == 1
    assert set(answer) == {
        "name", "rules", "refused", "windows", "totals", "resident", "meetings", "months", "slips", "exceptions",
        "differences",
    }  # fmt: skip
