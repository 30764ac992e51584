"""Nothing is cut, no glyph is halved, and all text has a contrast of at least 7:1, on every screen at every size."""

import re
import unicodedata

import msgspec
import pytest
from rich.cells import cell_len
from rich.color_triplet import ColorTriplet
from textual.color import Color
from textual.strip import Strip

from kiosk_tui import theme
from kiosk_tui.pixels import clock_face
from protocol.kiosk import DutyRow
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import SIZES, STATES, Rig, drawn, press

SIZE_IDS = [f"{width}x{height}" for width, height in SIZES]


def contrast(text: Color, ground: Color) -> float:
    """WCAG 2.2: relative luminance and contrast ratio."""
    lighter, darker = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    parts = (value / 255 for value in (color.r, color.g, color.b))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_ratio_is_computed_as_the_standard_says() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("name", "pair"), theme.PAIRS.items(), ids=list(theme.PAIRS))
def test_the_theme_has_contrast(name: str, pair: tuple[str, str]) -> None:
    assert contrast(Color.parse(pair[0]), Color.parse(pair[1])) >= 7


async def _drawn(state: str, size: tuple[int, int]) -> list[Strip]:
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        STATES[state](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        return drawn(rig.app)


WHOLE = {
    "home": [
        "示例东村·示例东村村部",
        "请把卡贴到读卡器上",
        "11月24日星期二",
        "模拟设备:读卡器指示灯摄像头",
        "在岗1人：张示例",
        "待打卡2人：王示例、欧阳示例",
        "1今日2我的3学习4公示5提意见6查找",
    ],
    "home-troubled": [
        "！读卡器没有准备好，暂时不能打卡，请联系镇办。",
        "！时间待校准",
        "！网络不通",
        "还有1234条",
        "没传到县里，",
        "不影响打卡。",
        "时间校准以后，这里显示谁在值班。",
    ],
    "home-restored": ["请把卡贴到读卡器上", "！时间待校准", "时间校准以后，这里显示谁在值班。"],
    "home-noticed": ["！时间待校准", "请把卡贴到读卡器上", "时间校准以后，这里显示谁在值班。"],
    "home-afternoon": ["在岗1人：张伟(207)", "待打卡1人：买买提·吐尔逊"],
    "today": ["2026年11月24日星期二", "时间准，刚和县里对过。", "网络通，打卡马上传到县里。", "1看全部值班"],
    "today-troubled": ["时间还没有对准。", "网络不通，打卡照常，有网自动上传。还有1234条没传。"],
    "duty": ["今日值班", "欧阳示例"],
    "duty-afternoon": ["张伟(207)", "张伟(312)", "买买提·吐尔逊", "晚13:10", "早15:00"],
    "mine-asking": ["请把您的卡贴到读卡器上", "看到打卡结果，再按1。"],
    "mine-asking-number": ["没带卡，按Enter输编号和密码。", "Enter没带卡"],
    "touch-in": [
        "✓打卡成功·上班",
        "张示例",
        "08:06",
        "上班、下班记反了？10秒内再刷一次这张卡，就能改。",
        "上午坐班下班时别忘了打卡。",
        "还有10秒",
    ],
    "touch-out": ["✓打卡成功·下班", "✓今天的卡已打齐"],
    "touch-repeat": ["✓已打卡·上班", "刚才已经打过，不用再打。"],
    "touch-again": ["✓已打卡·上班", "打错了？按7，再刷一次卡，就改为下班。", "7改为下班", "0返回", "还有10秒"],
    "touch-repeat-later": ["✓已打卡·上班", "刚才已经打过，不用再打。"],
    "touch-again-chosen": ["再刷一次这张卡，就改为下班；不改请按0或不动。", "0不改", "还有10秒"],
    "touch-again-chosen-undirected": ["再刷一次这张卡，就记为下班；不改请按0或不动。", "0不改"],
    "touch-again-undirected": ["按7上班，按8下班，再刷一次卡；不选也可以。", "7记为上班", "8记为下班"],
    "touch-again-undated": ["按7上班，按8下班，再刷一次卡；不选也可以。", "时间待校准"],
    "touch-correctable": ["上班、下班记反了？10秒内再刷一次这张卡", "下午坐班没打上班卡；这次就是的话，再刷一次卡改。"],
    "touch-correctable-again": ["改为上班", "下午坐班没打上班卡；这次就是的话，再刷一次卡改。"],
    "touch-no-list": ["！已记录，待县里核对", "本站还没收到名单，已记录，县里会核对。"],
    "touch-corrected": ["✓打卡成功·下班", "已经改好。"],
    "touch-lacking": ["✓打卡成功·下班", "上午坐班没打上班卡、下班卡，已过，请找镇办补卡。"],
    "touch-longest": ["刚才：欧阳示例下班✓已记录，待县里核对！"],
    "touch-unknown": ["！已记录，待县里核对", "这张卡还没有登记，核对以后照样算数。"],
    "touch-lost": ["！请联系镇办", "这张卡已经挂失，本次刷卡已记录。"],
    "touch-not-recorded": ["×没有记录", "站点存满了，请联系镇办。"],
    "touch-undirected": [
        "✓打卡成功",
        "现在不是您的值班时段，不选上班、下班也可以。",
        "想选的话，10秒内再刷一次这张卡。",
        "还有10秒",
    ],
    "touch-undated": [
        "✓打卡成功",
        "时间待校准",
        "本机时间还没校准，不选上班、下班也可以。",
        "想选的话，10秒内再刷一次这张卡。",
        "还有10秒",
    ],
    "visit-month": [
        "今天还差：下班卡。",
        "11月24日周二17:40打卡（按编号）…还没传到",
        "11月24日周二17:32下班…已说不对，等镇办答复",
        "11月23日周一08:05上班✓已收到，县里改了时间",
        "11月20日周五08:07上班！待审：卡已挂失",
        "时间不明打卡！待审：时间不明",
        "6少打了一次",
    ],
    "visit-month-undated": ["少打了哪一次？", "上班卡", "下班卡", "本机时间还没校准，先不写日期，镇办会问您。"],
    "visit-month-taken": ["✓已记录，编号482913", "镇办会核对。编号不用记，答复在“我的办事”里看。"],
    "visit-requests": ["11月24日周二打卡不对：时间不对…等镇办答复", "11月19日周四少打的卡：上班卡×镇办没同意"],
    "question-longest": [samples.LONGEST.stem, *samples.LONGEST.options, "○○还可以错0次", "已排：6"],
    "question-leaving": [samples.LONGEST.stem, *samples.LONGEST.options, "再按一次0就离开本关，按其他键继续答题。"],
    "marked-right": ["✓答对了", samples.RIGHT.explanation, samples.RIGHT.source, "正确答案：119"],
    "marked-wrong": ["×答错了", samples.WRONG.explanation, samples.WRONG.source, "正确答案：党务、村务、财务"],
    "over-passed": ["✓过关了", "5题答对4题"],
    "over-failed": ["×没有过关", "4题答对1题", "2看错题"],
    "review": ["错题1/1", samples.QUESTION.stem, "正确答案：119", samples.MISTAKEN.explanation],
    "marked-leaving": ["再按一次0就离开本关，按其他键继续看。"],
    "help": ["1叫镇办的人", "2怎么用这台机器"],
    "help-from-question": ["这个画面没有录音", "0接着答题"],
    "help-rules": ["按*多看一会儿", "打镇办电话"],
    "away": ["机器正在启动，现在先不要刷卡"],
    "away-interrupted": ["本关已中断，请重新开始。"],
    "idle": ["25秒后回到首页"],
}
"""What must stand on a screen in full, at every size."""


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
@pytest.mark.parametrize("state", STATES)
async def test_a_screen_fills_its_cells_and_can_be_read(state: str, size: tuple[int, int]) -> None:
    strips = await _drawn(state, size)
    assert len(strips) == size[1]
    for strip in strips:
        assert cell_len(strip.text) == size[0], strip.text
        _all_readable(strip)
    text = "".join("".join(strip.text for strip in strips).split())
    for words in WHOLE.get(state, []):
        assert "".join(words.split()) in text


def _all_readable(strip: Strip) -> None:
    for text, style, _ in strip:
        if style is None or not any(_is_text(character) for character in text):
            continue
        assert style.color is not None
        assert style.bgcolor is not None
        ratio = contrast(_color(style.color.get_truecolor()), _color(style.bgcolor.get_truecolor()))
        assert ratio >= 7, f"{ratio:.1f} for {text!r}"
        assert not style.dim, text


def _is_text(character: str) -> bool:
    """Blanks and ruled lines are no text; the half blocks of the large digits are."""
    return not character.isspace() and not unicodedata.name(character, "").startswith("BOX DRAWINGS")


def _color(triplet: ColorTriplet) -> Color:
    return Color(*triplet)


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
async def test_the_longest_explanation_is_read_page_by_page(size: tuple[int, int]) -> None:
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        STATES["marked-longest"](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        read = rig.text()
        while "继续看" in rig.text():
            rig.clock.pass_s(1)
            await pilot.press("enter")
            await rig.settle(pilot)
            read += rig.text()
        assert "看结果" in read
        for words in (samples.LONGEST_MARKED.explanation, samples.LONGEST_MARKED.source, *samples.LONGEST.options):
            assert "".join(words.split()) in read
        said = len(rig.link.said)
        rig.clock.pass_s(1)
        await pilot.press("enter")
        assert len(rig.link.said) == said + 1


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
async def test_thirty_people_are_all_on_some_page_of_the_board(size: tuple[int, int]) -> None:
    rig = Rig()
    async with rig.app.run_test(size=size) as pilot:
        STATES["duty-many"](rig.app.flow, rig.clock)
        await rig.settle(pilot)
        assert "第2/" in rig.text()
        await pilot.press("7")
        await rig.settle(pilot)
        assert "第1/" in rig.text()
        read = ""
        for _ in range(4):
            read += rig.text()
            rig.clock.pass_s(1)
            await pilot.press("8")
            await rig.settle(pilot)
        assert all(row.name in read for row in samples.CROWDED.duty)


async def test_a_long_notice_is_read_line_by_line() -> None:
    rig = Rig()
    async with rig.app.run_test(size=(53, 15)) as pilot:
        STATES["home-noticed"](rig.app.flow, rig.clock)
        read = ""
        for _ in range(4):
            await rig.settle(pilot)
            line = next(line for line in rig.lines() if line.strip().startswith(("1/", "2/", "3/", "4/")))
            read += line.split(maxsplit=1)[1].strip()
            rig.clock.pass_s(8)
        assert samples.NOTICED.notice in read


@pytest.mark.parametrize("quality", ["restored", "unknown"])
async def test_a_clock_that_does_not_know_the_time_shows_none(quality: str) -> None:
    rig = Rig()
    async with rig.app.run_test(size=(80, 22)) as pilot:
        rig.app.flow.agent_said(msgspec.structs.replace(samples.HOME, quality=quality))
        await rig.settle(pilot)
        text = rig.text()
        assert not re.search(r"月|星期|\d\d:\d\d|今天没有排班", text)
        clock = [line[:40] for line in rig.lines()[2:7]]
        assert [line.strip() for line in clock] == [line.rstrip() for line in map(str.strip, clock_face("--:--"))]


@pytest.mark.parametrize("quality", ["synced", "holdover"])
async def test_a_clock_that_knows_the_time_shows_it(quality: str) -> None:
    rig = Rig()
    async with rig.app.run_test(size=(80, 22)) as pilot:
        rig.app.flow.agent_said(msgspec.structs.replace(samples.HOME, quality=quality))
        await rig.settle(pilot)
        assert "2026年11月24日星期二" in rig.text()
        assert rig.lines()[2].strip().startswith(clock_face("08:06")[0].strip())


def row(**fields: object) -> DutyRow:
    return msgspec.structs.replace(samples.duty("张示例"), **fields)


@pytest.mark.parametrize(
    ("shown", "columns"),
    [
        (row(), "待打卡 —"),
        (row(arrived=520), "✓ 08:40 待打卡"),
        (row(arrived=521), "晚 08:41 待打卡"),
        (row(arrived=510, left=710), "✓ 08:30 ✓ 11:50"),
        (row(arrived=510, left=709), "✓ 08:30 早 11:49"),
        (row(state="over", arrivals_over=True), "还没记录 —"),
        (row(arrivals_over=True), "还没记录 —"),
        (row(arrivals_over=True, left=700), "还没记录 早 11:40"),
        (row(state="over", closed=True, arrivals_over=True), "还没记录 还没记录"),
        (row(state="over", arrived=510), "✓ 08:30 待打卡"),
        (row(state="over", closed=True, arrivals_over=True, arrived=510), "✓ 08:30 还没记录"),
        (row(state="over", closed=True, arrivals_over=True, left=723), "还没记录 ✓ 12:03"),
        (row(arrived=560, left=709, arrived_by_time=True, left_by_time=True), "09:20 11:49"),
    ],
)
async def test_the_board_says_what_was_done_and_what_was_not(shown: DutyRow, columns: str) -> None:
    rig = Rig()
    async with rig.app.run_test(size=(60, 16)) as pilot:
        rig.app.flow.agent_said(msgspec.structs.replace(samples.HOME, duty=[shown]))
        press(rig.app.flow, rig.clock, "1", "1")
        await rig.settle(pilot)
        line = next(line for line in rig.lines() if "张示例" in line)
        assert " ".join(line.split()).removeprefix("张示例 上午坐班 08:30-12:00 ") == columns


async def test_the_keys_are_named_only_while_they_count() -> None:
    rig = Rig()
    async with rig.app.run_test(size=(60, 16)) as pilot:
        STATES["home"](rig.app.flow, rig.clock)
        rig.app.draw()
        await pilot.pause()
        await pilot.pause()
        assert "3学习" not in rig.text()
        await pilot.press("3")
        assert "请把卡贴到读卡器上" in rig.text()
        await rig.settle(pilot)
        assert "3学习" in rig.text()
        await pilot.press("3")
        await rig.settle(pilot)
        assert "请按数字选一关" in rig.text()


@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        ("touch-again", "刚才已经打过，不用再打。", "打错了？按7，"),
        ("touch-again-undirected", "刚才已经打过，不用再打。", "按7上班，按8下班，"),
        ("touch-again-chosen", "再刷一次这张卡，就改为下班；不改请不动。", "不改请按0或不动。"),
    ],
)
async def test_the_text_names_keys_only_while_they_count(state: str, before: str, after: str) -> None:
    rig = Rig()
    async with rig.app.run_test(size=(60, 16)) as pilot:
        STATES[state](rig.app.flow, rig.clock)
        rig.app.draw()
        await pilot.pause()
        await pilot.pause()
        assert before in rig.text()
        assert not re.search(r"按\d", rig.text())
        await rig.settle(pilot)
        assert after in rig.text()


async def test_what_a_correction_would_mend_is_past_when_it_can_not_be_corrected_any_more() -> None:
    past = "下午坐班没打上班卡，已过，请找镇办补卡。"
    rig = Rig()
    async with rig.app.run_test(size=(60, 16)) as pilot:
        for touch in (samples.CORRECTABLE, samples.CORRECTABLE_AGAIN):
            rig.app.flow.agent_said(touch)
            await rig.settle(pilot)
            assert past not in rig.text()
        rig.clock.pass_s(10)
        await rig.settle(pilot)
        assert past in rig.text()
        rig.app.flow.agent_said(msgspec.structs.replace(samples.CORRECTABLE, corrected=True))
        await rig.settle(pilot)
        assert "已经改好" in rig.text()
        assert "下午坐班" not in rig.text()
