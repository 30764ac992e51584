"""The first hour: what setup asks, how it tries the answers, and what it refuses before it has changed anything."""

import datetime as dt
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import setup, setup_questions
from server_broker.supervisor.setup_questions import asked, from_file, questions

GOOD = {
    "name": "示例县",
    "region": "990101",
    "host": "127.0.0.1",
    "other_hosts": "",
    "web_port": "",
    "broker_port": "",
    "clock": "manual",
    "admin": "",
}


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every port is free but 443, and the clock is nobody's."""
    monkeypatch.setattr(setup_questions, "_is_free", lambda port: port != 443)
    monkeypatch.setattr(setup_questions, "_usual_clock", lambda: "ntp")


def typed(*lines: str) -> Iterator[str]:
    yield from lines
    raise EOFError


def answer(*lines: str) -> tuple[dict[str, str], list[str]]:
    """Answer the questions by these lines; return the answers and what was said about wrong ones."""
    said: list[str] = []
    feed = typed(*lines)
    return asked(lambda _shown: next(feed), say=said.append), said


def test_there_are_at_most_eight_questions() -> None:
    assert len(questions()) <= 8


def test_enter_takes_what_is_usual(free: None) -> None:
    answers, said = answer("示例县", "990101", "127.0.0.1", "", "", "", "", "")
    assert not said
    assert answers == GOOD | {
        "region": "990101000000", "web_port": "8443", "broker_port": "8883", "clock": "ntp", "admin": "admin"
    }  # fmt: skip
    assert setup.init_words(answers)[:4] == ["--name", "示例县", "--host", "127.0.0.1"]


@pytest.mark.parametrize(
    ("place", "wrong", "words"),
    [
        (1, "12345", "县的代码是"),
        (1, "990101001000", "县的代码是"),
        (2, "https://county.example", "不带 https://"),
        (2, "no-such-host.invalid", "查不到地址"),
        (2, "192.0.2.7", "不是本机"),
        (4, "443", "已被别的程序占用"),
        (4, "70000", "1 到 65535"),
        (5, "8443", "和网页端口相同"),
        (6, "ntpd", "ntp 或 manual"),
        (7, "管理员", "账号名"),
    ],
)
def test_a_wrong_answer_is_asked_again_with_the_reason(free: None, place: int, wrong: str, words: str) -> None:
    lines = ["示例县", "990101", "127.0.0.1", "", "", "", "", ""]
    lines.insert(place, wrong)
    answers, said = answer(*lines)
    assert len(said) == 1
    assert words in said[0]
    assert answers["region"] == "990101000000"


def test_wrong_answers_do_not_go_round_for_ever(free: None) -> None:
    with pytest.raises(ServiceError, match="什么也没有改动"):
        answer("示例县", *["12"] * 50)


def test_who_goes_away_in_the_middle_has_changed_nothing(free: None) -> None:
    with pytest.raises(ServiceError, match="什么也没有改动"):
        answer("示例县", "990101")


def test_a_port_that_a_program_listens_on_is_not_free() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert "已被别的程序占用" in setup_questions._wrong_port(str(port))


def test_answers_come_from_a_file(free: None, tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    file.write_text(
        'name = "示例县"\nregion = "990101"\nhost = "127.0.0.1"\nother_hosts = ["county.example", "10.0.0.2"]\n'
        "web_port = 8443\nclock = 'manual'\n",
        encoding="utf-8",
    )
    answers = from_file(file)
    assert answers["admin"] == "admin"
    assert setup.init_words(answers)[-4:] == ["--also", "county.example", "--also", "10.0.0.2"]


def test_all_that_is_wrong_in_a_file_is_said_at_once(free: None, tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    file.write_text('name = "示例县"\nregion = "12"\nhost = "192.0.2.7"\nweb-port = 1\n', encoding="utf-8")
    with pytest.raises(ServiceError) as refused:
        from_file(file)
    assert len(str(refused.value).splitlines()) == 3
    for text in (b"\xb9\xfe", b"name = "):
        file.write_bytes(text)
        with pytest.raises(ServiceError, match="不是 UTF-8 的 TOML 文件"):
            from_file(file)
    with pytest.raises(ServiceError, match="读不到"):
        from_file(tmp_path / "none.toml")


def test_a_machine_that_is_not_fit_is_refused_with_every_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = CountyHome(tmp_path / "county")
    monkeypatch.setattr(setup, "LEAST_DISK_BYTES", 2**60)
    with pytest.raises(ServiceError) as refused:
        setup.check_machine(home, euid=1000, now=dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    said = str(refused.value)
    for words in ("要用 root 运行", "不是软件包装好的", "磁盘只剩", "1970-01-01"):
        assert words in said
    assert not home.root.exists()


def test_a_county_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    home.config_file.touch()
    with pytest.raises(ServiceError, match="没有改动"):
        setup.check_machine(home, euid=0, now=dt.datetime.now(dt.UTC))
