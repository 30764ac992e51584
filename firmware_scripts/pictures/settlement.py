"""Draw the errands of the officer of attendance in a county with months behind it: from the sheet to the signed paper.

Whoever is drawn here is made up, and so is the past (`firmware_scripts.demo.past`). The county settled it, and what is
shown, closed and declared here is done by the forms of its pages.
"""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from firmware_scripts.demo.cast import TOWNSHIP, CastStation, make_cast, write_workbook
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.officer import Officer
from firmware_scripts.pictures.console import WIDTHS, chromium
from firmware_scripts.pictures.errand import Errand, page_of
from protocol.china_time import CHINA

_SEED = 20260101
_ACCOUNT = "demo-township"
_PEOPLE = 25
_ALL_KNOWN = dt.timedelta(days=12)
"""After the end of a month in which a station was silent for a week, all other stations' windows have a result."""
_PIXELS_AN_INCH = 110


def take(folder: Path, out: Path) -> list[Path]:
    """Do the errands in order and return the files.

    Args:
        folder: For the county. It is there already, and PostgreSQL's own user may get into it.

    Raises:
        playwright.sync_api.Error: A page did not have what an errand needs.
    """
    out.mkdir(parents=True, exist_ok=True)
    today = dt.datetime.now(CHINA).date()
    to_show = _month_before(today - _ALL_KNOWN)
    to_close = _month_before(to_show)
    cast = make_cast(people_per_station=_PEOPLE, seed=_SEED)
    drawn: list[Path] = []
    with _settled_county(folder, cast, since=to_close, today=today) as county, chromium() as browser:
        where = county.where()
        base = str(where["url"]).rstrip("/") + "/"
        session = Officer(county.tool("sign-in-link", _ACCOUNT), Path(where["ca"])).session
        with page_of(browser, base, session, 1440) as page:
            errand = Errand(page, base, out, drawn, "settlement")
            _sheet(errand, cast[0], f"{to_show:%Y-%m}", folder)
            _waits(errand, cast[-1], f"{today - dt.timedelta(days=1):%Y-%m}")
            _show(errand, cast[0], f"{to_show:%Y-%m}")
            _close(errand, cast[0], f"{to_close:%Y-%m}")
            _look(errand, cast[0], f"{to_show:%Y-%m}")
            _declare_dead(errand, cast[-1], today)
        with page_of(browser, base, session, min(WIDTHS)) as page:
            errand = Errand(page, base, out, drawn, "settlement")
            errand.open(f"sheets/{cast[0].village}/{to_show:%Y-%m}/")
            errand.draw("sheet", whole=False)
    return drawn


@contextmanager
def _settled_county(folder: Path, cast: list[CastStation], *, since: dt.date, today: dt.date) -> Iterator[DemoCounty]:
    """Run a county of which the first month was shown, and the last station has told nothing of the last days."""
    county, workbook = DemoCounty(folder / "settled"), folder / "settled.xlsx"
    write_workbook(cast, workbook, on_duty=_PEOPLE, weekdays="12345")
    county.init()
    county.start()
    try:
        county.tool("import-people", str(workbook))
        county.tool("account", _ACCOUNT, "--role", "officer", "--region", TOWNSHIP)
        county.stop()
        command = [sys.executable, "-m", "firmware_scripts.demo.past", "--days", str((today - since).days)]
        command += ["--silent", cast[-1].id, "--shown", f"{since:%Y-%m}", _ACCOUNT]
        subprocess.run(command, env={**os.environ, **county.env}, stdout=subprocess.DEVNULL, check=True)
        county.start()
        yield county
    finally:
        county.stop()


def _month_before(day: dt.date) -> dt.date:
    """Return the first date of the month before."""
    return (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def _sheet(errand: Errand, station: CastStation, month: str, folder: Path) -> None:
    """The months of the villages, the sheet of one, its paper, why a window is late, and a correction of one."""
    page = errand.page
    errand.open(f"sheets/?month={month}")
    errand.draw("months")
    errand.open(f"sheets/{station.village}/{month}/")
    errand.draw("sheet")
    errand.drawn.append(_paper(page, folder, errand.out / "settlement-paper.png"))
    page.locator("a.mark", has_text="迟").first.click()
    errand.draw("why")
    errand.open(f"sheets/{station.village}/{month}/")
    page.locator("a.mark", has_text="缺").first.click()
    page.get_by_role("link", name="代本人补卡").click()
    errand.draw("correction")


def _paper(page: Page, folder: Path, picture: Path) -> Path:
    """Download the sheet and draw its first page as LibreOffice prints it."""
    book = folder / "sheet.xlsx"
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="下载 Excel").click()
    downloaded.value.save_as(book)
    profile = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(book)]
    subprocess.run(convert, stdout=subprocess.DEVNULL, check=True)
    render = ["pdftoppm", "-png", "-singlefile", "-r", str(_PIXELS_AN_INCH)]
    subprocess.run([*render, str(book.with_suffix(".pdf")), str(picture.with_suffix(""))], check=True)
    return picture


def _waits(errand: Errand, station: CastStation, month: str) -> None:
    """What is awaited of a village whose station has no line."""
    errand.open(f"sheets/{station.village}/{month}/")
    errand.draw("waits", part="section[aria-labelledby=awaited-title]")


def _show(errand: Errand, station: CastStation, month: str) -> None:
    """Show a month: what follows is said first."""
    errand.open(f"sheets/{station.village}/{month}/")
    errand.press("公示…")
    errand.draw("show")
    errand.press("确认公示 1 个")
    errand.draw("shown", whole=False)


def _close(errand: Errand, station: CastStation, month: str) -> None:
    """Close the month before, of all villages at once."""
    errand.open(f"sheets/?month={month}")
    errand.page.get_by_role("button", name="定稿到期的").click()
    errand.draw("close")
    errand.page.get_by_role("button", name="确认定稿").click()
    errand.page.wait_for_load_state()
    errand.draw("closed-months")
    errand.open(f"sheets/{station.village}/{month}/")
    errand.draw("closed", whole=False)


def _look(errand: Errand, station: CastStation, month: str) -> None:
    """Charts, a person's month, what is worth a look, and by which numbers windows are settled."""
    for name, place in (("charts", TOWNSHIP), ("chart-village", station.village)):
        errand.open(f"sheets/charts/?place={place}&month={month}")
        errand.draw(name)
    errand.open(f"sheets/{station.village}/{month}/")
    person = errand.page.locator("table.sheet th a.main").first.get_attribute("href") or ""
    errand.open(f"{person.strip('/')}/{month}/")
    errand.draw("person", whole=False)
    errand.open("exceptions/")
    errand.draw("exceptions")
    errand.open("terms/")
    errand.draw("terms")


def _declare_dead(errand: Errand, station: CastStation, today: dt.date) -> None:
    """Declare the silent station dead, as far as the page that says what follows."""
    errand.open(f"stations/{station.id}/")
    since = dt.datetime.combine(today - dt.timedelta(days=7), dt.time(18))
    errand.page.fill("#dead-since", since.strftime("%Y-%m-%dT%H:%M"))
    errand.page.fill("#dead-why", "电源烧坏，送修，村里没有备用的")
    errand.press("下一步：核对")
    errand.draw("dead")
