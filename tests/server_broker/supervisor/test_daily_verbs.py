"""The verbs that a county's administrator types most: what runs, which stations and regions there are, the logs."""

import json
from importlib import metadata
from pathlib import Path

import openpyxl
import pytest

from server_broker import cli
from server_broker.platform.home import CountyHome
from server_broker.platform.plain_output import plain_output
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import UNITS
from server_broker.supervisor.log_verb import log_command, show_log
from tests.cast import COUNTY, OTHER_TOWNSHIP, SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import alarm, make_county, touch


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = cli.main(list(words))
    printed = capsys.readouterr()
    return status, printed.out + printed.err


def test_the_version_is_that_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{metadata.version('cunhui')}\n"


@pytest.mark.django_db
def test_status_says_in_four_lines_how_the_county_is(capsys: pytest.CaptureFixture[str]) -> None:
    station = make_county().stations[SHILI]
    alarm(station)
    touch(station, ZHANG.token)
    status, text = said(capsys, "status")
    assert status == 0
    assert len(text.splitlines()) == 4
    assert "没有运行的有" in text
    assert "没有解除的告警：1 条" in text
    found = json.loads(said(capsys, "status", "--json")[1])
    assert found["parts_down"]
    assert "消息服务" in text, "one name for one part, the doctor's"
    assert "mosquitto" not in text
    assert found["ingest_workers"] == 0
    assert sum(found["stations"].values()) >= 1


@pytest.mark.django_db
def test_stations_and_regions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    make_county()
    assert SHILI in said(capsys, "station", "list")[1]
    assert SHILI in said(capsys, "station", "list", "--region", SHILI_VILLAGE)[1]
    assert SHILI not in said(capsys, "station", "list", "--region", OTHER_TOWNSHIP)[1]
    assert said(capsys, "station", "list", "--region", "1")[0] == 1
    lines = said(capsys, "region", "list")[1].splitlines()
    assert lines[0].startswith(COUNTY)
    assert any(line.startswith(SHILI_VILLAGE) for line in lines)


@pytest.mark.django_db
@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_a_word_for_the_time_before_where_nothing_is_in_doubt_changes_nothing_and_says_so(
    verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_county()
    text = said(capsys, "clock", "--earlier", verdict)[1]
    assert "没有疑问" in text
    assert "0 段" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("claim", "Village 99", "--village", SHILI_VILLAGE, "--name", "x"), "小写字母"),
        (("claim", "village-99", "--village", "990101001999", "--name", "x"), "990101001999"),
        (("revoke", "village-99", "--reason", "示例理由"), "cunhui-server claim village-99 --village"),
        (("revoke", "village-99", "--reason", "丢了"), "请写明理由（至少 4 个字）"),
        (("sign-in-link", "nobody"), "nobody"),
        (("account", "someone", "--role", "king"), "operator"),
        (("import-people", "/nonexistent.xlsx"), "打不开文件：nonexistent.xlsx"),
        (("publish-pack", "/nonexistent.pack"), "读不到 /nonexistent.pack"),
        (("publish-pack", __file__), "不是学习包，或内容不合格式"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_verb_names_what_is_wrong(words: tuple[str, ...], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_county()
    status, text = said(capsys, *words)
    assert status == 1
    assert hint in text


@pytest.mark.django_db
def test_the_clock_s_verb_says_who_vouches_for_it_and_not_only_who_should(capsys: pytest.CaptureFixture[str]) -> None:
    make_county()
    assert "（本县设为由人校准）" in said(capsys, "clock")[1]
    confirmed = said(capsys, "clock", "--confirm")[1]
    assert "人工确认（本县设为由人校准）：向站点授时，站点几分钟内校好" in confirmed


def test_the_empty_workbook_is_written_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.xlsx"
    assert said(capsys, "template", str(file))[0] == 0
    assert "人员" in openpyxl.load_workbook(file).sheetnames
    before = file.read_bytes()
    status, text = said(capsys, "template", str(file))
    assert (status, file.read_bytes()) == (1, before)
    assert "已经有了" in text


def test_logs_are_those_of_the_units_or_the_files(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    with pytest.raises(ServiceError, match="还没有日志"):
        log_command(home, "", follow=False)
    home.logs.mkdir()
    (home.logs / "web.log").touch()
    assert log_command(home, "", follow=False) == ["/usr/bin/tail", "-n", "50", str(home.logs / "web.log")]
    with pytest.raises(ServiceError, match="没有部件 webb"):
        log_command(home, "webb", follow=False)
    home.units_mark.touch()
    assert log_command(home, "web", follow=True)[-3:] == ["-u", UNITS["web"], "-f"]


def test_no_line_of_a_log_is_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = CountyHome(tmp_path)
    home.logs.mkdir()
    (home.logs / "mosquitto.log").write_bytes("示例\x1b[2J\u202e\n".encode() + b"\xff\n")
    with plain_output():
        assert show_log(log_command(home, "mosquitto", follow=False), say=print) == 0
    assert capsys.readouterr().out == r"示例\u001b[2J\u202e" + "\n" + r"\xff" + "\n"
