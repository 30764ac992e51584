"""Draw learning: at the kiosk from the map to the wrong book, at the console what officers decide and what authors look
at, and on a telephone what is a person's own.

Whoever is drawn here is made up, and so are the weeks behind them (`firmware_scripts.demo.learnt`). What the county and
its station say of these is reckoned as of any others.
"""

import datetime as dt
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import override

from playwright.sync_api import Browser

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import TOWNSHIP
from firmware_scripts.demo.level_player import Shown, keys_for
from firmware_scripts.demo.officer import Officer
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.pictures.console import WHOLE, WIDTHS, chromium, open_context
from firmware_scripts.pictures.errand import Errand, page_of
from firmware_scripts.pictures.kiosk_tour import small, wait_for_keys
from firmware_scripts.pictures.learning_packs import KINDS, LEVELS, STARTER, TITLE, starters, write_kinds
from firmware_scripts.pictures.stage import Stage, stage
from kiosk_tui.places.lesson import PICTURE_KEY
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import visits as words_visits
from protocol.china_time import CHINA
from protocol.packs import Question

OFFICER, SECRETARY = "demo-courses", "demo-secretary"
_SHELF_S = 600
_SCREEN_S = 60.0
_PAUSE_S = 0.4
"""The kiosk takes the same key sooner for one that is held."""
_VERDICTS = (words_learning.RIGHT, words_learning.WRONG)
_ENDS = (words_learning.PASSED, words_learning.FAILED)
_LEAVING = (
    *(words_learning.LEAVE, words_learning.LEAVE_NAMED, words_learning.LEAVE_MARKED, words_learning.LEAVE_MARKED_NAMED),
    *(words_learning.LEAVE_ENDED, words_learning.LEAVE_BOOK),
)
_PICKING = ("multiple", "ordering")
_NEXT_PACK, _MENU_PACK = "示例·反诈：守好自家的钱", "示例·用药安全：吃对药、存好药"
_COOKIE = "__Host-cunhui-phone"
_OWN_BANK = "示例镇防汛：本镇的河和山"
_SOURCE = re.compile(r"\\n出处：.*")


def take(bench: Bench, out: Path) -> list[Path]:
    """Give the county packs and weeks of learning, draw, and return the files.

    Raises:
        NotInTime: The county, the station or the kiosk did not have what was waited for.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cunhui-packs-") as folder:
        officer, token = _prepare(bench, Path(folder))
    drawn: list[Path] = []
    with chromium() as browser:
        _console(bench, browser, officer, out, drawn)
        _editor(bench, browser, officer, out, drawn)
        _telephone(bench, browser, token, out, drawn)
    _kiosk(bench, out, drawn)
    return drawn


def _prepare(bench: Bench, folder: Path) -> tuple[Officer, str]:
    """Publish packs, let weeks pass, require and offer packs; return who decided it, and a telephone's secret."""
    county, village = bench.county, bench.stations[0].cast.village
    # What is not urgent comes by night, and pictures are drawn at any hour.
    county.tool("setting", "night_until_min", "01:00", "--at", village)
    county.tool("publish-starter")
    county.tool("publish-pack", str(write_kinds(folder, version=1)))
    county.tool("account", SECRETARY, "--role", "secretary", "--region", village)
    county.tool("account", OFFICER, "--role", "officer", "--region", TOWNSHIP)
    packs = ("--pack", KINDS, "--pack", "starter-fraud")
    token = _learnt(bench, "past", *packs, "--village", village, "--account", SECRETARY)
    county.tool("publish-pack", str(write_kinds(folder, version=2)))
    _learnt(bench, "night")
    officer = Officer(county.tool("sign-in-link", OFFICER), Path(county.where()["ca"]))
    why, today = "示例：冬天闲下来学一学", dt.datetime.now(CHINA).date()
    for pack, days in (("starter-fraud", 12), (KINDS, 30)):
        until = str(today + dt.timedelta(days=days))
        officer.send("/courses/require/", region=TOWNSHIP, pack=pack, until=until, reason=why)
    menu = ["starter-medicine", "starter-villagers-law"]
    officer.send("/courses/offer/", region=TOWNSHIP, title="示例：冬季选学", packs=menu, choose="1", reason=why)
    wait_until(lambda: _is_told(bench), what="the station to know its people", timeout_s=_SHELF_S, every_s=1)
    return officer, token


def _learnt(bench: Bench, *said: str) -> str:
    """Have the county look back at weeks, or pass a night; return what that printed."""
    command = [sys.executable, "-m", "firmware_scripts.demo.learnt", *said]
    environment = {**os.environ, **bench.county.env}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _is_told(bench: Bench) -> bool:
    """Tell whether the first station has all that the county tells it of its people, packs and courses."""
    station = bench.stations[0].cast
    reports = f"SELECT bundle, version FROM bundles_shelfreport WHERE state = 'whole' AND station_id = '{station.id}'"  # noqa: S608 - a name of our own
    whole = {(bundle, int(version)) for bundle, version in bench.county.sql(reports)}
    people = sum(1 for bundle, _ in whole if bundle.startswith("progress-"))
    packs = {(KINDS, 2), *((pack.id, pack.version) for pack in starters())}
    courses = any(bundle.startswith("courses-") for bundle, _ in whole)
    return packs <= whole and courses and people >= len(station.people)


