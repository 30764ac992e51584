"""county.toml: ports are found, and every error is told at once with its line."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from server_broker import cli
from server_broker.platform.county_config import CountyConfig, owning_line, read_config, write_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.parts import python_program
from server_broker.supervisor.up import initialise
from server_broker.trust import keys
from tests.chinese_words import english
from tests.integration.small_disk import SmallDisk


def config(**changes: object) -> CountyConfig:
    values: dict[str, object] = {
        "name": '示例县 "一"', "host": "127.0.0.1", "web_port": 0, "broker_port": 0, "broker_local_port": 0
    }  # fmt: skip
    return CountyConfig(**values | changes)  # type: ignore[arg-type]


def test_free_ports_are_chosen_and_kept(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    written = write_config(home, config(other_hosts=("county.example",), trusted_proxies=("192.0.2.7", "10.0.0.0/8")))
    assert len({written.web_port, written.broker_port, written.broker_local_port}) == 3
    assert read_config(home) == written
    assert written.name == '示例县 "一"'
    assert written.hosts == ["127.0.0.1", "county.example", "localhost"]


def test_a_county_on_loopback_listens_nowhere_else() -> None:
    assert config().bind_address == "127.0.0.1"
    assert config(host="county.example").bind_address == "0.0.0.0"


def test_all_errors_come_at_once_with_their_lines(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    home.config_file.write_text(
        'name = ""\nhost = "a b"\nweb_port = "8443"\nbroker_port = 70000\ncolour = "red"\nother_hosts = ["ok", 5]\n'
    )
    with pytest.raises(ServiceError) as raised:
        read_config(home)
    text = str(raised.value)
    for line, word in ((1, "name"), (2, "host"), (3, "web_port"), (4, "65535"), (5, "不是这里的设置项"), (6, "5")):
        assert any(f"county.toml:{line}：" in one and word in one for one in text.splitlines()), (line, text)
    assert "缺少 broker_local_port" in text


@pytest.mark.parametrize(
    ("proxies", "words"),
    [
        ('["proxy.example"]', "不是地址或网段"),
        ("[7]", ""),
        ('["0.0.0.0/0"]', "所有地址"),
        ('["::/0"]', "所有地址"),
        ('"192.0.2.7"', "方括号"),
    ],
)
def test_a_proxy_is_an_address_and_never_everybody(tmp_path: Path, proxies: str, words: str) -> None:
    home = CountyHome(tmp_path)
    write_config(home, config())
    text = home.config_file.read_text(encoding="utf-8").replace("trusted_proxies = []", f"trusted_proxies = {proxies}")
    home.config_file.write_text(text, encoding="utf-8")
    with pytest.raises(ServiceError, match=f"trusted_proxies.*{words}"):
        read_config(home)


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    home = CountyHome(tmp_path)
    home.config_file.write_bytes(content)
    with pytest.raises(ServiceError, match=r"county\.toml"):
        read_config(home)


def test_a_setting_that_is_there_twice_or_in_a_table_is_told_where_it_stands(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    write_config(home, config())
    text = home.config_file.read_text(encoding="utf-8")
    hosts = 'notify_hosts = ["smtp.example.cn:465"]\n'
    here = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("notify_hosts"))
    home.config_file.write_text(hosts + text, encoding="utf-8")
    with pytest.raises(ServiceError, match=f":{here + 1}：notify_hosts 写了两次，第 1 行已经有了"):
        read_config(home)
    table = f'[backup]\nfolder = "/mnt/backup"\nrecipient = "age1{"q" * 58}"\n'
    home.config_file.write_text(text + table + hosts, encoding="utf-8")
    with pytest.raises(ServiceError, match=r"backup.notify_hosts 不是这里的设置项；它要写在 \[backup\] 前面"):
        read_config(home)
    home.config_file.write_text(text + table + "disk = true\ndisk = false\n", encoding="utf-8")
    with pytest.raises(ServiceError, match=f"disk 写了两次，第 {len(text.splitlines()) + 4} 行"):
        read_config(home)


def test_a_file_that_the_units_can_not_read_is_said_with_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = CountyHome(tmp_path)
    write_config(home, config())
    home.config_file.chmod(0o200)
    assert owning_line(home) == "", "no units run it"
    home.units_mark.touch()
    assert owning_line(home) == f"chown -h --reference={home.root} {home.config_file}"
    cli.main(["config", "check", "--home", str(home.root)])
    said = capsys.readouterr().err
    assert "chown -h --reference=" in said
    home.config_file.chmod(0o600)
    assert owning_line(home) == ""


def test_a_port_of_another_program_and_a_name_that_leads_nowhere_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = CountyHome(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        threading.Thread(target=lambda: other.accept()[0].close()).start()
        port = other.getsockname()[1]
        written = write_config(home, config(web_port=port, host="nowhere.invalid"))
        keys.prepare(home)
        assert cli.main(["config", "check", "--home", str(home.root)]) == 1
    said = capsys.readouterr().err
    assert f"web_port {written.web_port} 已被别的程序占用" in said
    assert "“nowhere.invalid”查不到地址" in said
    assert "broker_port" not in said


def test_without_a_file_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="cunhui-server init"):
        read_config(CountyHome(tmp_path))


def test_a_second_port_for_stations_is_read_back_and_none_is_there_unasked(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    assert write_config(home, config()).station_ports == [read_config(home).broker_port]
    written = write_config(home, config(broker_fallback_port=443))
    assert written.station_ports == [written.broker_port, 443]


def test_two_keys_with_one_port_are_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="--broker-fallback-port：和别的端口相同"):
        write_config(CountyHome(tmp_path), config(web_port=443, broker_fallback_port=443))


def test_what_vouches_for_the_clock_is_a_time_service_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    assert write_config(home, config()).clock == "ntp"
    assert write_config(home, config(clock="manual")).clock == "manual"
    without = [line for line in home.config_file.read_text().splitlines() if not line.startswith("clock")]
    home.config_file.write_text("\n".join(without))
    assert read_config(home).clock == "ntp"
    home.config_file.write_text("\n".join([*without, 'clock = "sundial"']))
    with pytest.raises(ServiceError, match='clock 应为 "ntp" 或 "manual"'):
        read_config(home)


def test_a_refused_county_leaves_nothing_and_the_corrected_one_is_made(tmp_path: Path) -> None:
    home = CountyHome(tmp_path / "county")
    for wrong in ({"host": "https://county.example/"}, {"name": ""}, {"web_port": 443, "broker_port": 443}):
        with pytest.raises(ServiceError):
            initialise(home, config(**wrong))
        assert not home.root.exists()
    assert initialise(home, config()) == read_config(home)
    with pytest.raises(ServiceError, match="已有县平台"):
        initialise(home, config())


def test_a_county_whose_disk_is_full_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    home = CountyHome(tmp_path / "county")
    with SmallDisk(home.root, megabytes=1) as disk:
        with disk.full():
            before = sorted(path.name for path in home.root.iterdir())
            with pytest.raises(ServiceError, match="磁盘满了"):
                initialise(home, config())
            assert sorted(path.name for path in home.root.iterdir()) == before
        assert initialise(home, config()) == read_config(home)


def test_where_no_county_is_the_folder_and_those_beside_it_are_named(tmp_path: Path) -> None:
    other = CountyHome(tmp_path / "demo" / "county")
    initialise(other, config())
    with pytest.raises(ServiceError) as raised:
        read_config(CountyHome(tmp_path / "county"))
    for word in (f"{tmp_path}/county 里没有", str(other.root), "--home", "CUNHUI_HOME", "cunhui-server init"):
        assert word in str(raised.value)


def test_how_the_clock_is_vouched_for_is_read_from_the_file_alone(tmp_path: Path) -> None:
    """A second way to a program would keep the word of the day on which the service started."""
    home = CountyHome(tmp_path)
    by_hand, by_ntp = (python_program(home, config(clock=clock), "server_broker.ingest") for clock in ("manual", "ntp"))
    assert by_hand.environment == by_ntp.environment


def test_what_init_was_given_is_named_by_its_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "county"
    given = ["--host", "https://county.example/", "--web-port", "-1", "--broker-port", "70000", "--name", "示例县"]
    assert cli.main(["init", "--home", str(folder), *given]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "--host：“https://county.example/”不是主机名或地址（只写 county.example 这样的名字，不带 https:// 和端口）",
        "--web-port：-1 不是端口，应为 0 或 1 到 65535",
        "--broker-port：70000 不是端口，应为 0 或 1 到 65535",
    ]
    assert not folder.exists()


def test_init_names_the_next_steps_as_they_are_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUNHUI_CALLED_AS", "./run server")
    home = CountyHome(tmp_path / "某 县")
    assert cli.main(["init", "--home", str(home.root), "--host", "127.0.0.1", "--name", "示例县"]) == 0
    said = capsys.readouterr().out.splitlines()
    quoted = f"'{home.root}'"
    assert f"启动：./run server up --home {quoted}" in said
    assert f"导入区划、站点和人员：./run server import-people --home {quoted} 文件.xlsx" in said
    assert f"建管理员账号：./run server account admin --role system --home {quoted}" in said
    assert (home.root / "secret-key").stat().st_mode & 0o777 == 0o600


def test_an_empty_secret_key_is_made_anew_and_stays(tmp_path: Path) -> None:
    """A power cut may have left the name without its content."""
    home = CountyHome(tmp_path)
    (home.root / "secret-key").write_bytes(b"")
    key = home.secret_key()
    assert len(key) > 40
    assert home.secret_key() == key
    assert (home.root / "secret-key").stat().st_mode & 0o777 == 0o600


DOWN = (
    ["up"],
    ["down"],
    ["hold", "web"],
    ["release", "web"],
    ["where"],
    ["claim", "demo-0001"],
    ["account", "list"],
    ["sign-in-link", "admin"],
    ["import-people", "list.xlsx"],
    ["clock"],
    ["audit"],
)


@pytest.mark.parametrize("words", DOWN, ids=lambda words: words[0])
def test_a_home_that_was_mistyped_is_named_and_nothing_is_made_of_it(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "conty"
    assert cli.main([*words, "--home", str(folder)]) == 1
    assert f"{folder} 里没有县平台" in capsys.readouterr().err
    assert not folder.exists()


NEED_A_DATABASE = (
    ["claim", "demo-0001"],
    ["ledger"],
    ["restored"],
    ["clock", "--confirm"],
    ["account", "list"],
    ["sign-in-link", "admin"],
    ["order", "demo-0001", "reboot", "--reason", "x"],
    ["verify", "demo-0001"],
    ["reread", "demo-0001"],
    ["revoke", "demo-0001", "--reason", "示例理由"],
    ["audit"],
    ["reset-second-factor", "admin"],
    ["import-people", "/nonexistent.xlsx"],
    ["ingest-file", "/nonexistent.cunhui"],
    ["publish-pack", "/nonexistent.pack"],
    ["new-signing-key", "--reason", "x"],
    ["new-number-keys", "--reason", "示例理由"],
)


@pytest.mark.parametrize(
    "words",
    # Each starts a program of two seconds.
    [*NEED_A_DATABASE[:4], *(pytest.param(words, marks=pytest.mark.small_proof) for words in NEED_A_DATABASE[4:])],
    ids=lambda words: words[0],
)
def test_a_county_that_does_not_run_is_said_so_with_what_to_run(tmp_path: Path, words: list[str]) -> None:
    home = CountyHome(tmp_path / "county")
    initialise(home, config())
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "server_broker.cli", *words, "--home", str(home.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    wanted = f"县平台没有运行，数据库连接不上。请先运行：cunhui-server up --home {home.root}"
    assert done.stderr.splitlines() == [wanted]
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("text", "line"), [('name = "示例县\nhost = ""\n', 1), ("a = 1\nb = [1,\n", 2), ("a = 1\n=\n", 2)]
)
def test_a_mistake_of_writing_is_told_in_chinese_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "county.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ServiceError, match=rf"county\.toml:{line}：这一行的写法不对") as refused:
        read_config(CountyHome(tmp_path))
    assert english(str(refused.value).partition("：")[2], typed=set()) == []
