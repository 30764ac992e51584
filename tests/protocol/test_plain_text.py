"""Text loses what nobody sees, what turns it round and what piles up, and keeps what names need."""

import json

import pytest

from protocol.plain_text import MOST_MARKS, is_clean, lines, one_line, spelled_out


@pytest.mark.parametrize(
    "text",
    [
        "买买提·艾合买提",
        "示例" * 20,
        "བསྒྲུབས་",
        "ᠮᠣᠩᠭᠣᠯ",
        "葛\U000e0100",
        "\U000323b0",
        "核桃🌰丰收🎉",
        "第一行\n第二行",
        "Ångström e\u0301",
        "全角　空格",
    ],
)
def test_what_names_and_notices_need_stays(text: str) -> None:
    assert lines(text) == text
    assert is_clean(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("张\u200b示\u2060例", "张示例"),
        ("\u202e例示张\u202c", "例示张"),
        ("\u2066张示例\u2069", "张示例"),
        ("张\x1b[31m示例\x07", "张[31m示例"),
        ("张\ufeff示\u00ad例", "张示例"),
        ("\U000e0041张示例", "张示例"),
        ("张\ue000示例", "张示例"),
        ("张\u3164示例", "张 示例"),
        ("张\ud800示例", "张示例"),
        ("\u0301张示例", "张示例"),
        ("葛\U000e0100\ufe00示例", "葛\U000e0100示例"),
        ("👩\u200d🌾", "👩🌾"),
    ],
)
def test_what_nobody_sees_goes(text: str, cleaned: str) -> None:
    assert one_line(text) == cleaned
    assert not is_clean(text)


def test_marks_do_not_pile_up() -> None:
    assert one_line("张" + "\u0301" * 300 + "示例") == "张" + "\u0301" * MOST_MARKS + "示例"


def test_breaks_of_every_kind_are_blanks_on_one_line_and_one_kind_on_many() -> None:
    text = "一\r\n二\r三\u2028四\x85五\t六"
    assert one_line(text) == "一 二 三 四 五 六"
    assert lines(text) == "一\n二\n三\n四\n五 六"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("张\x1b[2J示例", r"张\u001b[2J示例"),
        ("\x9b2J\x7f\x00", r"\u009b2J\u007f\u0000"),
        ("\u202e例示\u2066\u200b\ufeff", r"\u202e例示\u2066\u200b\ufeff"),
        ("一\r\n二\u2028三\t四", r"一\r\n二\u2028三\t四"),
        ("\U000e0041\ud800", r"\udb40\udc41\ud800"),
        ("买买提·艾合买提 葛\U000e0100 🌰", "买买提·艾合买提 葛\U000e0100 🌰"),
    ],
)
def test_what_a_terminal_obeys_is_spelled_out(text: str, written: str) -> None:
    assert spelled_out(text) == written
    as_json = json.dumps(text, ensure_ascii=False)
    assert json.loads(spelled_out(as_json)) == text


def test_lines_stay_lines() -> None:
    assert spelled_out("一\n\t二\r三\x1b", in_lines=True) == "一\n\t二" + r"\r三\u001b"
