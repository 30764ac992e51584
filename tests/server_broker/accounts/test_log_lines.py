"""The lines of the county's log: one JSON object each, one clock, no secret and no number of a person."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server_broker.accounts.log_lines import JsonLines, formatter_of
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.parts import service_parts

CONFIG = CountyConfig(name="示例县", host="127.0.0.1", web_port=1, broker_port=2, broker_local_port=3)


def record(message: str, *arguments: object, level: int = logging.WARNING, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("server_broker.ingest", level, __file__, 1, message, arguments, None)
    made.__dict__ |= extra
    made.created, made.msecs = 1_780_000_000.0625, 62.5
    return made


def line(message: str, *arguments: object, **extra: Any) -> dict[str, str]:
    text = JsonLines("ingest").format(record(message, *arguments, **extra))
    assert "\n" not in text
    read: dict[str, str] = json.loads(text)
    return read


def test_each_field_and_the_time_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert line("%d facts", 3, station="shili-01") == {
        "at": "2026-05-28T20:26:40.062Z",
        "level": "warning",
        "part": "ingest",
        "room": "server_broker.ingest",
        "message": "3 facts",
        "station": "shili-01",
    }
    assert "station" not in line("nothing of a station")


def test_a_trace_stays_in_its_line() -> None:
    try:
        raise ValueError("unread: 示例\n第二行")
    except ValueError:
        said = line("failed", exc_info=sys.exc_info())
    assert said["trace"].endswith("第二行")
    assert "Traceback" in said["trace"]


@pytest.mark.parametrize(
    ("secret", "around"),
    [
        ("990101199001011234", "Key (number)=({}) already exists"),
        ("99010119900101123X", "refused: {}"),
        ("13800138000", "telephone {}, of somebody"),
        ("AbC-dEf_0123456789", "Not Found: /sign-in/link/{}/"),
        ("s" * 43, "Not Found: /api/v1/people/cunhui_12_{}"),
    ],
)
def test_no_secret_and_no_number_of_a_person(secret: str, around: str) -> None:
    for text in (line(around.format(secret))["message"], line("%s", around.format(secret))["message"]):
        assert secret not in text
    try:
        raise ValueError(around.format(secret))
    except ValueError:
        assert secret not in line("failed", exc_info=sys.exc_info())["trace"]


def test_ordinary_numbers_stay() -> None:
    for kept in ("990101001001", "1780000000062", "s-00017", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"):
        assert kept in line(f"of {kept}")["message"]


def test_the_journal_gets_the_level_in_front() -> None:
    levels = {logging.ERROR: "<3>", logging.WARNING: "<4>", logging.INFO: "<6>", logging.DEBUG: "<7>"}
    for level, sign in levels.items():
        assert JsonLines("web", for_journal=True).format(record("x", level=level)).startswith(sign + "{")


def test_whoever_inherits_the_journal_s_name_and_writes_elsewhere_has_no_level_in_front() -> None:
    here = os.fstat(2)
    web = {"CUNHUI_PART": "web"}
    theirs = formatter_of(web | {"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino}"}).format(record("x"))
    assert theirs.startswith("<4>{")
    assert formatter_of(web | {"JOURNAL_STREAM": "1:1"}).format(record("x")).startswith("{")


def test_a_verb_s_lines_are_for_a_person_and_have_the_same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    said = formatter_of({}).format(record("of 13800138000"))
    assert said == "2026-05-28T20:26:40.062Z WARNING server_broker.ingest of …"


def test_each_part_says_which_it_is(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    ours = [part for part in service_parts(home, CONFIG) if part.name not in ("postgres", "mosquitto")]
    for part in ours:
        assert part.program().environment["CUNHUI_PART"] == part.name


def test_a_part_logs_so_from_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "county.toml").write_text('name = "示例县"\nhost = "127.0.0.1"\nweb_port = 1\nbroker_port = 2\n')
    program = "import django; django.setup(); import logging; logging.getLogger('x').warning('said')"
    environment = os.environ | {"CUNHUI_HOME": str(tmp_path), "CUNHUI_PART": "chores"}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(said.stderr.splitlines()[-1])["part"] == "chores"


HOSTILE = "shili\n{}\x1b]0;x\x07\x9b2J\u202e\u2028\u200b"


def test_nothing_that_is_quoted_makes_a_line_or_a_command_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = JsonLines("ingest").format(record("refused %s", HOSTILE, station=HOSTILE))
    assert text.splitlines() == [text]
    assert is_plain(text)
    assert json.loads(text)["message"] == f"refused {HOSTILE}"
    monkeypatch.delenv("CUNHUI_PART", raising=False)
    verb = formatter_of().format(record("refused %s", HOSTILE))
    assert verb.splitlines() == [verb]
    assert is_plain(verb)


def test_a_trace_of_a_verb_has_its_lines_and_obeys_nothing() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        said = formatter_of({}).format(record("failed", exc_info=sys.exc_info()))
    assert said.splitlines()[1].startswith("Traceback")
    assert is_plain(said.replace("\n", ""))


def is_plain(text: str) -> bool:
    return not any(sign in text for sign in HOSTILE[5:] if sign not in "{}]0;x2J") and text.isprintable()
