"""Draw the console's pages from a running county, in Chromium, at a desk's and a telephone's width."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, BrowserContext, StorageState, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]
WHOLE = """async () => {
  await document.fonts.ready;
  const pictures = [...document.images];
  for (const picture of pictures) picture.loading = "eager";
  await Promise.all(pictures.map(picture => picture.decode().catch(() => null)));
}"""
"""Waits until fonts and pictures are loaded, also those further down the page."""
WIDTHS = {1440: 900, 390: 844}
"""Viewport widths in CSS pixels with their heights."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium headless; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(browser: Browser, sign_in_url: str, *, width: int = 1440) -> BrowserContext:
    """Use a one-time link as a person does and return the signed-in context.

    The county's certificate is its own CA's, which this throw-away browser does not know.
    """
    context = open_context(browser, width)
    page = context.new_page()
    page.goto(sign_in_url)
    page.get_by_role("button", name="进入控制台").click()
    page.wait_for_selector("h1")
    page.close()
    return context


def take(base_url: str, sign_in_url: str, out_dir: Path) -> list[Path]:
    """Draw fleet, station and today pages at each width into ``out_dir`` and return the files.

    Args:
        base_url: Of the county's web, such as ``https://127.0.0.1:8443/``.
        sign_in_url: A fresh one-time link of an account that sees stations and people.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    drawn = []
    with chromium() as browser:
        # The link signs in only once, so the other width takes over the session.
        session = sign_in(browser, sign_in_url).storage_state()
        for width in WIDTHS:
            context = open_context(browser, width, session=session)
            page = context.new_page()
            page.goto(urljoin(base_url, "/stations/"))
            station = page.locator("td.first a.main").first.get_attribute("href")
            for name, path in (("fleet", "/stations/"), ("station", station or "/stations/"), ("today", "/today/")):
                page.goto(urljoin(base_url, path))
                page.wait_for_load_state("networkidle")
                page.evaluate(WHOLE)
                drawn.append(out_dir / f"console-{name}-{width}.png")
                page.screenshot(path=drawn[-1], full_page=True)
            context.close()
    return drawn


def open_context(browser: Browser, width: int, *, session: StorageState | None = None) -> BrowserContext:
    """Open a browser of this width for a person in China."""
    return browser.new_context(
        storage_state=session,
        ignore_https_errors=True,
        viewport={"width": width, "height": WIDTHS.get(width, 900)},
        # A telephone's screen has several pixels for each CSS pixel.
        device_scale_factor=2 if width < 800 else 1,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
