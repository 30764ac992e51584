"""A broken ``[broker]`` is found by ``config check``, and ``status`` does not call such a county well."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from server_broker import cli, trust
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.supervisor.doctor import PartFinding
from server_broker.supervisor.own_broker_config import own_broker_config_problems
from server_broker.supervisor.up import initialise
from tests.cast import SHILI
from tests.server_broker.county import make_county

NOWHERE = "mq.invalid"
"""A name that leads nowhere (RFC 6761, section 6.4)."""


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path / "county")
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    return home


def named(home: CountyHome, host: str = "127.0.0.1") -> OwnBroker:
    """Name a RabbitMQ in ``county.toml``, whose password file is as it should be."""
    own = OwnBroker(hosts=[host], user="cunhui", password_file="rabbit.password")
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write(own.as_table())
    (home.root / own.password_file).touch(mode=0o600)
    (home.root / own.password_file).write_text("secret\n", encoding="utf-8")
    return own


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "读不到"),
    "read by others": (lambda file: file.chmod(0o644), "chmod 640"),
    "empty": (lambda file: file.write_bytes(b""), "是空的"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_password_file_that_does_not_serve_is_named(
    home: CountyHome, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = named(home)
    assert own_broker_config_problems(home, own) == []
    assert cli.main(["config", "check", "--home", str(home.root)]) == 0
    capsys.readouterr()
    do, said = BROKEN[how]
    do(home.root / own.password_file)
    assert cli.main(["config", "check", "--home", str(home.root)]) == 1
    printed = capsys.readouterr()
    assert f"[broker] {home.root / own.password_file}" in printed.err
    assert said in printed.err
    assert "√" not in printed.out


def test_hosts_that_lead_nowhere_and_a_file_that_is_no_certificate_are_named(home: CountyHome) -> None:
    named(home)
    (home.root / "other.pem").write_text("rubbish", encoding="utf-8")
    own = OwnBroker(hosts=[NOWHERE], user="cunhui", password_file="rabbit.password", ca_file="other.pem")
    authority, host = own_broker_config_problems(home, own)
    assert "other.pem 读不到，或不是证书" in authority
    assert f"“{NOWHERE}”在本机查不到地址" in host


@pytest.mark.django_db
def test_status_does_not_call_a_county_well_whose_broker_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_county()
    ill = PartFinding("消息服务", False, "mq.invalid 不回答", "")
    monkeypatch.setattr("server_broker.supervisor.daily_verbs.parts_down", lambda *_: [])
    monkeypatch.setattr("server_broker.supervisor.daily_verbs.examine_parts", lambda *_, **__: [ill])
    assert cli.main(["status"]) == 0
    assert "部件：不正常的有 消息服务（mq.invalid 不回答），请运行 doctor 查原因" in capsys.readouterr().out


@pytest.mark.django_db
def test_revoke_prints_its_own_sentence_and_no_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    make_county()
    trust.prepare(settings.HOME)
    before = settings.HOME.config_file.read_text(encoding="utf-8")
    try:
        named(settings.HOME)
        assert cli.main(["revoke", SHILI, "--reason", "存储卡丢了"]) == 1
    finally:
        settings.HOME.config_file.write_text(before, encoding="utf-8")
    assert "会自动再试" in capsys.readouterr().out
    assert not [one for one in caplog.records if "RabbitMQ" in one.getMessage()]
