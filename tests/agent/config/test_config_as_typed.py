"""station.toml as people type it: each mistake is one Chinese message with its line, and nothing else is reported."""

import errno
from contextlib import closing
from pathlib import Path

import pytest

from agent import cli
from agent.causes import cause
from agent.cli import EXIT_BAD_CONFIG, EXIT_FAILED, main
from agent.config.station_config import BadConfig, load
from agent.identity.station_identity import IdentityBroken, load_identity, record_key
from agent.storage.errors import StorageFailed, StorageFull
from agent.storage.outbox.check import refuse_foreign
from agent.storage.store import Store
from tests.agent.config.good_config import GOOD

LINES = GOOD.splitlines()
URL, CA = LINES.index('url = "https://127.0.0.1:8443"') + 1, LINES.index('ca = "ca.pem"') + 1
FIRST_READER = LINES.index('driver = "simulated"') + 1
END = len(LINES)

QUOTES = '请用英文引号 "'
BACKSLASHES = "反斜线 \\ 请写两个 \\\\"
OPEN = "引号没有关上"


def at(line: int, typed: str) -> str:
    """A good file in which one line is replaced."""
    return "\n".join([*LINES[: line - 1], typed, *LINES[line:]]) + "\n"


def found(folder: Path, text: str) -> list[tuple[int, str]]:
    file = folder / "station.toml"
    file.write_text(text, encoding="utf-8")
    try:
        load(file)
    except BadConfig as bad:
        return [(mistake.line, mistake.message) for mistake in bad.mistakes]
    return []


ONE_LINE = {
    "chinese-quotes": (FIRST_READER, "driver = “simulated”", QUOTES),
    "one-chinese-quote": (FIRST_READER, 'driver = "simulated”', QUOTES),
    "fullwidth-quotes": (FIRST_READER, "driver = ＂simulated＂", QUOTES),
    "corner-quotes": (FIRST_READER, "driver = 「simulated」", QUOTES),
    "chinese-quotes-before-a-comment": (CA, "ca = “ca.pem” # 县里给的，别改", QUOTES),
    "fullwidth-equals": (2, 'folder ＝ "data"', "请用英文的 ="),
    "fullwidth-equals-and-quotes": (2, "folder ＝ “data”", "请用英文的 =；" + QUOTES),
    "fullwidth-blank": (2, 'folder　=　"data"', "请用英文的空格"),
    "fullwidth-brackets": (1, "［station］", "请用英文的 [ ]"),
    "backslashes": (2, r'folder = "C:\cunhui"', BACKSLASHES),
    "backslashes-that-mean-something": (2, r'folder = "C:\new\test"', BACKSLASHES),
    "a-backslash-before-the-quote": (2, 'folder = "C:\\"', f"{OPEN}，{BACKSLASHES}"),
    "open-quote": (CA, 'ca = "ca.pem', OPEN),
    "open-quote-before-a-comment": (CA, 'ca = "ca.pem # 县里给的', OPEN),
    "open-single-quote": (CA, "ca = 'ca.pem", OPEN),
    "three-quotes": (URL, 'url = """https://127.0.0.1:8443', '""" 没有关上：值写在一行里，前后各一个英文引号'),
    "no-quotes": (FIRST_READER, "driver = simulated", '值要用英文引号 " 括起来'),
    "no-value": (CA, "ca =", "= 后面没有值"),
    "a-colon": (CA, 'ca: "ca.pem"', "名字和值之间要有英文的 ="),
    "no-equals": (CA, 'ca "ca.pem"', "名字和值之间要有英文的 ="),
    "open-header": (1, "[station", "方括号没有关上"),
    "open-list-header": (FIRST_READER - 1, "[[reader]", "方括号没有关上"),
    "something-behind": (CA, 'ca = "ca.pem" "x"', "值的后面多了东西"),
    "no-statement": (3, "：", "这一行看不懂：应当是 名字 = 值，或者 [节]"),
}


