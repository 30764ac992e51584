"""People at the front door's pages, by real HTTPS: they ask, ask twice, take back, and read what became of it."""

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import requests

from tests.proofs.requests.office import Office

_PAGE_S, _TRIES = 60, 60
_COOKIE, _FORM_COOKIE = "__Host-cunhui-phone", "__Host-cunhui-phone-form"
A_PERSON = 20
"""Requests of one person. The county takes thirty a day, and the small days with faults ask for more of the same."""


@dataclass
class AskedHere:
    """Requests that the county took, by their keys, with who asked and for what."""

    made: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The person's number and the first day, by the key that the page leads to."""
    stored: set[tuple[str, str]] = field(default_factory=set)
    """Those of which the answer was lost: asked again, the county said that it has them."""
    refused_twice: int = 0
    taken_twice: list[str] = field(default_factory=list)
    withdrawn: int = 0
    tried_again: int = 0


class Browser:
    """A telephone of one person."""

    def __init__(self, door: str, ca: str, token: str) -> None:
        self._door = door.rstrip("/")
        self._browser = requests.Session()
        self._browser.trust_env = False
        self._browser.verify = ca
        self._browser.cookies.set(_COOKIE, token)
        self._token = token

    def page(self, path: str) -> str:
        """Return a page."""
        answer = self._ask("GET", path, {})
        answer.raise_for_status()
        return answer.text

    def send(self, path: str, fields: dict[str, str]) -> requests.Response:
        """Send a form."""
        return self._ask("POST", path, fields)

    def _ask(self, method: str, path: str, fields: dict[str, str]) -> requests.Response:
        csrf = next((value for name, value in self._browser.cookies.items() if name == _FORM_COOKIE), "")
        cookies = {_COOKIE: self._token}
        said = {"Referer": self._door + path, "X-CSRFToken": csrf}
        return self._browser.request(
            method, self._door + path, data=fields, headers=said, cookies=cookies, timeout=_PAGE_S,
            allow_redirects=False,
        )  # fmt: skip


class PhoneHand:
    """Some people with telephones, one after another. Used on a thread of its own."""

    def __init__(self, office: Office, people: list[str], *, seed: int, today: dt.date) -> None:
        self._office = office
        self._people = people
        self._chance = random.Random(seed)
        self._today = today
        self.asked = AskedHere()

    def work(self, count: int) -> None:
        """Have so many requests made."""
        for number, person in enumerate(self._people):
            share = min(A_PERSON, count - number * A_PERSON)
            if share <= 0:
                return
            phone = self._office.telephone(person)
            self._patiently(partial(phone.page, "/ask/leave/"))
            for place in range(share):
                self._one(phone, person, place)

    def _one(self, phone: Browser, person: str, place: int) -> None:
        first = self._today + dt.timedelta(days=3 + 8 * place)
        last = first + dt.timedelta(days=self._chance.choice((0, 0, 1, 5)))
        kind = self._chance.choice(("leave", "leave", "field_duty", "residency"))
        fields = {"code": "sick", "from_other": str(first), "to": str(last), "part": "all", "note": "示例"}
        answer = self._patiently(lambda: phone.send(f"/ask/{kind}/", fields))
        if answer.status_code == 422 and "重叠" in answer.text:
            self.asked.stored.add((person, str(first)))
            return
        if answer.status_code != 302:
            raise AssertionError(f"{kind}: {answer.status_code}")
        key = int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])
        self.asked.made[key] = (person, str(first))
        if self._chance.random() < 0.05:
            again = self._patiently(lambda: phone.send(f"/ask/{kind}/", fields))
            self.asked.refused_twice += again.status_code == 422
            if again.status_code == 302:
                self.asked.taken_twice.append(f"{person} {first}")
        if self._chance.random() < 0.06:
            self._patiently(lambda: phone.send(f"/asked/{key}/withdraw/", {"sure": "yes"}))
            self.asked.withdrawn += 1

    def _patiently[T](self, do: Callable[[], T]) -> T:
        return patiently(do, self.asked)


def patiently[T](do: Callable[[], T], counted: AskedHere | None = None) -> T:
    """Do something of a browser again until the county answers."""
    for _ in range(_TRIES):
        try:
            answer = do()
        except requests.RequestException:
            pass
        else:
            if not (isinstance(answer, requests.Response) and answer.status_code >= 500):
                return answer
        if counted is not None:
            counted.tried_again += 1
        time.sleep(0.5)
    raise AssertionError("the county does not answer")
