"""station.toml: every mistake at once, each with its line, in Chinese."""

import re
from pathlib import Path

import pytest

from agent.cli import EXIT_BAD_CONFIG, main
from agent.config import catalogue
from agent.config.station_config import BadConfig, ChosenDriver, ChosenInput, load
from tests.agent.config.good_config import GOOD


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


@pytest.mark.parametrize("off", ["", "# "], ids=["as it stands", "with all that is commented out"])
def test_the_example_of_the_package_is_a_good_one(file: Path, folder: Path, off: str) -> None:
    example = Path(__file__).parents[3].joinpath("docs", "examples", "station.toml").read_text(encoding="utf-8")
    (folder / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    example = example.replace("/etc/cunhui/county-ca.pem", str(folder / "ca.pem"))
    file.write_text(re.sub(rf"^{off}(?=\[|\w+ = )", "", example, flags=re.MULTILINE), encoding="utf-8")
    config = load(file, with_files=True)
    assert config.county_url == "https://county.example:8443"
    assert len(config.readers) == (4 if off else 1)


def test_a_good_file(file: Path, folder: Path) -> None:
    config = load(file)
    assert config.folder == folder / "data"
    assert config.county_ca == folder / "data" / "ca.pem"
    assert config.readers == (
        ChosenDriver("simulated", "simulated", {"socket": folder / "data" / "touch.sock"}),
        ChosenDriver("pcsc", "门口", {"pcsc_name": "ACR122"}),
    )
    assert config.camera is None
    assert config.indicator == ChosenDriver("simulated", "simulated", {"socket": folder / "data" / "lamp.sock"})
    assert config.kiosk_socket == folder / "data" / "kiosk.sock"
    assert config.machine == ChosenDriver("linux", "linux", {})


def test_a_clock_section(file: Path) -> None:
    assert (load(file).rtc, load(file).modem) == (None, None)
    file.write_text(GOOD + '[clock]\nrtc = "/dev/rtc0"\nmodem = "mmcli"\n', encoding="utf-8")
    assert (load(file).rtc, load(file).modem) == (Path("/dev/rtc0"), "mmcli")
    file.write_text(GOOD + '[clock]\nrtc = "none"\nmodem = "/dev/ttyUSB2"\n', encoding="utf-8")
    assert (load(file).rtc, load(file).modem) == (None, "/dev/ttyUSB2")


def test_mistakes_in_the_clock_section(file: Path) -> None:
    found = mistakes(file, GOOD + '[clock]\nrtc = "/dev/sda"\nmodem = 3\nntp = "yes"\n')
    line = len(GOOD.splitlines())
    assert [at for at, _ in found] == [line + 2, line + 3, line + 4]
    assert [part for _, message in found for part in ("/dev/rtc0", "文字", "没有 ntp") if part in message] == [
        "/dev/rtc0",
        "文字",
        "没有 ntp",
    ]


def test_absolute_paths(file: Path) -> None:
    file.write_text(GOOD.replace('"data"', '"/var/lib/x"'), encoding="utf-8")
    assert load(file).folder == Path("/var/lib/x")


def test_all_mistakes_at_once_each_with_its_line(file: Path) -> None:
    found = mistakes(
        file,
        """\
[station]
foldr = "data"

[county]
url = "http://127.0.0.1"
ca = 7

[[reader]]
driver = "simulated"
[[reader]]
driver = "magic"
strength = 3

[camera]
driver = "kodak"

[colour]
lamp = "blue"
""",
    )
    assert [line for line, _ in found] == [0, 1, 2, 5, 6, 11, 15, 17]
    text = "\n".join(message for _, message in found)
    for part in ("缺少 driver", "缺少 folder", "foldr", "https://", "ca 应当是文字", "magic", "kodak", "colour"):
        assert part in text


def test_lines_that_are_no_toml_do_not_hide_the_rest(file: Path) -> None:
    found = mistakes(file, GOOD.replace('ca = "ca.pem"', "ca = ca.pem").replace('folder = "data"', 'folder "data"'))
    assert found == [(2, "名字和值之间要有英文的 ="), (6, '值要用英文引号 " 括起来')]


@pytest.mark.parametrize(
    "url",
    ["https://", "ftp://x", "https://h:99999", "https://h:0", "https://h/path", "https://u@h", "县", "https://[::1"],
)
def test_bad_addresses(file: Path, url: str) -> None:
    assert mistakes(file, GOOD.replace("https://127.0.0.1:8443", url))[0][0] == 5


@pytest.mark.parametrize(
    ("section", "line", "problem"),
    [
        ('[reader]\ndriver = "pcsc"', 8, "[[reader]]"),
        ("[[reader]]", 8, "缺少 driver"),
        ("[[reader]]\ndriver = 3", 9, "driver 应当是文字"),
        ('[[reader]]\ndriver = "pcsc"\npcsc_name = 7', 10, "pcsc_name 应当是文字"),
        ('[[reader]]\ndriver = "pcsc"\npcsc = "x"', 10, "没有 pcsc 这一项"),
        ('[[reader]]\ndriver = "pcsc"\nname = "门 口"', 10, "name：“门 口”不能有空格和括号"),
        ('[[reader]]\ndriver = "pcsc"\n[[reader]]\ndriver = "pcsc"', 10, "两个读卡器都叫“pcsc”"),
        (
            '[[reader]]\ndriver = "pcsc"\n[[reader]]\ndriver = "pcsc"\nname = "x"',
            10,
            "已经给了第 8 行的 pcsc_name",
        ),
        (
            '[[reader]]\ndriver = "pn532"\nport = "/dev/a"\n[[reader]]\ndriver = "qr_scanner"\nport = "/dev/a"',
            13,
            "port：串口 /dev/a 已经给了第 10 行的 port，不能再用",
        ),
        ('[[reader]]\ndriver = "wedge"\nusb = "ffff:0035"', 8, "缺少 format"),
        ('[[reader]]\ndriver = "wedge"\nformat = "hex"', 8, "缺少 usb"),
        ('[[reader]]\ndriver = "wedge"\nusb = "FFFF:35"', 10, "应当形如 1a2c:0e24"),
        (
            '[[reader]]\ndriver = "wedge"\nformat = "10D"',
            10,
            "可选：hex、hex_reversed、decimal、decimal_reversed、8H10D",
        ),
        ('[[reader]]\ndriver = "wedge"\nport = "usb1"', 10, "port：“usb1”应当形如 1.2"),
        ('[[reader]]\ndriver = "pn532"', 8, "缺少 port"),
        ('[[reader]]\ndriver = "pn532"\nport = "ttyUSB0"', 10, "应当形如 /dev/serial/"),
        ('[[reader]]\ndriver = "qr_scanner"\nport = "/dev/ttyACM0"\nbaud = 5', 11, "应当在 1200 到 921600 之间"),
        ("reader = [1]", 8, "reader 应当是一节"),
        ("reader = []", 8, "至少要有一个读卡器"),
        ("", 0, "至少要有一个读卡器"),
    ],
)
def test_bad_readers(file: Path, section: str, line: int, problem: str) -> None:
    start, _, rest = GOOD.partition("[[reader]]")
    _, _, rest = rest.partition("[indicator]")
    text = f"{start}{section}\n[indicator]{rest}"
    if section.startswith("reader ="):
        text = f"{start}[indicator]{rest}".replace('[station]\nfolder = "data"', f'station.folder = "data"\n{section}')
        line = 2 if line else 0
    assert any(found == line and problem in message for found, message in mistakes(file, text))


def test_readers_with_what_each_needs_and_keyboards_that_may_be_there(file: Path) -> None:
    more = """\
[[reader]]
driver = "wedge"
usb = "ffff:0035"
format = "8H10D"

[[reader]]
driver = "em4100_serial"
port = "/dev/serial0"

[keyboards]
allowed = ["1a2c:0e24"]
"""
    file.write_text(GOOD + more, encoding="utf-8")
    config = load(file)
    assert config.readers[2:] == (
        ChosenDriver("wedge", "wedge", {"usb": "ffff:0035", "port": "", "format": "8H10D"}),
        ChosenDriver("em4100_serial", "em4100_serial", {"port": "/dev/serial0", "baud": 9_600}),
    )
    assert config.keyboards == ("1a2c:0e24",)


@pytest.mark.parametrize(
    ("allowed", "problem"),
    [
        ('["1a2c:0e24", 7]', "“7”应当加引号"),
        ('["x", "1A2C:0E24"]', "“1A2C:0E24”应当形如"),
        ('"1a2c:0e24"', "应当是列表"),
    ],
)
def test_keyboards_that_are_none(file: Path, allowed: str, problem: str) -> None:
    ((line, message),) = mistakes(file, GOOD + f"[keyboards]\nallowed = {allowed}\n")
    assert line == 22
    assert problem in message


def test_a_driver_whose_library_is_not_here(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.READERS, "pcsc", "no.such.module:Reader")
    assert mistakes(file, GOOD) == [(12, "driver：本机少装了程序库 no，这个驱动用不了")]


def test_dotted_keys_and_a_section_that_is_none(file: Path) -> None:
    dotted = 'station.folder = "data"\ncamera = 3\n' + GOOD.partition("\n\n")[2].replace("[camera]", "[other]")
    found = mistakes(file, dotted)
    assert (2, "camera 应当是一节 [camera]") in found


def test_what_is_missing_is_told_where_its_section_first_stands_without_a_header_too(file: Path) -> None:
    dotted = 'station.folder = "data"\ncounty.url = "https://127.0.0.1"\n' + GOOD.partition('"ca.pem"\n')[2]
    assert mistakes(file, dotted) == [(2, "[county] 缺少 ca")]


@pytest.mark.parametrize(("name", "line"), [("data", 2), ("ca.pem", 6)])
def test_a_path_that_no_system_takes(file: Path, name: str, line: int) -> None:
    ((found, message),) = mistakes(file, GOOD.replace(f'"{name}"', '"a\\u0000b"'))
    assert (found, "不能为空" in message) == (line, True)


def test_bytes_that_are_no_text_are_told_with_their_line(file: Path) -> None:
    file.write_bytes(GOOD.encode().replace("门口".encode(), "门口".encode("gbk")))
    with pytest.raises(BadConfig) as bad:
        load(file)
    assert [(mistake.line, mistake.message) for mistake in bad.value.mistakes] == [(13, "不是 UTF-8 文字")]


def test_sockets_too_long_or_shared(file: Path) -> None:
    shared = GOOD.replace('driver = "simulated"\n\n[camera]', 'driver = "simulated"\nsocket = "touch.sock"\n\n[camera]')
    found = mistakes(file, shared + f'[kiosk]\nsocket = "{"x" * 120}"\n')
    assert [line for line, _ in found] == [8, 23]


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"[station\n" * 3, b"=" * 70_000, b"\x00", b"[[station]]\n", b""])
def test_rubbish_is_refused(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    with pytest.raises(BadConfig):
        load(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="读不到"):
        load(tmp_path / "none.toml")


def test_the_command_prints_them_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file.parent / "data").mkdir()
    (file.parent / "data" / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    assert main(["config", "check", "--config", str(file)]) == 0
    file.write_text(GOOD.replace("url", "uri").replace('"none"', "1"), encoding="utf-8")
    assert main(["config", "check", "--config", str(file)]) == EXIT_BAD_CONFIG
    printed = capsys.readouterr().err
    assert "3 处错误" in printed
    assert "第 5 行" in printed
    assert "第 20 行" in printed


INPUTS = """
[[input]]
driver = "gpio"
kind = "door"
name = "大门"
pin = 24

[[input]]
driver = "simulated"
kind = "motion"
"""


def test_inputs_are_optional_and_each_says_what_it_is(file: Path, folder: Path) -> None:
    assert load(file).inputs == ()
    file.write_text(GOOD + INPUTS, encoding="utf-8")
    gpio = {"pin": 24, "pull": "up", "active": "high", "debounce_ms": 50, "chip": 0}
    assert load(file).inputs == (
        ChosenInput("door", ChosenDriver("gpio", "大门", gpio)),
        ChosenInput("motion", ChosenDriver("simulated", "simulated", {"socket": folder / "data" / "input.sock"})),
    )


@pytest.mark.parametrize(
    ("line", "wrong", "number", "problem"),
    [
        ('kind = "door"', 'kind = "window"', 24, "没有“window”，可选：door、motion"),
        ('kind = "door"', "", 22, "[input] 缺少 kind"),
        ("pin = 24", "pin = 1", 26, "应当在 2 到 27 之间"),
        ("pin = 24", 'pin = 24\npull = "sideways"', 27, "可选：up、down、none"),
        ("pin = 24", "pin = 24\ndebounce_ms = 5000", 27, "应当在 0 到 2000 之间"),
        ('driver = "simulated"\nkind', 'driver = "simulated"\nname = "大门"\nkind', 28, "两个输入都叫“大门”"),
        ('driver = "gpio"\nkind', 'driver = "laser"\nkind', 23, "没有“laser”"),
    ],
)
def test_bad_inputs(file: Path, line: str, wrong: str, number: int, problem: str) -> None:
    ((found, message),) = mistakes(file, GOOD + INPUTS.replace(line, wrong, 1))
    assert (found, problem in message) == (number, True), message


def test_an_input_that_is_no_list_of_sections(file: Path) -> None:
    assert mistakes(file, GOOD + '[input]\ndriver = "gpio"\n') == [(21, "门磁和人体感应每个写成一节 [[input]]")]


def test_no_two_devices_have_one_pin(file: Path) -> None:
    lamp = '[indicator]\ndriver = "gpio"\ngreen = 17\namber = 17\nred = 24\nbuzzer = 22\n'
    text = GOOD.replace('[indicator]\ndriver = "simulated"\n', lamp) + INPUTS
    assert mistakes(file, text) == [
        (19, "amber：引脚 GPIO 17 已经给了第 18 行的 green，不能再用"),
        (30, "pin：引脚 GPIO 24 已经给了第 20 行的 red，不能再用"),
    ]


def test_what_is_used_twice_is_told_beside_other_mistakes(file: Path) -> None:
    lamp = '[indicator]\ndriver = "gpio"\ngreen = 17\namber = 17\nred = 99\nsize = 3\n'
    text = GOOD.replace('[indicator]\ndriver = "simulated"\n', lamp).replace('folder = "data"', "folder = 5")
    found = mistakes(file, text + f'[kiosk]\nsocket = "{"x" * 120}"\n')
    assert [line for line, _ in found] == [2, 19, 20, 21, 26]
    assert "已经给了第 18 行的 green" in found[1][1]
    assert "路径过长" in found[4][1]


def test_the_machine_under_a_station_can_be_chosen(file: Path, folder: Path) -> None:
    file.write_text(f'{GOOD}[machine]\ndriver = "simulated"\n', encoding="utf-8")
    assert load(file).machine == ChosenDriver("simulated", "simulated", {"file": folder / "data" / "machine.json"})
    found = mistakes(file, f'{GOOD}[machine]\ndriver = "simulated"\nheat = 3\n')
    assert found == [(23, "[machine] 中没有 heat 这一项")]
    assert mistakes(file, f'{GOOD}[machine]\ndriver = "toaster"\n')[0][0] == 22


def test_a_camera_and_what_can_be_set_of_it(file: Path) -> None:
    settings = 'device = "/dev/video0"\nmask = [[0, 0, 300, 1000], [700, 0, 300, 200]]\nrotate = 180\n'
    file.write_text(GOOD.replace('driver = "none"', 'driver = "v4l2"\nname = "屋角"\n' + settings), encoding="utf-8")
    mask = [[0, 0, 300, 1000], [700, 0, 300, 200]]
    process = {"socket": None, "spool": file.parent / "data" / "camera-spool"}
    settings_read = {"device": "/dev/video0", "mask": mask, "rotate": 180}
    assert load(file).camera == ChosenDriver("v4l2", "屋角", {**process, **settings_read})
    file.write_text(GOOD.replace('driver = "none"', 'driver = "picamera2"'), encoding="utf-8")
    assert load(file).camera == ChosenDriver(
        "picamera2", "picamera2", {**process, "number": 0, "mask": None, "rotate": 0}
    )


@pytest.mark.parametrize(
    ("section", "line", "problem"),
    [
        ('driver = "v4l2"\nnumber = 1', 21, "没有 number 这一项"),
        ('driver = "v4l2"\ndevice = "video0"', 21, "device：“video0”应当形如 /dev/v4l/by-id/"),
        ('driver = "picamera2"\nnumber = 9', 21, "应当在 0 到 3 之间"),
        ('driver = "picamera2"\nnumber = true', 21, "number 应当是整数"),
        ('driver = "picamera2"\nrotate = 45', 21, "没有“45”，可选：0、90、180、270"),
        ('driver = "simulated"\nmask = "left"', 21, "mask 应当是列表"),
        ('driver = "simulated"\nmask = [0, 0, 300, 1000]', 21, "每一块写成 [左, 上, 宽, 高]"),
        ('driver = "simulated"\nmask = [[0, 0, 300]]', 21, "每一块写成"),
        ('driver = "simulated"\nmask = [[0, 0, 300, 1001]]', 21, "每一块写成"),
        ('driver = "simulated"\nmask = [[-1, 0, 300, 100]]', 21, "每一块写成"),
        ('driver = "simulated"\nmask = [[0, 0, 0, 100]]', 21, "每一块写成"),
        ('driver = "simulated"\nmask = [[0, 0, 0.5, 1.0]]', 21, "每一块写成"),
        ('driver = "simulated"\nmask = [[true, 0, 5, 5]]', 21, "每一块写成"),
        ('driver = "simulated"\nmask = [[900, 0, 101, 100]]', 21, "每一块写成"),
        (f'driver = "simulated"\nmask = {[[0, 0, 1, 1]] * 17}', 21, "最多 16 块"),
        ('driver = "none"\nmask = "left"', 21, "mask 应当是列表"),
        ('driver = "kodak"\nrotate = 45', 21, "没有“45”"),
        ("device = 1", 19, "缺少 driver"),
    ],
)
def test_bad_cameras(file: Path, section: str, line: int, problem: str) -> None:
    found = mistakes(file, GOOD.replace('driver = "none"', section))
    assert any(at == line and problem in message for at, message in found), found


def test_a_camera_with_a_process_of_its_own(file: Path, folder: Path) -> None:
    served = 'driver = "simulated"\nsocket = "/run/cunhui-camera.sock"\nspool = "/var/spool/cunhui-camera"'
    file.write_text(GOOD.replace('driver = "none"', served), encoding="utf-8")
    camera = load(file).camera
    assert camera is not None
    assert camera.settings["socket"] == Path("/run/cunhui-camera.sock")
    assert camera.settings["spool"] == Path("/var/spool/cunhui-camera")
    file.write_text(GOOD.replace('driver = "none"', 'driver = "simulated"'), encoding="utf-8")
    camera = load(file).camera
    assert camera is not None
    assert (camera.settings["socket"], camera.settings["spool"]) == (None, folder / "data" / "camera-spool")
