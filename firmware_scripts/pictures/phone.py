"""Draw the front door as somebody sees it on a telephone: sign-in, a scanned code, an error, and their month.

The code is read from a kiosk's screen. The browser takes any certificate, because the demonstration's authority is its
own.
"""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from firmware_scripts.demo.processes import wait_until
from firmware_scripts.pictures.console import WHOLE, chromium, open_context
from firmware_scripts.pictures.stage import NORMAL, Screen, stage
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits
from protocol.phone_link import ALPHABET, phone_address

WIDTH = 390
_FACT_S = 40
"""How long the code's fact may take from the station to the county."""
_QUARTER = f"([{ALPHABET}]{{4}})"
_CODE = re.compile(rf"代码\s+{_QUARTER}\s+{_QUARTER}\s+{_QUARTER}")


def take(
    front_door: str, socket: Path, out_dir: Path, *, touch: Callable[[], object], name: str, screen: Screen = NORMAL
) -> list[Path]:
    """Draw the kiosk with a code, and what a telephone shows, into ``out_dir``; return the files.

    Args:
        front_door: Its address, such as ``https://127.0.0.1:8444``.
        socket: The kiosk socket of a running agent.
        touch: Presents a person's card to that agent.
        name: The person's name, which stands above their month.

    Raises:
        NotInTime: The kiosk or the front door did not show what was waited for.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    on_kiosk = out_dir / "kiosk-code.png"
    code = _code_on(socket, on_kiosk, touch=touch, screen=screen)
    drawn = [on_kiosk]

    def draw(page: Page, what: str) -> None:
        page.evaluate(WHOLE)
        drawn.append(out_dir / f"phone-{what}.png")
        page.screenshot(path=drawn[-1], full_page=True)

    with chromium() as browser:
        page = open_context(browser, WIDTH).new_page()
        page.goto(f"{front_door}/sign-in/")
        draw(page, "sign-in")
        page.get_by_label("编号").fill("P9999")
        page.get_by_label("密码").fill("135790")
        page.get_by_role("button", name="登录").click()
        page.wait_for_selector("[role=alert]")
        draw(page, "wrong")
        page.goto(phone_address(front_door, code))
        page.wait_for_selector("#scanned", state="visible")
        draw(page, "code")
        wait_until(lambda: _is_let_in(page, front_door, code, name), what="the front door's month", timeout_s=_FACT_S)
        draw(page, "month")
    return drawn


def _code_on(socket: Path, drawn: Path, *, touch: Callable[[], object], screen: Screen) -> str:
    """Touch a card, open 我的 and the code at the kiosk, draw that screen, and return the code on it."""
    with stage(socket, screen) as kiosk:
        kiosk.wait_for(words.KEY_HELP)
        touch()
        kiosk.wait_for(words_visits.KEY_MINE)
        kiosk.press("1", words_visits.VISIT_CAN["phone"])
        choice = re.search(rf"(\d)\s*{words_visits.VISIT_CAN['phone']}", kiosk.text())
        assert choice is not None, kiosk.text()
        kiosk.press(choice[1], words_visits.SCAN)
        kiosk.wait_for(words.KEY_BACK)  # keys are named once they count
        kiosk.photograph(drawn)
        # The QR code is drawn with half blocks at the left of the words.
        shown = _CODE.search(re.sub(r"[^\w\s]", " ", kiosk.text()))
        assert shown is not None, kiosk.text()
        return "".join(shown.groups())


def _is_let_in(page: Page, front_door: str, code: str, name: str) -> bool:
    page.goto("about:blank")  # an address that differs in its fragment alone would load nothing
    page.goto(phone_address(front_door, code))
    page.get_by_role("button", name="打开我的打卡").click()
    page.wait_for_selector("h1")
    return page.locator("h1").inner_text() == name