@pytest.mark.parametrize(("line", "typed", "says"), ONE_LINE.values(), ids=ONE_LINE.keys())
def test_one_mistake_is_one_message(folder: Path, line: int, typed: str, says: str) -> None:
    assert found(folder, at(line, typed)) == [(line, says)]


def test_several_mistakes_are_all_told_at_once(folder: Path) -> None:
    text = at(2, "folder ＝ “data”").replace('ca = "ca.pem"', 'ca = "ca.pem').replace('name = "门口"', 'name = "门 口"')
    assert [line for line, _ in found(folder, text)] == [2, CA, LINES.index('name = "门口"') + 1]


def test_a_key_twice_names_the_first_line(folder: Path) -> None:
    assert found(folder, at(CA, 'ca = "ca.pem"\nca = "other.pem"')) == [(CA + 1, f"ca 写了两次，第 {CA} 行已经有了")]


def test_a_section_twice_names_the_first_line(folder: Path) -> None:
    assert found(folder, GOOD + '[county]\nca = "other.pem"\n') == [(END + 1, "[county] 写了两次，第 4 行已经有了")]


def test_two_readers_as_single_sections(folder: Path) -> None:
    text = GOOD.replace("[[reader]]", "[reader]")
    second = LINES.index("[[reader]]", FIRST_READER) + 1
    says = f"[reader] 写了两次，第 {FIRST_READER - 1} 行已经有了；有几个就都写成 [[reader]]"
    assert (second, says) in found(folder, text)


def test_commas_of_a_list(folder: Path) -> None:
    text = GOOD + '[keyboards]\nallowed = ["1a2c:0e24"，"1a2c:0e25"]\n'
    assert found(folder, text) == [(END + 2, "请用英文的 ,")]
    says = "列表没有写完：每项之间用英文逗号隔开，最后要有 ]"
    assert found(folder, GOOD + '[keyboards]\nallowed = ["1a2c:0e24"\n[kiosk]\nsocket = "k.sock"\n') == [
        (END + 2, says)
    ]
    assert found(folder, GOOD + '[keyboards]\nallowed = ["1a2c:0e24]\n') == [(END + 2, OPEN)]


def test_a_string_of_three_quotes_over_lines_is_one_mistake(folder: Path) -> None:
    text = GOOD.replace('url = "https://127.0.0.1:8443"', 'url = """\nhttps://127.0.0.1:8443\n"""')
    assert found(folder, text) == [(URL, '""" 没有关上：值写在一行里，前后各一个英文引号')]


def test_chinese_signs_in_values_and_comments_are_no_mistake(folder: Path) -> None:
    text = GOOD.replace('pcsc_name = "ACR122"', 'pcsc_name = "“新”读卡器，＝二号"  # 这是“新”的，＝二号')
    assert found(folder, text) == []


def test_a_socket_twice_names_the_other_line(folder: Path) -> None:
    text = GOOD.replace('driver = "simulated"', 'driver = "simulated"\nsocket = "one.sock"')
    lamp = text.splitlines().index("[indicator]") + 3
    says = f"socket：与第 {lamp} 行的 socket 同名，请取不同的名字"
    assert found(folder, text) == [(FIRST_READER + 1, says)]


def test_a_socket_like_the_kiosks_default(folder: Path) -> None:
    text = GOOD.replace('driver = "simulated"', 'driver = "simulated"\nsocket = "kiosk.sock"', 1)
    says = "socket：与[kiosk] 的 socket（没写，是默认值） 同名，请取不同的名字"
    assert found(folder, text) == [(FIRST_READER + 1, says)]


@pytest.mark.parametrize("name", ["门 口", "门口(东)", "门口（东）", "[东]"])
def test_a_name_with_blanks_or_brackets(folder: Path, name: str) -> None:
    line = LINES.index('name = "门口"') + 1
    says = f"name：“{name}”不能有空格和括号，只能用汉字、字母、数字、- 和 _"
    assert found(folder, at(line, f'name = "{name}"')) == [(line, says)]


