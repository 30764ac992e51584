"""``cunhui-server settle``: its exit code, its last line, and its text for people."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from server_broker import cli
from server_broker.settlement.version import RULES
from tests.server_broker.settlement.test_reading_cases import CASE

CASES = Path(__file__).parents[2] / "cases"
LATE = CASES / "s0-holdover-is-dated.toml"


def run(capsys: pytest.CaptureFixture[str], file: Path, *more: str) -> tuple[int, str, str]:
    code = cli.main(["settle", "--case", str(file), *more])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_as_expected_it_ends_with_0_and_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, LATE, "--json")

    said = json.loads(out.splitlines()[-1])
    assert code == 0
    assert list(said) == [
        "name", "rules", "refused", "windows", "totals", "resident", "meetings", "months", "slips", "exceptions",
        "differences",
    ]  # fmt: skip
    assert (said["rules"], said["refused"], said["differences"]) == (RULES, None, [])
    assert said["windows"] == [
        {
            "person": "zhang",
            "date": "2026-03-02",
            "start": "08:30",
            "result": "迟",
            "kind": "",
            "beside": [],
            "late": 15,
            "early": 0,
            "flags": [],
            "line": "12",
            "reason": "8:45 到，迟 15 分钟；12:05 走。",
        }
    ]


def test_other_than_expected_it_ends_with_1_and_says_where(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(LATE.read_text(encoding="utf-8").replace("late = 15", "late = 14"), encoding="utf-8")

    code, out, _ = run(capsys, other, "--json")

    assert code == 1
    assert json.loads(out)["differences"] == ["zhang 2026-03-02 08:30 late：应为 14，是 15"]


def test_a_case_that_must_be_refused_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, CASES / "s1-01-overlap-by-a-minute.toml", "--json")

    said = json.loads(out)
    assert (code, said["refused"], said["windows"]) == (0, "overlap", [])


def test_what_is_no_case_ends_with_2_and_the_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(CASE.replace('persons = ["zhang"]', 'persons = ["li"]'), encoding="utf-8")

    code, out, error = run(capsys, wrong, "--json")

    assert (code, out) == (2, "")
    assert error == f"{wrong}：第 11 行：没有叫 li 的人\n"


def test_bytes_that_are_no_text_are_no_case(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_bytes(b"format = 1\nname = \xff\n")

    code, _, error = run(capsys, wrong)

    assert (code, "第 2 行" in error) == (2, True)


def test_a_file_that_is_not_there_is_no_case(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, tmp_path / "none.toml")[0] == 2


def test_people_read_what_it_comes_to_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, LATE)

    assert code == 0
    assert out.splitlines() == [
        f"s0-holdover-is-dated：按规则 {RULES} 结算",
        "zhang  2026-03-02  08:30  迟    第 12 条  8:45 到，迟 15 分钟；12:05 走。",
        "合计 zhang：应到 1.0 天，出勤 1.0 天，迟 1.0 天，迟到 1 次，迟 15 分钟，已定",
        "月表 2026-03：可公示",
        "和预期一致",
    ]


@pytest.mark.parametrize("file", sorted(CASES.glob("s[4-7]*.toml")), ids=lambda file: file.stem)
def test_every_kind_of_answer_has_a_text(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, file)

    assert (code, out.splitlines()[-1]) == (0, "和预期一致")


def test_a_case_without_an_expectation_differs_from_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bare = tmp_path / "bare.toml"
    bare.write_text(CASE, encoding="utf-8")

    assert run(capsys, bare, "--json")[0] == 0


def test_it_needs_neither_django_nor_a_database() -> None:
    program = (
        "import sys; from server_broker.cli import main; "
        f"code = main(['settle', '--case', {str(LATE)!r}]); "
        "sys.exit(code or 'django' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False, stdout=subprocess.DEVNULL).returncode == 0
