"""A browser at one address, as far as a proxy can tell: TLS, cookies, forms."""

import http.client
import re
import socket
import ssl
from http.cookies import SimpleCookie
from pathlib import Path
from typing import NamedTuple, override
from urllib.parse import urlencode

HOST = "cunhui.example"
PATIENCE_S = 60.0


class Page(NamedTuple):
    """A response."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class _FromAddress(http.client.HTTPSConnection):
    """Goes to an address of this machine, whatever the name is, because the name is in no DNS."""

    own_address = ""
    tls: ssl.SSLContext

    @override
    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S, source_address=(self.own_address, 0))
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


class Browser:
    """Somebody at ``address`` (of 127.0.0.0/8) who opens the console at ``host`` and trusts the authority in ``ca``."""

    def __init__(self, address: str, *, ca: Path, host: str = HOST, port: int = 443) -> None:
        self._address, self._host, self._port = address, host, port
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._cookies: dict[str, str] = {}

    @property
    def origin(self) -> str:
        """As a browser names it to the pages that it posts to."""
        return f"https://{self._host}" + ("" if self._port == 443 else f":{self._port}")

    def get(self, path: str, **headers: str) -> Page:
        """Open a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, str], *, origin: str = "", **headers: str) -> Page:
        """Send a form, with the token of the form on the page."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self._cookies.get("csrftoken", "")}).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin or self.origin}
        return self._ask("POST", path, body, form | {"Referer": f"{self.origin}{path}"} | headers)

    def send(self, path: str, body: bytes) -> Page:
        """Send JSON, as a station does."""
        return self._ask("POST", path, body, {"Content-Type": "application/json"})

    def upload(self, path: str, size: int) -> Page:
        """Send a file of ``size`` bytes that is no workbook."""
        edge = "----edge"
        token = self._cookies.get("csrftoken", "")
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="people.xlsx"\r\n\r\n'
        )
        body = head.encode() + b"x" * size + f"\r\n--{edge}--\r\n".encode()
        form = {"Content-Type": f"multipart/form-data; boundary={edge}", "Origin": self.origin}
        return self._ask("POST", path, body, form | {"Referer": f"{self.origin}{path}"})

    def sign_in(self, name: str, password: str, **headers: str) -> int:
        """Try to sign in and return the status: 302 if it worked, 200 if it was wrong, 429 if that is locked."""
        self.get("/sign-in/")
        return self.post("/sign-in/", {"username": name, "password": password}, **headers).status

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Page:
        link = _FromAddress(self._host, self._port, timeout=PATIENCE_S)
        link.own_address, link.tls = self._address, self._tls
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        try:
            link.request(method, path, body, cookies | headers)
            answer = link.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            link.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        if answer.status == 200 and (found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)):
            self._cookies.setdefault("csrftoken", found[1])
        return Page(answer.status, answer.headers, text)