def test_a_name_that_is_too_long(folder: Path) -> None:
    line = LINES.index('name = "门口"') + 1
    assert found(folder, at(line, f'name = "{"长" * 25}"')) == [(line, f"name：“{'长' * 25}”太长，最多 24 个字")]


def test_any_line_may_be_cut_anywhere_without_an_english_word(folder: Path) -> None:
    for number, line in enumerate(LINES, start=1):
        for place in range(len(line)):
            for _, message in found(folder, at(number, line[:place])):
                assert not {"Invalid", "Expected", "line", "value", "Error"} & set(message.split()), (
                    line[:place],
                    message,
                )


@pytest.mark.parametrize("command", [["config", "check"], ["enrol", "--claim", "0"]])
def test_the_countys_ca_file_must_be_there(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    file = folder / "station.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert main([*command, "--config", str(file)]) == EXIT_BAD_CONFIG
    says = f"第 {CA} 行：ca：没有这个文件或文件夹（{folder / 'data' / 'ca.pem'}）"
    assert says in capsys.readouterr().err
    (folder / "data").mkdir()
    (folder / "data" / "ca.pem").write_text("none", encoding="utf-8")
    assert main([*command, "--config", str(file)]) == EXIT_BAD_CONFIG
    assert "里没有证书，请用县里给的那个文件" in capsys.readouterr().err
    load(file)  # a station that runs does not ask


def test_a_library_that_is_not_installed_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, pins = folder / "station.toml", 'driver = "gpio"\ngreen = 17\namber = 27\nred = 22'
    text = GOOD.replace('[indicator]\ndriver = "simulated"', f"[indicator]\n{pins}").replace('"data"', '"."')
    file.write_text(text, encoding="utf-8")
    (folder / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    assert main(["config", "check", "--config", str(file)]) == EXIT_FAILED
    said = capsys.readouterr().out
    assert "gpio 要用 lgpio\n" in said
    assert "apt-get install --reinstall cunhui-station" in said


def test_what_the_outbox_refuses_is_said_in_chinese(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "outbox.db")), pytest.raises(StorageFailed) as taken:
        Store(tmp_path / "outbox.db")
    assert cause(taken.value) == "别的程序正占用着，也许站点程序已在运行"
    with pytest.raises(StorageFailed) as nowhere:
        Store(tmp_path / "none" / "outbox.db")
    assert cause(nowhere.value) == "打不开文件，也许没有权限"
    with pytest.raises(StorageFailed) as foreign:
        refuse_foreign(b"a", station="b")
    assert cause(foreign.value) == "记录文件是站点 a 的，本站是 b"
    assert cause(StorageFull("no room on the disk")) == "磁盘满了"


def test_what_an_identity_lacks_is_said_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "record-key.pem").write_text("none", encoding="ascii")
    with pytest.raises(IdentityBroken) as broken:
        record_key(tmp_path)
    assert cause(broken.value) == "record-key.pem 内容不对"
    (tmp_path / "enrolled.json").write_text("{}", encoding="ascii")
    with pytest.raises(IdentityBroken) as torn:
        load_identity(tmp_path)
    assert cause(torn.value) == "enrolled.json 内容不对"


def test_what_the_system_refuses_is_said_in_chinese() -> None:
    assert cause(FileNotFoundError(errno.ENOENT, "No such file", "/x")) == "没有这个文件或文件夹（/x）"
    assert cause(ValueError("something new")) == "something new"


def test_without_config_the_packages_file_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = tmp_path / "station.toml"
    monkeypatch.setattr(cli, "INSTALLED_CONFIG", installed)
    assert main(["config", "check"]) == EXIT_BAD_CONFIG
    assert "先运行 sudo cunhui-agent setup" in capsys.readouterr().err
    assert main(["doctor"]) == EXIT_FAILED
    assert "代码 12" in capsys.readouterr().out
    installed.write_text("[[reader]]\n", encoding="utf-8")
    for verb in (["config", "check"], ["export", "--to", str(tmp_path)]):
        assert main(verb) == EXIT_BAD_CONFIG
        assert f"{installed} 有" in capsys.readouterr().err
