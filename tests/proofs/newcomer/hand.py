"""One person's hand at the browser: it presses what it sees, counts that, and judges every page that comes."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from django_otp.oath import totp
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from firmware_scripts.pictures.console import open_context
from tests.server_broker.console.dead_ends import read, wrong_with

PATIENCE_MS = 60_000
"""On a busy machine; a page that refreshes itself does so every 5 s."""


class Hand:
    """Somebody who has signed in. Presses are counted as ``steps``."""

    def __init__(self, account: str, context: BrowserContext, pictures: Path | None) -> None:
        self.account = account
        self.steps = 0
        self.dead_ends: list[str] = []
        self._pictures = pictures
        self._secret = b""
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("response", self._heard)

    def sign_in(self, link: str) -> None:
        """Use a sign-in link."""
        self.page.goto(link)
        self.press(self.page.get_by_role("button", name="进入控制台"))

    def press(self, seen: Locator) -> None:
        """Press something that is visible, show the second factor if it is asked for, and judge what came."""
        expect(seen).to_be_visible(timeout=PATIENCE_MS)
        seen.click()
        self.steps += 1
        self.page.wait_for_load_state("load")
        self._show_second_factor()
        self.judge()

    def fill(self, seen: Locator, text: str) -> None:
        """Type into a field that is visible."""
        expect(seen).to_be_visible(timeout=PATIENCE_MS)
        seen.fill(text)
        self.steps += 1

    def link(self, name: str) -> Locator:
        """Return the visible link with this text."""
        return self.page.get_by_role("link", name=name, exact=True).first

    def button(self, name: str) -> Locator:
        """Return the button with this text."""
        return self.page.get_by_role("button", name=name, exact=True).first

    def go_home(self) -> None:
        """Press the brand, which leads to the first page."""
        self.press(self.page.locator("a.brand"))

    def judge(self) -> None:
        """Judge the page as `tests.server_broker.console.dead_ends` does."""
        path = re.sub(r"^https://[^/]+", "", self.page.url)
        self.dead_ends += [f"{self.account} {path}: {why}" for why in wrong_with(read(self.page.content(), path))]

    def picture(self, name: str) -> None:
        """Draw the page at a desk's and a telephone's width, if pictures are wanted."""
        if self._pictures is None:
            return
        for width in (1440, 390):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=self._pictures / f"{self.account}-{name}-{width}.png", full_page=True)
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def _heard(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.status >= HTTPStatus.BAD_REQUEST:
            self.dead_ends.append(f"{self.account} {response.url}: status {response.status}")

    def _show_second_factor(self) -> None:
        if "/sign-in/second-factor/" in self.page.url:
            self.judge()
            shown = self.page.locator(".secret")
            if shown.count():
                letters = re.sub(r"\s", "", shown.inner_text())
                self._secret = base64.b32decode(letters + "=" * (-len(letters) % 8))
            self.fill(self.page.get_by_label("6 位验证码"), f"{int(totp(self._secret)):06d}")  # type: ignore[no-untyped-call]
            self.page.get_by_role("button", name="验证", exact=True).click()
            self.steps += 1
            self.page.wait_for_load_state("load")


@contextmanager
def hand_of(browser: Browser, account: str, link: Callable[[str], str], pictures: Path | None) -> Iterator[Hand]:
    """Sign somebody in, in a browser of their own."""
    context = open_context(browser, 1440)
    try:
        hand = Hand(account, context, pictures)
        hand.sign_in(link(account))
        yield hand
    finally:
        context.close()
