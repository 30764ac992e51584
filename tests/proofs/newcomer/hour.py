"""The first hour of one county, done by following its console."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import openpyxl
from playwright.sync_api import Browser

from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.station import DemoStation
from tests.proofs.newcomer.hand import Hand, hand_of

COUNTY, TOWNSHIP, VILLAGE = "990101000000", "990101001000", "990101001001"
STATION = "shili-01"
PERSON = ("a1", "张示例")
ROWS = {
    "区划": ({"代码": TOWNSHIP, "名称": "示例镇"}, {"代码": VILLAGE, "名称": "示例村"}),
    "站点": ({"站点编号": STATION, "名称": "示例村站", "村代码": VILLAGE},),
    "人员": ({"编号": PERSON[0], "姓名": PERSON[1], "村代码": VILLAGE},),
    "值班": (
        *({"村代码": VILLAGE, "名称": "上午", "星期": "1-7", "开始": "08:30", "结束": "12:00", "人员编号": PERSON[0]},),
    ),
}
"""What a county fills into the template."""
TITLES = ("区划", "人员", "值班", "站点", "接入", "发卡", "第一次打卡")
HELPERS = {"operator": "县运维", "system": "系统管理员", "officer": "镇办干部"}


class FirstHour:
    """One county, and the account that begins in it."""

    def __init__(self, browser: Browser, county: DemoCounty, folder: Path, *, role: str, card: str) -> None:
        self._browser = browser
        self._county = county
        self._folder = folder
        self._role = role
        self._card = card
        self._pictures = folder / "pictures"
        self._pictures.mkdir(parents=True, exist_ok=True)
        cast = CastStation(id=STATION, name="示例村站", village=VILLAGE, village_name="示例村", people=())
        self._station = DemoStation(cast, folder=folder / "station", readers=["simulated"])
        self.steps = 0
        self.dead_ends: list[str] = []
        self.done: list[str] = []
        self.fetched: list[str] = []
        """Who else was fetched: the step, and the role that the console named."""

    def live(self) -> bool:
        """Follow the console to the end, and return whether the touch stands on the board with the person's name."""
        try:
            with hand_of(self._browser, self._role, partial(sign_in_link, self._county), self._pictures) as hand:
                for _ in range(len(TITLES) + 1):
                    hand.go_home()
                    title = self._step_now(hand)
                    hand.picture(f"home-{len(self.done)}")
                    if not title:
                        break
                    self._do(hand, title)
                    self.done.append(title)
                seen = self._sees_touch(hand)
                self.steps += hand.steps
                self.dead_ends += hand.dead_ends
                return seen
        finally:
            self._station.stop()

    def _step_now(self, hand: Hand) -> str:
        now = hand.page.locator(".first-steps li.now strong")
        return now.inner_text().partition("：")[0] if now.count() else ""

    def _do(self, hand: Hand, title: str) -> None:
        step = hand.page.locator(".first-steps li.now")
        if step.locator("a.button").count():
            hand.press(step.locator("a.button"))
            _WAYS[title](self, hand)
            return
        said = step.locator("p").inner_text()
        role = next((role for role, word in HELPERS.items() if word in said), "")
        if not role:
            raise AssertionError(f"{self._role}: nobody is named for {title}: {said}")
        self.fetched.append(f"{title}: {role}")
        with hand_of(self._browser, role, partial(sign_in_link, self._county), None) as other:
            other.go_home()
            assert self._step_now(other) == title
            self._do(other, title)
            self.steps += other.steps
            self.dead_ends += other.dead_ends
        # The page of who waits changes by itself.
        hand.page.locator(".first-steps li.done", has_text=f"{title}：").wait_for()

    def _import(self, hand: Hand) -> None:
        with hand.page.expect_download() as download:
            hand.link("下载空模板").click()
        hand.steps += 1
        file = self._folder / "名单.xlsx"
        download.value.save_as(file)
        fill_in(file)
        hand.page.locator("input[type=file]").set_input_files(file)
        hand.press(hand.button("读取并预览"))
        hand.picture("import")
        hand.press(hand.button("确认导入"))

    def _enrol(self, hand: Hand) -> None:
        hand.press(hand.button("生成接入码"))
        # Whoever is asked for the second factor comes back to the page of the form.
        if not hand.page.locator(".code").count():
            hand.press(hand.button("生成接入码"))
        hand.picture("claim")
        code = re.sub(r"\D", "", hand.page.locator(".code").inner_text())
        where = self._county.where()
        self._station.enrol(url=where["url"], ca=Path(where["ca"]), claim=code)
        self._station.start()
        hand.go_home()
        hand.page.locator(".first-steps li.done", has_text="接入：").wait_for()

    def _bind(self, hand: Hand) -> None:
        self._touch()
        field = hand.page.locator("input[name=person]")
        for _ in range(30):
            if field.count():
                break
            hand.page.wait_for_timeout(1000)
            hand.press(hand.link("刷新"))
        hand.picture("desk")
        hand.fill(field.first, " ".join(PERSON))
        hand.press(hand.button("绑定"))

    def _first_touch(self, hand: Hand) -> None:
        self._touch()
        hand.page.get_by_text(PERSON[1]).first.wait_for()

    def _touch(self) -> None:
        assert self._station.touch(self._card), "the reader did not read the card"

    def _sees_touch(self, hand: Hand) -> bool:
        hand.press(hand.link("今日"))
        hand.press(hand.link("今日打卡"))
        hand.picture("board")
        row = hand.page.locator("table.touches tbody tr", has_text=PERSON[1])
        row.first.wait_for()
        return bool(row.count())


_WAYS: dict[str, Callable[[FirstHour, Hand], None]] = {
    "区划": FirstHour._import,
    "接入": FirstHour._enrol,
    "发卡": FirstHour._bind,
    "第一次打卡": FirstHour._first_touch,
}
"""What is done on the page of each step. The file of the first one has people, duty and stations too."""


def sign_in_link(county: DemoCounty, account: str) -> str:
    """Return a link that signs an account in once."""
    said = county.tool("sign-in-link", account)
    found = re.search(r"https://\S+", said)
    assert found is not None, said
    return found[0]


def fill_in(file: Path) -> None:
    """Write `ROWS` into the console's own template, by the words in its first row."""
    book = openpyxl.load_workbook(file)
    for name, rows in ROWS.items():
        sheet = book[name]
        columns = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
        for at, row in enumerate(rows, start=2):
            for word, value in row.items():
                sheet.cell(row=at, column=columns[word], value=value)
    book.save(file)
