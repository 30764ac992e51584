"""The first hour: what setup asks, how it tries the answers, and what it refuses before it has changed anything."""

import datetime as dt
import json
import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from server_broker.accounts.account_changes import make_account
from server_broker.accounts.links import use_link
from server_broker.accounts.models import Role, User
from server_broker.accounts.names import VERBS
from server_broker.platform.home import CountyHome
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import accounts_cli, setup, setup_questions
from server_broker.supervisor.first_account import first_link
from server_broker.supervisor.setup_questions import asked, from_file, questions
from tests.cast import COUNTY
from tests.server_broker.supervisor.test_own_name import HOST, put

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
    monkeypatch.setattr(setup_questions, "is_free", lambda port: port != 443)
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
    assert said == ["  端口 443 已被别的程序占用，可以用 8443"]
    assert answers == GOOD | {
        "region": "990101000000", "web_port": "8443", "broker_port": "8883", "clock": "ntp", "admin": "admin"
    }  # fmt: skip
    assert setup.init_words(answers)[:3] == ["--name=示例县", "--host", "127.0.0.1"]


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
        (7, "list", "留给"),
        (7, "管 理", "账号名不能用"),
        (0, "\udcc4\udce3", "终端要用 UTF-8"),
    ],
)
def test_a_wrong_answer_is_asked_again_with_the_reason(free: None, place: int, wrong: str, words: str) -> None:
    lines = ["示例县", "990101", "127.0.0.1", "", "", "", "", ""]
    lines.insert(place, wrong)
    answers, said = answer(*lines)
    assert len(said) == 2
    assert any(words in line and line.endswith("请再输一次") for line in said)
    assert answers["region"] == "990101000000"


def test_wrong_answers_do_not_go_round_for_ever(free: None) -> None:
    with pytest.raises(ServiceError, match="什么也没有改动"):
        answer("示例县", *["12"] * 50)


def test_what_was_answered_before_it_gave_up_is_a_file_of_answers(free: None, tmp_path: Path) -> None:
    with pytest.raises(ServiceError) as given_up:
        answer('示例县"东"', "990101", "127.0.0.1", "", "8443", *["0"] * 50)
    _, _, lines = str(given_up.value).partition("用 setup --file 文件：\n")
    file = tmp_path / "setup.toml"
    file.write_text(lines, encoding="utf-8")
    answers = from_file(file)
    assert (answers["name"], answers["region"], answers["web_port"]) == ('示例县"东"', "990101000000", "8443")


def test_an_address_of_a_router_is_taken_when_it_is_said_again(free: None, tmp_path: Path) -> None:
    answers, said = answer("示例县", "990101", "192.0.2.7", "192.0.2.7", "", "", "", "", "")
    assert answers["host"] == "192.0.2.7"
    assert "照样再输一次就用它" in said[0]
    file = tmp_path / "setup.toml"
    file.write_text('name = "示例县"\nregion = "990101"\nhost = "192.0.2.7"\n', encoding="utf-8")
    with pytest.raises(ServiceError, match="forwarded = true"):
        from_file(file)
    file.write_text(file.read_text(encoding="utf-8") + "forwarded = true\n", encoding="utf-8")
    assert from_file(file)["host"] == "192.0.2.7"


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


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountyHome:
    """A machine that is fit, with the answers of a setup that broke off."""
    monkeypatch.setattr(setup, "machine_problems", lambda *_, **__: [])
    home = CountyHome(tmp_path)
    (home.root / "setup.json").write_text(json.dumps(GOOD | {"name": "旧名"}), encoding="utf-8")
    (home.root / "answers.toml").write_text(
        'name = "新名"\nregion = "990101"\nhost = "127.0.0.1"\nweb_port = 8443\nclock = "manual"\n', encoding="utf-8"
    )
    return home


@pytest.mark.parametrize(("made", "name"), [(False, "新名"), (True, "旧名")])
def test_a_file_counts_as_long_as_there_is_no_county(free: None, bare: CountyHome, made: bool, name: str) -> None:
    if made:
        bare.config_file.touch()
    answers = setup._answers(
        bare, str(bare.root / "answers.toml"), begun=bare.root / "setup.json", say=lambda _line: None
    )
    assert answers["name"] == name


