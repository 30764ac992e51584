"""Draw a township officer's errands with people, rosters, leave and meetings, each done in the page that is drawn.

Whoever is drawn here is made up. What the pages show came of the forms that the browser filled in, of cards that were
touched, and of a request that another account wrote down.
"""

import datetime as dt
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.pictures.console import WIDTHS, chromium, open_context
from firmware_scripts.pictures.errand import Errand, page_of
from protocol.china_time import CHINA

BRANCH = "示例东村党支部"
NIGHT = "晚间值班"
WATCH = "防汛值守"
MEETING = "主题党日：看护河道"
_MEETING_S = 60
_COME = 4
_EACH = ("today/people/", "duty/", "todo/", "meetings/")
"""Pages that are drawn on a telephone too."""


def take(bench: Bench, out: Path) -> list[Path]:
    """Do the errands in order and return the files.

    Raises:
        playwright.sync_api.Error: A page did not have what an errand needs.
    """
    out.mkdir(parents=True, exist_ok=True)
    base = str(bench.county.where()["url"]).rstrip("/") + "/"
    first, drawn = bench.stations[0], list[Path]()
    with chromium() as browser, tempfile.TemporaryDirectory(prefix="cunhui-sheets-") as folder:
        with _as_officer(browser, bench, "demo-township", 1440) as page:
            errand = Errand(page, base, out, drawn, "duty")
            _import(errand, first.cast, Path(folder))
            _make_branch(errand, first.cast)
            _watch(errand, first.cast)
            _fill_month(errand, first.cast)
            _leave(errand, browser, bench)
            _meet(errand, first.cast, touch=lambda uid: first.touch(uid))
            for path, name in (("workdays/", "workdays"), ("meetings/table/", "table"), ("duty/", "due")):
                errand.open(path)
                errand.draw(name)
            errand.open("today/people/")
            errand.draw("today")
            errand.open(f"today/people/?place={first.cast.village}")
            errand.draw("today-village")
            cookies = page.context.storage_state()
        context = open_context(browser, min(WIDTHS), session=cookies)
        errand = Errand(context.new_page(), base, out, drawn, "duty")
        for path in _EACH:
            errand.open(path)
            errand.draw(path.strip("/").replace("/", "-"))
        context.close()
    return drawn


def _as_officer(browser: Browser, bench: Bench, account: str, width: int) -> AbstractContextManager[Page]:
    return page_of(browser, str(bench.county.where()["url"]), bench.session(account), width)


def _import(errand: Errand, station: CastStation, folder: Path) -> None:
    """A sheet with faults, what is wrong with it, then the same sheet put right, and what it would change."""
    wrong = folder / "人员（有错）.xlsx"
    _sheet(wrong, [("P1901", "示例新一", station.village), ("P1901", "示例新二", station.village), ("P1902", "", "12")])
    errand.open("people/import/")
    errand.page.set_input_files("#file", wrong)
    errand.press("读取并预览")
    errand.draw("import-errors")
    right = folder / "人员.xlsx"
    _sheet(right, [("P1901", "示例新一", station.village), ("P1902", "示例新二", station.village)])
    errand.page.set_input_files("#file", right)
    errand.press("读取并预览")
    errand.draw("import-preview")
    errand.page.locator("main form button.primary").last.click()
    expect(errand.page.locator(".message").first).to_be_visible()
    errand.open("people/")
    errand.draw("people")


