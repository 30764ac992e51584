"""Somebody opens many connections, is slow, or shares an address with others: rightful visitors are still served.

The limits show in the county's answers, and in who is served meanwhile. The county's own tests measure the memory.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus

import msgspec

from tests.proofs.strangers.browser import Browser
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.console import make_account
from tests.proofs.strangers.county import County
from tests.proofs.strangers.enrolling import guess_beside
from tests.proofs.strangers.signing_in import together
from tests.proofs.strangers.station import Board, post

_GUESSES, _EVALUATED = 60, 20
_SILENT = 40
_SHARED = "127.4.0.1"


def guesses_at_once(bench: Bench, outcomes: Outcomes) -> None:
    """Sixty guesses of a claim come from one address at the same time: a few are judged, and other addresses are served
    meanwhile."""
    county, code = bench.county, bench.county.claim("crowded-01")
    bodies = [msgspec.json.encode(Board(county).enrol_request(guess_beside(code))) for _ in range(_GUESSES)]
    answers = together([partial(post, county, "/enrol", body, source="127.4.0.2") for body in bodies])
    outcomes.refused("a guess among many at once", any(answer.admitted for answer in answers))
    waiting = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    judged = sum(answer.status not in waiting for answer in answers)
    outcomes.refused(f"more than {_EVALUATED} of {_GUESSES} guesses at once judged", judged > _EVALUATED)
    outcomes.welcome(
        "a right claim from elsewhere after them", Board(county).enrol(county.claim("crowded-02")).admitted
    )


def shared_address(bench: Bench, outcomes: Outcomes) -> None:
    """Stations that share an address with somebody who guesses still get their new certificates."""
    county = bench.county
    board = Board(county)
    outcomes.welcome("a station before its address is locked", board.enrol(county.claim("shared-01")).admitted)
    guess = msgspec.json.encode(Board(county).enrol_request("0000000000000"))
    answers = [post(county, "/enrol", guess, source=_SHARED) for _ in range(30)]
    outcomes.refused("guessing without end from a shared address", answers[-1].status != HTTPStatus.TOO_MANY_REQUESTS)
    for number in range(3):
        asked = msgspec.json.encode(board.renew_request())
        outcomes.welcome(
            f"a renewal behind a locked address, {number}", post(county, "/renew", asked, source=_SHARED).admitted
        )
    thief = Board(county, station=board.station)
    for number in range(25):
        asked = msgspec.json.encode(thief.renew_request())
        outcomes.refused(f"a forged renewal, {number}", post(county, "/renew", asked, source="127.4.0.3").admitted)
    asked = msgspec.json.encode(board.renew_request())
    outcomes.welcome("a renewal after somebody forged them", post(county, "/renew", asked, source="127.4.0.4").admitted)


def unfinished_requests(bench: Bench, outcomes: Outcomes) -> None:
    """Connections send nothing, half a request, or half a body; an officer is served meanwhile."""
    county = bench.county
    officer = Browser(county)
    outcomes.welcome("sign in before them", officer.sign_in(make_account(county, "crowded-officer", "officer")))
    halves = {
        "connections that say nothing": b"",
        "half requests": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Any: ",
        "half bodies": b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\nany",
        "requests whose answers are not read": b"GET /static/console/console.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        * 3,
    }
    for case, said in halves.items():
        with _many(county, said):
            outcomes.welcome(f"a page beside {_SILENT} {case}", officer.ask("GET", "/people/").status == HTTPStatus.OK)
            board = Board(county)
            name = f"beside-{len(said):03}"
            outcomes.welcome(f"an enrolment beside {_SILENT} {case}", board.enrol(county.claim(name)).admitted)
    outcomes.welcome("a page after all of them", officer.ask("GET", "/").status == HTTPStatus.OK)


@contextmanager
def _many(county: County, said: bytes) -> Iterator[None]:
    trusted = ssl.create_default_context(cafile=str(county.ca))
    with ExitStack() as open_ones:
        for _ in range(_SILENT):
            plain = open_ones.enter_context(socket.create_connection(("127.0.0.1", county.web_port), timeout=20))
            secure = open_ones.enter_context(trusted.wrap_socket(plain, server_hostname="127.0.0.1"))
            secure.sendall(said)
        yield
