"""station.toml: every mistake at once, each with its line, in Chinese."""

from pathlib import Path

import pytest

from agent.cli import EXIT_BAD_CONFIG, main
from agent.config import BadConfig, load

GOOD = """\
[station]
folder = "data"

[county]
url = "https://127.0.0.1:8443"
ca = "ca.pem"

[reader]
drivers = ["simulated", "pcsc"]
pcsc_name = "ACR122"

[indicator]
driver = "simulated"

[camera]
driver = "none"
"""


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "station.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def mistakes(file: Path, text: str) -> list[tuple[int, str]]:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        load(file)
    return [(mistake.line, mistake.message) for mistake in bad.value.mistakes]


def test_a_good_file(file: Path, folder: Path) -> None:
    config = load(file)
    assert config.folder == folder / "data"
    assert config.county_ca == folder / "data" / "ca.pem"
    assert config.readers == ("simulated", "pcsc")
    assert (config.camera, config.indicator, config.pcsc_name) == ("none", "simulated", "ACR122")
    assert config.kiosk_socket == folder / "data" / "kiosk.sock"
    assert config.touch_socket == folder / "data" / "touch.sock"
    assert config.lamp_socket == folder / "data" / "lamp.sock"


def test_absolute_paths_and_one_driver(file: Path) -> None:
    file.write_text(
        GOOD.replace('"data"', '"/var/lib/x"').replace('drivers = ["simulated", "pcsc"]', 'driver = "pcsc"')
    )
    config = load(file)
    assert config.folder == Path("/var/lib/x")
    assert config.readers == ("pcsc",)


def test_all_mistakes_at_once_each_with_its_line(file: Path) -> None:
    found = mistakes(
        file,
        """\
[station]
foldr = "data"

[county]
url = "http://127.0.0.1"
ca = 7

[reader]
drivers = ["simulated", "magic"]

[camera]
driver = "kodak"

[colour]
lamp = "blue"
""",
    )
    assert [line for line, _ in found] == [0, 1, 2, 5, 6, 9, 12, 14]
    text = "\n".join(message for _, message in found)
    for part in ("缺少 driver", "缺少 folder", "foldr", "https://", "ca 应当是文字", "magic", "kodak", "colour"):
        assert part in text


def test_lines_that_are_no_toml_do_not_hide_the_rest(file: Path) -> None:
    found = mistakes(file, GOOD.replace('ca = "ca.pem"', "ca = ca.pem").replace('folder = "data"', 'folder "data"'))
    assert [line for line, message in found if "TOML" in message] == [2, 6]
    assert any("缺少 folder" in message for _, message in found)


@pytest.mark.parametrize(
    "url",
    ["https://", "ftp://x", "https://h:99999", "https://h:0", "https://h/path", "https://u@h", "县", "https://[::1"],
)
def test_bad_addresses(file: Path, url: str) -> None:
    assert mistakes(file, GOOD.replace("https://127.0.0.1:8443", url))[0][0] == 5


@pytest.mark.parametrize("drivers", ["[]", '["simulated", "simulated"]', "[1]", '"simulated"', "[[]]"])
def test_bad_reader_lists(file: Path, drivers: str) -> None:
    assert mistakes(file, GOOD.replace('["simulated", "pcsc"]', drivers))[0][0] == 9


def test_driver_and_drivers_exclude_each_other(file: Path) -> None:
    found = mistakes(file, GOOD.replace("[reader]\n", '[reader]\ndriver = "pcsc"\n'))
    assert found == [(8, "[reader] 要写 driver 或 drivers，只写其中一个")]


def test_dotted_keys_and_a_section_that_is_none(file: Path) -> None:
    dotted = 'station.folder = "data"\nreader = 3\n' + GOOD.partition("\n\n")[2].replace("[reader]", "[other]")
    found = mistakes(file, dotted)
    assert (2, "reader 应当是一节 [reader]") in found


def test_sockets_too_long_or_shared(file: Path) -> None:
    found = mistakes(file, GOOD + f'[kiosk]\nsocket = "{"x" * 120}"\n[demo]\ntouch_socket = "lamp.sock"\n')
    assert [line for line, _ in found] == [18, 20]


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"[station\n" * 3, b"=" * 70_000, b"\x00", b"[[station]]\n", b""])
def test_rubbish_is_refused(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    with pytest.raises(BadConfig):
        load(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="读不到"):
        load(tmp_path / "none.toml")


def test_the_command_prints_them_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--config", str(file)]) == 0
    file.write_text(GOOD.replace("url", "uri").replace('"none"', "1"), encoding="utf-8")
    assert main(["config", "check", "--config", str(file)]) == EXIT_BAD_CONFIG
    printed = capsys.readouterr().err
    assert "3 处错误" in printed
    assert "第 5 行" in printed
    assert "第 16 行" in printed
