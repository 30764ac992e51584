"""Pages of a signed-in officer that are drawn while something is done in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from firmware_scripts.pictures.console import WHOLE, open_context


@dataclass(frozen=True, slots=True)
class Errand:
    """A page of a signed-in officer, and where its pictures go."""

    page: Page
    base: str
    out: Path
    drawn: list[Path]
    about: str
    """Their names begin with it."""

    def open(self, path: str) -> None:
        """Go to a page of the console, such as ``today/``."""
        self.page.goto(self.base + path)

    def draw(self, name: str, *, whole: bool = True, part: str = "") -> None:
        """Draw the page as it is now.

        Args:
            whole: Also what one has to scroll to.
            part: Only the element of this selector.
        """
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate(WHOLE)
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        self.drawn.append(self.out / f"{self.about}-{name}-{width}.png")
        if part:
            self.page.locator(part).screenshot(path=self.drawn[-1])
        else:
            self.page.screenshot(path=self.drawn[-1], full_page=whole)

    def press(self, button: str) -> None:
        """Press the button that says exactly this, and wait for the page that follows."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_load_state()


@contextmanager
def page_of(browser: Browser, base: str, session: Mapping[str, str], width: int) -> Iterator[Page]:
    """Go on in a browser as the officer whose cookies these are."""
    context = open_context(browser, width)
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in session.items()])
    yield context.new_page()
    context.close()