def _console(bench: Bench, browser: Browser, officer: Officer, out: Path, drawn: list[Path]) -> None:
    """What is required and offered, how questions were answered, and a branch's required packs."""
    base = str(bench.county.where()["url"]).rstrip("/") + "/"
    ca = Path(bench.county.where()["ca"])
    secretary = Officer(bench.county.tool("sign-in-link", SECRETARY), ca, proves=False)
    rows = "SELECT bundle, id FROM bundles_bundle WHERE kind = 'questions' ORDER BY version"
    bundles = dict(bench.county.sql(rows))
    for width in WIDTHS:
        with page_of(browser, base, officer.session, width) as page:
            errand = Errand(page, base, out, drawn, "learning")
            errand.open("courses/")
            errand.draw("courses")
            errand.open(f"published/{bundles['starter-fraud']}/questions/")
            errand.draw("questions", whole=False)
            errand.open(f"published/{bundles[KINDS]}/questions/")
            errand.draw("corrected", part="section[aria-labelledby=remarked-title]")
        with page_of(browser, base, secretary.session, width) as page:
            errand = Errand(page, base, out, drawn, "learning")
            errand.open("courses/branch/")
            errand.draw("branch")


def _editor(bench: Bench, browser: Browser, officer: Officer, out: Path, drawn: list[Path]) -> None:
    """A township writes its own bank: a file with an error, mended beside the kiosk's screens; and the list."""
    base = str(bench.county.where()["url"]).rstrip("/") + "/"
    with page_of(browser, base, officer.session, max(WIDTHS)) as page, tempfile.TemporaryDirectory() as folder:
        errand = Errand(page, base, out, drawn, "learning")
        errand.open("banks/")
        page.get_by_label("名称").fill(_OWN_BANK)
        page.get_by_label("发给").select_option(TOWNSHIP)
        page.get_by_label("谁负责").fill("示例镇 陈示例")
        page.get_by_label("是示例").check()
        page.get_by_label("题目文件").set_input_files(_with_an_error(bench, Path(folder)))
        errand.press("新建")
        page.get_by_role("link", name="要改的 1").click()
        errand.draw("bank", whole=False)
        page.locator("td.first a").click()
        page.get_by_label("出处").fill("《示例镇防汛办法》（2026 年）第一条")
        page.get_by_alt_text("大屏上问这道题时的样子").wait_for()
        page.evaluate("scrollTo(0, 0)")
        errand.draw("bank-question", whole=False)
        errand.press("保存")
        errand.open("banks/")
        errand.draw("banks", whole=False)


def _with_an_error(bench: Bench, folder: Path) -> Path:
    """Return a file of questions of which one has lost its source."""
    file = folder / "题目.gift"
    bench.county.tool("questions", "export", str(STARTER / "starter-flood.json"), "--to", str(file))
    file.write_text(_SOURCE.sub("", file.read_text(), count=1))
    return file


def _telephone(bench: Bench, browser: Browser, token: str, out: Path, drawn: list[Path]) -> None:
    """What a person sees of their own learning."""
    door = str(bench.county.where()["front_door"])
    context = open_context(browser, min(WIDTHS))
    context.add_cookies([{"name": _COOKIE, "value": token, "url": door, "secure": True, "httpOnly": True}])
    page = context.new_page()
    page.goto(f"{door}/learning/")
    page.wait_for_selector("h2")
    page.evaluate(WHOLE)
    drawn.append(out / "learning-phone-390.png")
    page.screenshot(path=drawn[-1])
    context.close()


