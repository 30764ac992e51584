"""Officers at the console, each on a thread: they decide what waits for them, two of them often the same at the same
instant, and all try what they may not."""

import datetime as dt
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable

import requests

from firmware_scripts.demo.officer import NotTaken, Officer
from tests.proofs.requests.office import COUNTY_OFFICERS, FIRST, SECOND, SECRETARIES, TWIN, WRITERS, Office

_KEY = re.compile(r'href="/todo/([cs]\d+)/"')
_FOR_COUNTY = re.compile(r'href="/todo/([cs]\d+)/"(?:(?!href="/todo/).)*县里定', re.DOTALL)
_ACCEPTS, _TRIES = 0.8, 0.3
_IDLE_S, _AGAIN_S, _MEET_S = 3.0, 15.0, 5.0
_MEETS_EVERY = 2
"""So many turns of the two of the township come to one on which they decide the same."""
_KNOWN = 400


class Shared:
    """What the officers of a day tell one another, so that they do not all decide the same oldest ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, float] = {}
        """Until when somebody is at a request. One that was not decided by then is anybody's again."""
        self._known: dict[str, None] = {}
        self._two = threading.Barrier(2, action=self._choose)
        self._lists: dict[str, list[str]] = {}
        self._both = ""

    def show(self, keys: Iterable[str]) -> None:
        """Note what a page shows."""
        with self._lock:
            for key in keys:
                self._known.pop(key, None)
                self._known[key] = None
            for key in list(self._known)[:-_KNOWN]:
                del self._known[key]

    def take(self, keys: Iterable[str]) -> str:
        """Return the first that nobody is at, and be at it; empty: there is none."""
        now = time.monotonic()
        with self._lock:
            found = next((key for key in keys if self._taken.get(key, 0.0) < now), "")
            if found:
                self._taken[found] = now + _AGAIN_S
            return found

    def foreign(self, keys: Iterable[str], chance: random.Random) -> str:
        """Return something that a page has shown and that does not wait for whoever asks; empty: there is nothing."""
        with self._lock:
            others = list(self._known.keys() - set(keys))
        return chance.choice(others) if others else ""

    def meet(self, name: str, keys: list[str]) -> str:
        """Wait for the other one of two, and return what both decide at this instant; empty: nothing."""
        self._lists[name] = keys
        try:
            self._two.wait(_MEET_S)
        except threading.BrokenBarrierError:
            # The other one stands before a page of a county that is away.
            self._two.reset()
            return ""
        return self._both

    def _choose(self) -> None:
        first, second = self._lists[FIRST], self._lists[SECOND]
        self._both = self.take([key for key in first if key in second])


class Deciders:
    """All officers. A context manager: its end is the end of their day."""

    def __init__(self, office: Office, *, seed: int) -> None:
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self.counts: Counter[str] = Counter()
        """What was decided, refused by the county, or lost with a process that was killed; what was tried of what
        waited for others or was done; and how often two decided the same at once."""
        self.problems: list[str] = []
        self._shared = Shared()
        self._threads = [
            threading.Thread(target=self._work, args=(name, officer, self._chance.randrange(2**31)), name=name)
            for name, officer in office.officers.items()
        ]

    def __enter__(self) -> "Deciders":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _work(self, name: str, officer: Officer, seed: int) -> None:
        chance = random.Random(seed)
        while not self._ended.is_set():
            try:
                self._go_on(name, officer, chance)
            except (requests.RequestException, NotTaken):
                self.counts["away"] += 1
            except Exception as error:  # noqa: BLE001 -- top of a thread: the proof counts it
                self.problems.append(f"{name}: {error!r}")
                return
            self._ended.wait(_IDLE_S)

    def _go_on(self, name: str, officer: Officer, chance: random.Random) -> None:
        """Decide what a page shows, and then what the page after each decision shows, until nothing is left."""
        page, turn = officer.page("/todo/"), 0
        while not self._ended.is_set():
            keys = _in_order(name, page)
            self._shared.show(keys)
            both = bool(keys) and name in (FIRST, SECOND) and turn % _MEETS_EVERY == 0
            turn += 1
            key = self._shared.meet(name, keys) if both else self._shared.take(keys)
            self.counts["at_once"] += both and bool(key) and name == FIRST
            page = self._decide(officer, key, chance) if key else ""
            # Those whose power ends in their village, or who are the asker, try most of what is not theirs.
            tries = 2 if name in (*SECRETARIES, TWIN) else chance.random() < _TRIES
            for _ in range(tries):
                if foreign := self._shared.foreign(keys, chance):
                    self.counts["foreign"] += 1
                    self._decide(officer, foreign, chance)
            if not key and not both:
                return
            page = page or officer.page("/todo/")

    def _decide(self, officer: Officer, key: str, chance: random.Random) -> str:
        """Try it, and return the page that the console shows then; empty if it was not decided."""
        accepts = chance.random() < _ACCEPTS
        text = "" if accepts else "示例：那天人手不够"
        try:
            _, page = officer.follow(f"/todo/{key}/decide/", outcome="accepted" if accepts else "refused", text=text)
        except NotTaken as refused:
            self.counts["not_found" if ": 404" in str(refused) else "refused"] += 1
        except requests.RequestException:
            self.counts["away"] += 1
        else:
            self.counts["decided"] += 1
            return page
        return ""


def _in_order(name: str, page: str) -> list[str]:
    """Return the keys on a page, the oldest first; for the county's first those that it alone decides."""
    first = _FOR_COUNTY.findall(page) if name in COUNTY_OFFICERS else []
    return list(dict.fromkeys([*first, *_KEY.findall(page)]))


class Proxies:
    """Officers who write requests down for others, each on a thread of its own."""

    def __init__(self, office: Office, people: list[str], *, seed: int, today: dt.date) -> None:
        self._office = office
        self._people = people
        self._chance = random.Random(seed)
        self._today = today
        self.made: set[tuple[str, str]] = set()
        """The person's number and the first day of each that the console took."""

    def work(self, count: int, hand: int, hands: int) -> None:
        """Have every so manieth of so many written down. Whoever does so is among those who decide, and may not decide
        these."""
        names = (FIRST, SECOND, *WRITERS)
        for number in range(hand, count, hands):
            person, place = self._people[number % len(self._people)], number // len(self._people)
            first = self._today + dt.timedelta(days=3 + 8 * place)
            name = names[number % len(names)]
            fields = {"person": person, "kind": "leave", "code": "personal", "from": str(first), "part": "all"}
            self._patiently(self._office.officers[name], fields, person, first)

    def _patiently(self, officer: Officer, fields: dict[str, str], person: str, first: dt.date) -> None:
        why = ""
        for _ in range(60):
            try:
                officer.send("/todo/add/", note="示例：本人打电话来请假", **fields)
            except NotTaken as refused:
                # Of one whose answer was lost, and that stands.
                if "重叠" in str(refused):
                    break
                why = str(refused)
                time.sleep(0.5)
            except requests.RequestException as failure:
                why = type(failure).__name__
                time.sleep(0.5)
            else:
                break
        else:
            raise AssertionError(f"{person} {first}: the console does not take it: {why}")
        self.made.add((person, str(first)))