def test_answers_that_make_no_county_are_asked_again(bare: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise ServiceError("建县没有做成")

    monkeypatch.setattr(setup, "_run", refused)
    with pytest.raises(ServiceError, match="建县没有做成"):
        setup.setup(bare, "", say=lambda _line: None)
    assert not (bare.root / "setup.json").exists()


def test_all_that_is_wrong_in_a_file_is_said_at_once(free: None, tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    file.write_text('name = "示例县"\nregion = "12"\nhost = "192.0.2.7"\nweb-port = 1\n', encoding="utf-8")
    with pytest.raises(ServiceError) as refused:
        from_file(file)
    assert len(str(refused.value).splitlines()) == 3
    for text, words in (
        (b"\xb9\xfe", "不是 UTF-8 文字$"),
        (b'name = "x"\nhost = ', ":2：这一行的写法不对"),
        (b'name = "x"\nname = "y"', ":2：name 写了两次，第 1 行已经有了"),
    ):
        file.write_bytes(text)
        with pytest.raises(ServiceError, match=words):
            from_file(file)
    with pytest.raises(ServiceError, match="读不到：没有这个文件"):
        from_file(tmp_path / "none.toml")


def test_what_setup_takes_for_a_name_the_account_verb_takes_too(free: None) -> None:
    """A name that is refused at the end would be refused again by every further setup, which goes on with it."""
    assert set(accounts_cli._ACTS) | {"list"} == VERBS
    for name in (*VERBS, "cunhui-server", "a" * 151, "-a"):
        assert "账号名不能用" in setup_questions._wrong_account(name)
    assert setup_questions._wrong_account("管理员") == ""


@pytest.mark.django_db
def test_region_account_and_link_are_made_at_once_and_only_once() -> None:
    home = CountyHome(settings.HOME.root)
    links = [first_link(home, region=COUNTY, name="示例县", admin="管理员", actor="cli:test") for _ in range(2)]
    user = User.objects.get()
    assert (user.role, user.region_id) == (Role.SYSTEM, COUNTY)
    assert all(link.startswith("https://127.0.0.1:1/sign-in/link/") for link in links)
    assert [use_link(link.split("/")[-2]) for link in links] == [None, user], "the newest link alone"


@pytest.mark.django_db
def test_a_first_account_that_can_not_be_is_refused_with_the_reason() -> None:
    home = CountyHome(settings.HOME.root)
    with pytest.raises(ServiceError, match="账号名不能用"):
        first_link(home, region=COUNTY, name="示例县", admin="list", actor="cli:test")
    make_account("li", role=Role.OFFICER, region=COUNTY)
    with pytest.raises(ServiceError, match="不是在用的系统管理员"):
        first_link(home, region=COUNTY, name="示例县", admin="li", actor="cli:test")
    with pytest.raises(ServiceError, match="已有区划"):
        first_link(home, region="990102000000", name="别县", admin="admin", actor="cli:test")


def test_machine_and_file_are_judged_at_once(free: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "LEAST_DISK_BYTES", 2**60)
    file = tmp_path / "setup.toml"
    file.write_text('name = "示例县"\nregion = "12"\nhost = "192.0.2.7"\nadmin = "list"\n', encoding="utf-8")
    home = CountyHome(tmp_path / "county")
    with pytest.raises(ServiceError) as refused:
        setup.setup(home, str(file), say=print)
    said = str(refused.value)
    for words in ("磁盘只剩", "县的代码是", "不是本机", "账号名不能用"):
        assert words in said
    assert not home.root.exists()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_locale_without_chinese_is_no_traceback(tmp_path: Path, encoding: str) -> None:
    command = [sys.executable, "-m", "server_broker.cli", "where", "--home", str(tmp_path)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{tmp_path} 里没有县平台")


def test_a_machine_that_is_not_fit_is_refused_with_every_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = CountyHome(tmp_path / "county")
    monkeypatch.setattr(setup, "LEAST_DISK_BYTES", 2**60)
    said = "\n".join(setup.machine_problems(home, euid=1000, now=dt.datetime(1970, 1, 1, tzinfo=dt.UTC)))
    for words in ("要用 root 运行", "不是软件包装好的", "磁盘只剩", "1970-01-01"):
        assert words in said
    assert not home.root.exists()


def test_a_county_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    home.config_file.touch()
    with pytest.raises(ServiceError, match="没有改动"):
        setup.machine_problems(home, euid=0, now=dt.datetime.now(dt.UTC))


ANSWERS = 'name = "示例县"\nregion = "990101"\nhost = "127.0.0.1"\nweb_port = 8443\nclock = "manual"\n'


def test_a_certificate_in_the_answers_is_tried_with_all_the_rest(free: None, tmp_path: Path) -> None:
    home = CountyHome(tmp_path / "county")
    file = tmp_path / "setup.toml"

    def said(table: str) -> str:
        file.write_text(ANSWERS.replace("990101", "12") + table, encoding="utf-8")
        with pytest.raises(ServiceError) as refused:
            from_file(file, judge=lambda own: setup.certificate_problems_for(home, own))
        assert "县的代码是" in str(refused.value), "what else is wrong is said in the same breath"
        return str(refused.value)

    folder = f'[console]\nhost = "console.example"\nport = 9443\nacme_folder = "{tmp_path}/tls"\n'
    assert "缺少 certificate" in said('[console]\nhost = "console.example"\nport = 9443\n')
    assert "已被别的程序占用" in said(folder.replace("9443", "443"))
    assert "站点用的就是它" in said(folder.replace("console.example", "127.0.0.1").replace("9443", "8443"))
    assert "应为 [console] 下面的一组设置" in said("console = 1\n")
    assert "读不到证书" in said(folder)
    put(tmp_path / "tls", names=["other.example"])
    assert "console.acme_folder" in said(folder)
    assert "不是 console.example 的证书" in said(folder)
    put(tmp_path / "tls")
    file.write_text(ANSWERS + folder, encoding="utf-8")
    answers = from_file(file, judge=lambda own: setup.certificate_problems_for(home, own))
    assert tomllib.loads(answers["console"]) == tomllib.loads(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what another account reads")
def test_a_key_that_only_root_can_read_is_said(tmp_path: Path) -> None:
    home = CountyHome(tmp_path / "county")
    home.root.mkdir()
    os.chown(home.root, 65534, 65534)
    put(tmp_path / "tls")
    own = OwnCertificate(host=HOST, port=9443, acme_folder=str(tmp_path / "tls"))
    assert [words for _, words in setup.certificate_problems_for(home, own) if "读不到：请照" in words]
