"""Somebody at the console who opens its pages and sends its forms, as a browser does."""

import base64
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests

_PAGE_S = 30
_SECOND_FACTOR = "/sign-in/second-factor/"
_SECRET = re.compile(r'<p class="secret mono">([A-Z2-7 ]+)</p>')
_REFUSED = re.compile(r'<p class="message (?:error|warning)">([^<]*)</p>')


class NotTaken(Exception):
    """The console refused a form or a page; the message has its answer."""


class Officer:
    """One account, signed in by a link that works once."""

    def __init__(self, link: str, ca: Path, *, proves: bool = True) -> None:
        """Sign in.

        Args:
            link: As ``cunhui-server sign-in-link`` prints it.
            ca: The county's own authority.
            proves: The account has a power that needs a second factor.

        Raises:
            NotTaken: The link is used or unknown.
        """
        where = urlsplit(link)
        self._base = f"{where.scheme}://{where.netloc}"
        self._browser = requests.Session()
        self._browser.trust_env = False
        self._browser.verify = str(ca)
        self.page(where.path)
        # What the first page warns of, such as that the account has no password, refuses nothing; it is read once.
        self.page(self._sent(where.path))
        if proves:
            self._show_second_factor()

    def page(self, path: str) -> str:
        """Open a page and return its text.

        Raises:
            NotTaken: There is no such page for this account.
        """
        return self._ask("GET", path).text

    def send(self, path: str, **fields: str | Sequence[str]) -> str:
        """Send a form and return the path that the console leads to then.

        Raises:
            NotTaken: The form was refused, or it leads nowhere.
        """
        return self.follow(path, **fields)[0]

    def follow(self, path: str, **fields: str | Sequence[str]) -> tuple[str, str]:
        """Send a form and return the path that the console leads to then, and the page there.

        Raises:
            NotTaken: The form was refused, or it leads nowhere.
        """
        leads_to = self._sent(path, **fields)
        # The page after a form says what became of it.
        page = self.page(leads_to)
        if refused := _REFUSED.search(page):
            raise NotTaken(f"{path}: {refused[1]}")
        return leads_to, page

    def _sent(self, path: str, **fields: str | Sequence[str]) -> str:
        """Send a form and return the path that the console leads to then, whatever that page says."""
        answer = self._ask("POST", path, fields)
        if not answer.is_redirect:
            raise NotTaken(f"{path}: {answer.status_code}")
        return urlsplit(answer.headers["Location"]).path

    @property
    def session(self) -> dict[str, str]:
        """The cookies by which a browser goes on as this account."""
        return {cookie.name: cookie.value or "" for cookie in self._browser.cookies}

    def _show_second_factor(self) -> None:
        """Set up a telephone that shows tokens, and show one: what others see needs it."""
        secret = _SECRET.search(self.page(_SECOND_FACTOR))
        if secret is None:
            raise NotTaken("no second factor can be set up")
        self.send(_SECOND_FACTOR, token=one_time(secret[1], time.time()))

    def _ask(
        self, method: str, path: str, fields: Mapping[str, str | Sequence[str]] | None = None
    ) -> requests.Response:
        said = {"Referer": self._base + path, "X-CSRFToken": self._browser.cookies.get("csrftoken") or ""}
        answer = self._browser.request(
            method, self._base + path, data=fields, headers=said, timeout=_PAGE_S, allow_redirects=False
        )
        if not answer.ok:
            # A form that comes back as it was filled in says why.
            refused = _REFUSED.search(answer.text)
            raise NotTaken(f"{path}: {refused[1] if refused else answer.status_code}")
        return answer


def one_time(secret: str, at_s: float) -> str:
    """Return the token of a moment, in Unix seconds (RFC 6238: SHA-1, 30 s, six digits)."""
    digest = hmac.digest(base64.b32decode(secret.replace(" ", "")), int(at_s // 30).to_bytes(8), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFF_FFFF) % 1_000_000:06}"
