"""The themes have contrast, long texts are read whole by turning pages, and keys are named only while they count."""

import re

import msgspec
import pytest
from textual.color import Color

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.pixels import clock_face
from protocol.kiosk_duty import DutyRow
from tests.kiosk_tui import samples
from tests.kiosk_tui.contrast import LEAST, contrast
from tests.kiosk_tui.rig import SIZES, STATES, Rig, press

SIZE_IDS = [f"{width}x{height}" for width, height in SIZES]


def test_the_ratio_is_computed_as_the_standard_says() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("name", "pair"), theme.PAIRS.items(), ids=list(theme.PAIRS))
def test_the_theme_has_contrast(name: str, pair: tuple[str, str]) -> None:
    assert contrast(Color.parse(pair[0]), Color.parse(pair[1])) >= LEAST


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
        (row(away="leave"), "请假 —"),
        (row(away="on_the_moon", arrivals_over=True), "不在岗 —"),
        (row(away="meeting", arrived=510), "✓ 08:30 待打卡"),
        (row(departs=False, arrived=510), "✓ 08:30 —"),
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
        assert "学习·答题闯关" in rig.text()


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
    past = "下午坐班没打上班卡。去“我的”里补报。"
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
