"""A browser as an outsider writes one: cookies, the token against forged posts, and a telephone for the second
factor."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter

from firmware_scripts.demo.officer import one_time
from protocol.phone_link import PATH
from tests.proofs.strangers.county import County

_SECOND_FACTOR = "/sign-in/second-factor/"
_SECRET = re.compile(r'<p class="secret mono">([A-Z2-7 ]+)</p>')
_WRITTEN_AS_THEY_ARE = "/%?&=:#+;,@~!$'()*[]"
_TIMEOUT_S = 20.0
"""An answer that takes longer counts as a 504, because a person's browser would have given up."""


class _FromAddress(HTTPAdapter):
    """Connects from one address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Make the pool. Each of its connections comes from the address."""
        super().init_poolmanager(*args, source_address=(self._address, 0), **more)


@dataclass(frozen=True, slots=True)
class Page:
    """What the county answered."""

    status: int
    leads_to: str = ""
    """Path of a redirect, also of one that htmx follows."""
    text: str = ""
    content: bytes = b""

    @property
    def asks_to_sign_in(self) -> bool:
        """Whether it leads to the sign-in, or to its second factor, or wants a token."""
        return self.status == requests.codes.unauthorized or self.leads_to.startswith(("/sign-in/", "/admin/login/"))

    @property
    def refuses(self) -> bool:
        """Whether nothing that was asked for is shown or done. Only people who may know are told that a thing does not
        exist."""
        return self.status == requests.codes.forbidden or self.asks_to_sign_in


class Browser:
    """One person's browser, at the console."""

    session_cookie, form_cookie = "sessionid", "csrftoken"

    def __init__(self, county: County) -> None:
        self._base, ca = self.door_of(county)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca)
        self.shown_token = ""

    def door_of(self, county: County) -> tuple[str, Path]:
        """Return the address that it opens, and the authority that it trusts."""
        return f"https://127.0.0.1:{county.web_port}", county.ca

    def ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | Mapping[str, str | list[str]] | None = None,
        *,
        polls: bool = False,
        says: Mapping[str, str] | None = None,
        has_token: bool = True,
        file: bytes | None = None,
    ) -> Page:
        """Ask for a page and follow no redirect. ``polls`` asks like a part of a page that renews itself.

        ``says`` are further headers, ``has_token`` tells whether a POST carries the token against forged posts, and
        ``file`` is sent as the field of that name.
        """
        # As a browser writes it (RFC 3986, 2.1): a guide's address has Chinese in it.
        headers = {"Referer": self._base + quote(path, safe=_WRITTEN_AS_THEY_ARE)} | (
            {"HX-Request": "true"} if polls else {}
        )
        if method == "POST" and has_token:
            if self.form_cookie not in self._session.cookies:
                self.ask("GET", "/sign-in/")
            headers["X-CSRFToken"] = self._session.cookies.get(self.form_cookie) or ""
        headers |= says or {}
        files = None if file is None else {"file": ("file.xlsx", file)}
        try:
            answer = self._session.request(
                method,
                self._base + path,
                data=form,
                files=files,
                headers=headers,
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Page(requests.codes.gateway_timeout)
        leads_to = answer.headers.get("Location") or answer.headers.get("HX-Redirect", "")
        shown = "text" in answer.headers.get("Content-Type", "")
        text = answer.text if shown else ""
        return Page(answer.status_code, leads_to.removeprefix(self._base), text, answer.content)

    def sign_in(self, link: str) -> bool:
        """Use a one-time link, and return whether it signed somebody in."""
        path = urlsplit(link).path
        self.ask("GET", path)
        return self.ask("POST", path).leads_to == "/"

    def show_second_factor(self) -> bool:
        """Set up a telephone, show its token, and return whether that was enough."""
        secret = _SECRET.search(self.ask("GET", _SECOND_FACTOR).text)
        assert secret is not None
        self.shown_token = one_time(secret[1], time.time())
        return self.show_token(self.shown_token)

    def pass_second_factor(self) -> None:
        """Show the second factor, if this account is asked for one."""
        if self.ask("GET", "/").leads_to.startswith(_SECOND_FACTOR):
            assert self.show_second_factor()

    def show_token(self, token: str) -> bool:
        """Show a token, and return whether that was enough."""
        return self.ask("POST", _SECOND_FACTOR, {"token": token}).leads_to == "/"

    def show_guessed_token(self) -> bool:
        """Guess a token, and return whether that was enough."""
        return self.show_token("000000")

    def copy_session(self, other: "Browser") -> None:
        """Take another browser's cookies, as a thief does."""
        self._session.cookies.update(other._session.cookies)

    def session(self) -> str:
        """Return the session's cookie, or an empty string."""
        return self._session.cookies.get(self.session_cookie) or ""

    def come_from(self, address: str) -> None:
        """Use a source address of one's own, of the loopback range."""
        self._session.mount(self._base, _FromAddress(address))

    def guess_session(self, guess: str) -> None:
        """Show a session that nobody was given."""
        self.show_cookie(self.session_cookie, guess)

    def show_cookie(self, name: str, value: str) -> None:
        """Show a cookie that this host did not give."""
        self._session.cookies.set(name, value, domain="127.0.0.1", secure=True)


class Telephone(Browser):
    """One person's telephone, at the front door."""

    session_cookie, form_cookie = "__Host-cunhui-phone", "__Host-cunhui-phone-form"

    def door_of(self, county: County) -> tuple[str, Path]:
        """Return the address that it opens, and the authority that it trusts."""
        return county.door, county.door_ca

    def enter(self, number: str, pin: str) -> Page:
        """Try to sign in by number and PIN."""
        return self.ask("POST", "/sign-in/", {"number": number, "pin": pin})

    def scan(self, code: str) -> Page:
        """Try to sign in by the code of a kiosk."""
        return self.ask("POST", PATH, {"code": code})

    def shows(self, name: str) -> bool:
        """Return whether the first page has somebody's name on it."""
        return name in self.ask("GET", "/").text