class _Kiosk(Shown):
    """The kiosk on a stage, read and pressed as a person does, and photographed."""

    def __init__(self, stage: Stage, out: Path, drawn: list[Path]) -> None:
        self._stage = stage
        self._out = out
        self._drawn = drawn
        self._asked = {
            question.stem: question for pack in starters() for level in pack.levels for question in level.questions
        }

    @override
    def press(self, *keys: str) -> None:
        for key in keys:
            self._stage.tmux("send-keys", key)
            time.sleep(_PAUSE_S)

    @override
    def screen(self) -> str:
        return self._stage.text()

    @override
    def wait_for(self, *texts: str, timeout_s: float = _SCREEN_S) -> str:
        return super().wait_for(*texts, timeout_s=timeout_s)

    def go(self, key: str, *then: str) -> str:
        """Press a key once the screen names its keys, and wait for what it brings."""
        wait_for_keys(self._stage)
        self.press(key)
        found = self.wait_for(*then)
        wait_for_keys(self._stage)
        return found

    def choose(self, choice: str, *then: str) -> str:
        """Press the number at the beginning of the line with some words."""
        self.wait_for(choice)
        # The kiosk puts a blank after some signs.
        lines = ("".join(line.split()) for line in self.screen().splitlines())
        return self.go(next(line[0] for line in lines if choice in line[1:]), *then)

    def draw(self, name: str) -> None:
        """Photograph the screen."""
        wait_for_keys(self._stage)
        drawn = self._stage.photograph(self._out / f"learning-kiosk-{name}.png")
        self._drawn += [drawn, small(drawn, self._out / f"guide-learning-{name}.png")]

    def question(self) -> Question:
        """Return the question of a starter pack that is on the screen."""
        return self._asked[self.wait_for(*self._asked)]

    def pick(self, *, right: bool) -> None:
        """Choose the options of an answer. Where several are chosen, nothing is answered yet."""
        question = self.question()
        keys = keys_for(question, self.screen(), right=right)
        if question.kind in _PICKING:
            self.press(*keys)
        else:
            self.go(keys[0], *_VERDICTS)

    def answer(self, *, right: bool) -> None:
        """Answer the question on the screen."""
        picking = self.question().kind in _PICKING
        self.pick(right=right)
        if picking:
            self.go("Enter", *_VERDICTS)

    def read_on(self) -> None:
        """Leave an explanation."""
        wait_for_keys(self._stage)
        self.press("Enter")
        for verdict in _VERDICTS:
            self.wait_until_gone(verdict, timeout_s=_SCREEN_S)
        wait_for_keys(self._stage)

    def play(self, *, wrong: int) -> None:
        """Answer to the end of a level, the first questions wrong."""
        while self.wait_for(*words_learning.KIND.values(), *_ENDS) not in _ENDS:
            self.answer(right=wrong <= 0)
            wrong -= 1
            self.read_on()

    def leave(self, *then: str) -> None:
        """Leave a run in its middle: the first 0 asks."""
        self.go("0", *_LEAVING)
        self.go("0", *then)


def _kiosk(bench: Bench, out: Path, drawn: list[Path]) -> None:
    """What the first person sees: a correction, the map, a question of each kind, marks, ends, the wrong book."""
    station = bench.stations[0]
    with stage(station.kiosk_socket) as shown:
        kiosk = _Kiosk(shown, out, drawn)
        kiosk.wait_for(words.KEY_HELP)
        station.touch(station.cast.people[0].uid)
        kiosk.wait_for(*words.ANSWER.values())
        kiosk.go("1", words_visits.VISIT_CAN["learning"])
        kiosk.choose(words_visits.VISIT_CAN["learning"], words_learning.AMENDED_BECAUSE)
        kiosk.draw("amended")
        kiosk.go("Enter", words_learning.CHOOSE_PACK)
        kiosk.draw("map")
        _wrong_book(kiosk)
        kiosk.choose(TITLE, words_learning.CHOOSE_LEVEL)
        kiosk.draw("ladder")
        _each_kind(kiosk)
        kiosk.go("0", words_learning.CHOOSE_PACK)
        _levels(kiosk)
        _menu(kiosk)


def _each_kind(kiosk: _Kiosk) -> None:
    """Draw a question of each kind, answers to some of them, and a picture that fills the screen."""
    for kind, name in LEVELS.items():
        kiosk.choose(name, *words_learning.KIND.values())
        if kind in _PICKING:
            kiosk.pick(right=True)
        kiosk.draw(kind)
        match kind:
            case "single":
                kiosk.answer(right=False)
                kiosk.draw("marked-wrong")
            case "multiple" | "ordering":
                kiosk.go("Enter", *_VERDICTS)
                kiosk.draw(f"marked-{kind}")
            case "picture":
                kiosk.go(PICTURE_KEY, words_learning.KEY_TO_QUESTION)
                kiosk.draw("picture-large")
                kiosk.go("0", words_learning.KEY_LEAVE)
        kiosk.leave(words_learning.CHOOSE_LEVEL)


def _wrong_book(kiosk: _Kiosk) -> None:
    """Open the wrong book, answer a question of it, and leave it."""
    kiosk.go("Enter", words_learning.KEY_LEAVE_BOOK)
    kiosk.draw("book")
    kiosk.leave(words_learning.CHOOSE_PACK)


def _levels(kiosk: _Kiosk) -> None:
    """End three levels: with too many wrong answers, with one, and with none."""
    kiosk.choose(_NEXT_PACK, words_learning.CHOOSE_LEVEL)
    for name, wrong in (("failed", 3), ("over-wrong", 1), ("over", 0)):
        kiosk.choose(words_learning.FROM_HERE, *words_learning.KIND.values())
        kiosk.play(wrong=wrong)
        kiosk.draw(name)
        kiosk.go("0", words_learning.CHOOSE_LEVEL)
    kiosk.go("0", words_learning.CHOOSE_PACK)


def _menu(kiosk: _Kiosk) -> None:
    """Choose a pack of the menu."""
    kiosk.choose(_MENU_PACK, words_learning.CHOOSE_LEVEL)
    kiosk.go("Enter", words_learning.CHOSEN_NOW)
    kiosk.draw("chosen")
