"""Chinese text in cells: never too wide, nothing lost, no comma at the beginning of a line."""

import string

from hypothesis import given
from hypothesis import strategies as st

from kiosk_tui.drawing.typeset import Block, cells, clean, fit, fit_names, pad, set_blocks, spread, wrap

CHINESE = "打卡成功今天还缺下班村民委员会"
TEXT = st.text(alphabet=CHINESE + "，。：；！？（）《》“”" + string.ascii_letters + string.digits + " .,", max_size=160)


def test_names_are_left_off_whole() -> None:
    names = ["张示例", "李示例", "王示例"]
    assert fit_names("在岗 3 人：", names, 40) == "在岗 3 人：张示例、李示例、王示例"
    assert fit_names("在岗 3 人：", names, 30) == "在岗 3 人：张示例、李示例、…"
    assert fit_names("在岗 3 人：", names, 18) == "在岗 3 人：张示例…"
    assert fit_names("在岗：还没有人", [], 30) == "在岗：还没有人"
    assert all(cells(fit_names("在岗 3 人：", names, width)) <= width for width in range(12, 50))


@given(TEXT, st.integers(4, 80))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXT, st.integers(0, 80), st.integers(0, 80))
def test_fitted_text_is_as_wide_as_said(text: str, width: int, other: int) -> None:
    assert cells(fit(text, width)) <= width
    assert cells(pad(text, width)) == width
    assert cells(spread(text, text[:5], width + other)) == width + other


def test_closing_punctuation_stays_with_what_it_closes() -> None:
    assert wrap("今天的卡，都打了。", 8) == ["今天的", "卡，都打", "了。"]
    assert wrap("看《组织法》吧", 6) == ["看《组", "织法》", "吧"]
    assert wrap("他说《法律", 6) == ["他说", "《法律"]


def test_numbers_and_latin_words_stay_whole() -> None:
    assert wrap("请打 12345 热线", 8) == ["请打", "12345 热", "线"]
    assert wrap("0123456789", 4) == ["0123", "4567", "89"]


def test_what_could_steer_a_terminal_is_taken_out() -> None:
    assert clean("张\x1b[2J示\u202e例\n二\x00") == "张[2J示例 二"


def test_blank_lines_are_given_up_before_lines_go_to_a_next_page() -> None:
    blocks = tuple(Block(f"第{number}行", gap=1 if number else 0) for number in range(3))
    assert [len(page) for page in set_blocks(blocks, 20, 5)] == [5]
    assert [len(page) for page in set_blocks(blocks, 20, 4)] == [3]
    assert [len(page) for page in set_blocks(blocks, 20, 2)] == [2, 1]


@given(st.lists(TEXT, max_size=8), st.integers(8, 60), st.integers(1, 12))
def test_no_page_is_too_long_and_no_line_is_lost(texts: list[str], width: int, height: int) -> None:
    pages = set_blocks(tuple(Block(text, cap="1 ", gap=1) for text in texts), width, height)
    assert all(len(page) <= height for page in pages)
    assert all(cells(line.cap + line.text) <= width for page in pages for line in page)
    read = "".join(line.text for page in pages for line in page)
    assert "".join(read.split()) == "".join("".join(texts).split())
