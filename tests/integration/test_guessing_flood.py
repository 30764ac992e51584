"""200 sign-ins at once from one address, against a county as it runs: it keeps its memory, and an officer gets in."""

import http.client
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.proofs.strangers.county import VILLAGE, County

AT_ONCE = 200
MOST_MB = 500
PASSWORD = "right horse staple"
ATTACKER, OFFICE = "127.0.0.9", "127.0.0.2"
"""Addresses of this machine, as which clients call."""
ANSWER_S = 60.0


class Caller:
    """A browser at an address of its own.

    It has looked at the sign-in page once, and has that page's token against forged posts.
    """

    def __init__(self, county: County, address: str) -> None:
        self._county = county
        self._address = address
        self._tls = ssl.create_default_context(cafile=str(county.ca))
        answer = self._ask("GET", {}, "")
        self._cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())
        assert found is not None
        self._token = found[1]

    def sign_in(self, name: str, password: str) -> int:
        """Try once and return the status."""
        form = {"csrfmiddlewaretoken": self._token, "username": name, "password": password}
        headers = {
            "Cookie": self._cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://127.0.0.1:{self._county.web_port}/sign-in/",
        }
        return self._ask("POST", headers, urlencode(form)).status

    def _ask(self, method: str, headers: dict[str, str], body: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(
            "127.0.0.1",
            self._county.web_port,
            timeout=ANSWER_S,
            source_address=(self._address, 0),
            context=self._tls,
        )
        connection.request(method, "/sign-in/", body, headers)
        return connection.getresponse()


@pytest.fixture
def county() -> Iterator[County]:
    folder = Path(tempfile.mkdtemp(prefix="ch-", dir="/tmp"))
    try:
        with County(folder / "county", "ingest", "chores") as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_officer(county: County) -> None:
    county.tool("account", "officer", "--role", "officer", "--region", VILLAGE)
    verb = [sys.executable, "-m", "server_broker.cli", "account", "set-password", "officer", "--home", str(county.home)]
    subprocess.run(verb, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)


def most_memory_mb(pid: int) -> float:
    """Return the peak of a process's resident memory (proc(5), VmHWM)."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1000


@pytest.mark.timeout(300)
@pytest.mark.small_proof
def test_a_crowd_of_guesses_costs_little_memory_and_shuts_nobody_out(county: County) -> None:
    make_officer(county)
    attacker, officer = Caller(county, ATTACKER), Caller(county, OFFICE)
    answers: list[int] = []
    start = threading.Barrier(AT_ONCE + 1)

    def guess(number: int) -> None:
        start.wait()
        answers.append(attacker.sign_in(f"nobody-{number}", "wrong"))

    crowd = [threading.Thread(target=guess, args=(number,)) for number in range(AT_ONCE)]
    for one in crowd:
        one.start()
    start.wait()
    assert officer.sign_in("officer", PASSWORD) == 302
    for one in crowd:
        one.join()
    counted = Counter(answers)
    assert set(counted) <= {200, 503}
    assert counted.total() == AT_ONCE
    assert most_memory_mb(county.pid("web")) <= MOST_MB