def _sheet(path: Path, rows: list[tuple[str, str, str]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("人员")
    sheet.append(["编号", "姓名", "村代码"])
    for row in rows:
        sheet.append(row)
    book.save(path)


def _make_branch(errand: Errand, station: CastStation) -> None:
    errand.open("units/")
    form = errand.page.locator("form[action$='/units/add/']")
    form.locator("[name=name]").fill(BRANCH)
    form.locator("[name=kind]").select_option("branch")
    form.locator("[name=region]").select_option(station.village)
    form.locator("button").click()
    errand.page.wait_for_load_state()


def _watch(errand: Errand, station: CastStation) -> None:
    """A window that runs just now, whatever hour the pictures are drawn at: some of its people have touched."""
    page, begin = errand.page, dt.datetime.now(CHINA) - dt.timedelta(minutes=40)
    errand.open(f"windows/new/?village={station.village}")
    page.fill("[name=name]", WATCH)
    page.fill("[name=weekdays]", "1-7")
    page.fill("[name=start]", begin.strftime("%H:%M"))
    page.fill("[name=end]", (begin + dt.timedelta(hours=3)).strftime("%H:%M"))
    for person in station.people[4:8]:
        page.get_by_label(f"{person.name}（{person.number}").check()
    page.fill("[name=reason]", "汛期有人守着")
    errand.press("下一步：核对")
    page.get_by_role("button", name="确认").click()
    page.wait_for_load_state()


def _fill_month(errand: Errand, station: CastStation) -> None:
    """A window of named days, and its month by keyboard alone."""
    page = errand.page
    errand.open(f"windows/new/?village={station.village}")
    page.fill("[name=name]", NIGHT)
    page.locator("[name=days]").select_option("named")
    page.fill("[name=start]", "19:00")
    page.fill("[name=end]", "22:00")
    page.fill("[name=reason]", "晚间有人办事")
    errand.draw("window-new")
    errand.press("下一步：核对")
    page.get_by_role("button", name="确认").click()
    page.wait_for_load_state()
    after = (dt.datetime.now(CHINA).date().replace(day=1) + dt.timedelta(days=32)).strftime("%Y-%m")
    errand.open(f"rosters/?village={station.village}&month={after}")
    page.locator("#roster td[tabindex='0']").focus()
    keys = page.keyboard
    for _ in range(12):
        if page.evaluate("document.activeElement.closest('tr').textContent").strip().startswith(NIGHT):
            break
        keys.press("ArrowDown")
    for who in "1231231":
        keys.press(f"Shift+Digit{who}" if who == "1" else who)
        keys.press("ArrowRight")
    for _ in range(7):
        keys.press("ArrowLeft")
    for _ in range(6):
        keys.press("Shift+ArrowRight")
    keys.press("Control+c")
    keys.press("ArrowRight")
    keys.press("Shift+End")
    keys.press("Control+v")
    errand.draw("month")
    errand.press("下一步：核对")
    errand.draw("month-check")
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已记录").first).to_be_visible()


def _leave(errand: Errand, browser: Browser, bench: Bench) -> None:
    """A colleague writes leave down for somebody, and the officer decides."""
    person = bench.stations[0].cast.people[2]
    with _as_officer(browser, bench, "demo-officer", 1440) as page:
        other = Errand(page, errand.base, errand.out, errand.drawn, "duty")
        other.open(f"todo/new/?person={person.number}&kind=leave")
        page.locator("#code").select_option("personal")
        page.fill("#to", (dt.datetime.now(CHINA).date() + dt.timedelta(days=1)).isoformat())
        page.fill("#note", "家里有事")
        other.draw("ask")
        other.press("提")
    errand.open("todo/")
    errand.draw("todo")
    errand.page.get_by_role("link", name="请假").first.click()
    errand.page.wait_for_load_state()
    errand.draw("case")
    errand.page.fill("#text", "同意，路上小心")
    errand.press("同意")
    errand.draw("case-decided")


def _meet(errand: Errand, station: CastStation, *, touch: Callable[[str], object]) -> None:
    """A meeting that begins in some minutes: announced, signed in to by touch, looked at."""
    page, now = errand.page, dt.datetime.now(CHINA)
    errand.open("meetings/")
    errand.draw("meetings")
    page.get_by_role("link", name="发会议通知").first.click()
    page.wait_for_load_state()
    page.locator("#of").select_option(label=f"{station.village_name} {BRANCH}")
    page.locator("#kind").select_option(label="主题党日")
    errand.press("下一步：选人")
    page.fill("[name=names]", " ".join(person.number for person in station.people[:6]))
    errand.press("列出这些人")
    page.fill("[name=title]", MEETING)
    page.fill("[name=place]", "党群活动室")
    page.fill("[name=begin]", (now + dt.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"))
    page.fill("[name=end]", (now + dt.timedelta(minutes=95)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("[name=chair]").select_option(index=1)
    page.locator("[name=stations]").first.check()
    page.locator("[name=item_title]").first.fill("河道保洁分工")
    page.locator("[name=item_options]").first.fill("同意、不同意")
    errand.draw("meeting-new")
    page.locator("main form button.primary").last.click()
    page.wait_for_load_state()
    for person in station.people[:_COME]:
        touch(person.uid)

    def came() -> bool:
        page.reload()
        return page.locator("td", has_text="到会").count() >= _COME

    wait_until(came, what="the sign-ins in the county", timeout_s=_MEETING_S)
    errand.draw("meeting")
