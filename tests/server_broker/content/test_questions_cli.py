"""`cunhui-server questions`: what a person and a program read of it, and what is written."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from protocol.packs import Pack
from server_broker import cli
from server_broker.content.bank import Bank, BankLevel, pack_of
from server_broker.content.files import open_bank
from server_broker.content.gift_writing import gift_of
from tests.server_broker.content.banks import question

STEMS = ("谁来选？", "什么时候公布？", "在哪里登记？", "多少人同意才行？", "由谁监督？", "怎样罢免？")
BAD = "\n坏的题？{=甲}\n"


def bank() -> Bank:
    asked = tuple(question(id=f"q{number}", stem=stem) for number, stem in enumerate(STEMS))
    return Bank("demo", "示例题库", (BankLevel("l1", "第一关", 5, asked),), sample=True, owner="张示例")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "题库.gift"
    path.write_text(gift_of(bank()), encoding="utf-8")
    return path


@pytest.fixture
def partly(good: Path) -> Path:
    good.write_text(good.read_text(encoding="utf-8") + BAD, encoding="utf-8")
    return good


def run(*arguments: str | Path) -> int:
    return cli.main(["questions", *map(str, arguments)])


def account(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_file_that_is_good_becomes_a_pack_beside_it(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", good, "--version", "3") == 0
    written = good.with_name("题库.gift.pack.json")
    assert msgspec.json.decode(written.read_bytes(), type=Pack) == pack_of(bank(), version=3)
    said = capsys.readouterr().out
    assert "示例题库：共 6 题，收下 6，没有收下 0" in said
    assert "没有写复审日期" in said
    assert [path.name for path in good.parent.iterdir() if path.name.startswith(".")] == []


def test_a_dry_run_writes_nothing(good: Path) -> None:
    assert run("import", good, "--dry-run") == 0
    assert [path.name for path in good.parent.iterdir()] == ["题库.gift"]


def test_a_refused_question_is_told_with_its_line_and_keeps_the_pack_back(
    partly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = partly.read_text(encoding="utf-8").split("\n").index("坏的题？{=甲}") + 1
    assert run("import", partly) == 1
    said = capsys.readouterr().out
    assert f"× 第 {line} 行：是填空或简答题，屏幕上答不了；请改成单选" in said
    assert "没有写学习包" in said
    assert not partly.with_name("题库.gift.pack.json").exists()


def test_the_good_ones_alone_become_a_pack_if_one_says_so(partly: Path) -> None:
    assert run("import", partly, "--take-good") == 1
    assert open_bank(partly.with_name("题库.gift.pack.json")).bank().title == "示例题库"


def test_a_program_reads_every_question_with_its_code(partly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", partly, "--json") == 1
    told = account(capsys)
    assert (told["taken"], told["refused"], told["by_reason"]) == (6, 1, {"short_answer": 1})
    assert [row["taken"] for row in told["questions"]] == [True] * 6 + [False]
    assert told["questions"][6]["reasons"][0]["code"] == "short_answer"
    assert {finding["code"] for finding in told["findings"]} == {"no_review_date"}
    assert (told["written"], told["format"], told["bank"]["id"]) == (None, "gift", "demo")


def test_a_finding_that_stops_keeps_the_pack_back(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good.write_text(
        good.read_text(encoding="utf-8").replace("// 示例：是", "// 复审日期：2020-01-01"), encoding="utf-8"
    )
    assert run("import", good, "--json", "--take-good") == 1
    told = account(capsys)
    assert "review_over" in {finding["code"] for finding in told["findings"] if finding["severity"] == "stops"}
    assert told["written"] is None


def test_a_file_that_cannot_be_read_is_refused_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "坏.gift"
    path.write_bytes("村务\n".encode() + "公开\n".encode("gbk"))
    assert run("import", path) == 1
    assert "第 2 行：这一行是 GBK 编码" in capsys.readouterr().err
    assert run("import", path, "--json") == 1
    assert account(capsys)["refused_whole"]["code"] == "mixed_encodings"


def test_the_template_can_be_filled_in_and_files_go_into_one_another(good: Path) -> None:
    assert run("template", good.with_name("模板.xlsx")) == 0
    assert open_bank(good.with_name("模板.xlsx")).form == "excel"
    assert run("export", good, "--to", good.with_name("题库.xlsx")) == 0
    assert run("export", good.with_name("题库.xlsx"), "--to", good.with_name("再.txt")) == 0
    assert good.with_name("再.txt").read_bytes() == good.read_bytes()


def test_a_file_that_is_there_is_not_written_over(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = good.read_bytes()
    assert run("template", good) == 1
    assert run("export", good, "--to", good) == 1
    assert "已经有了" in capsys.readouterr().err
    assert good.read_bytes() == before


@pytest.mark.parametrize("to", ["", "题库.doc"])
def test_an_export_without_a_format_is_refused(good: Path, to: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", good, "--to", good.with_name(to) if to else "") == 1
    assert capsys.readouterr().err


def test_a_file_with_a_refused_question_is_not_exported(partly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", partly, "--to", partly.with_name("题库.xlsx")) == 1
    assert "1 处问题" in capsys.readouterr().err
    assert not partly.with_name("题库.xlsx").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "不是学习包"), (b"{}", "不是学习包"), (b"\xff", "不是学习包"), (b"[" * 99_999, "不是学习包")],
)
def test_a_json_file_that_is_no_pack_is_refused(
    tmp_path: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "包.json"
    path.write_bytes(content)
    assert run("import", path) == 1
    assert said in capsys.readouterr().err
