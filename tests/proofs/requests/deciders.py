"""Officers at the console, each on a thread: they decide what waits for them, often the same at the same instant, and
some try what they may not."""

import datetime as dt
import random
import re
import threading
import time
from collections import Counter

import requests

from firmware_scripts.demo.officer import NotTaken, Officer
from tests.proofs.requests.office import FIRST, SECOND, SECRETARIES, TWIN, Office

_KEY = re.compile(r'href="/todo/([cs]\d+)/"')
_ACCEPTS = 0.8
_IDLE_S = 0.5
MOST_A_LOOK = 40
"""Decisions of an officer between two looks at what waits."""


class Deciders:
    """All officers. A context manager: its end is the end of their day."""

    def __init__(self, office: Office, *, seed: int) -> None:
        self._office = office
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self.counts: Counter[str] = Counter()
        """What was decided, refused by the county, or lost with a process that was killed."""
        self.problems: list[str] = []
        self._known: list[str] = []
        """Keys that some page has shown."""
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
                keys = list(dict.fromkeys(_KEY.findall(officer.page("/todo/"))))
                self._known = [*self._known, *keys][-400:]
                if not keys:
                    self._ended.wait(_IDLE_S)
                for key in self._chosen(name, keys, chance):
                    self._decide(officer, key, chance)
            except (requests.RequestException, NotTaken):
                self.counts["away"] += 1
                self._ended.wait(_IDLE_S)
            except Exception as error:  # noqa: BLE001 -- top of a thread: the proof counts it
                self.problems.append(f"{name}: {error!r}")
                return

    def _chosen(self, name: str, keys: list[str], chance: random.Random) -> list[str]:
        """Return what an account tries next: what waits for it, the oldest first, and sometimes what does not."""
        mine = keys[:MOST_A_LOOK]
        if name in (FIRST, SECOND):
            # The two read the same list and begin with the same one. Then one goes down the list and the other up.
            mine = mine if name == FIRST else [*mine[:1], *reversed(mine[1:])]
            time.sleep(-time.time() % 1.0)
        foreign = [key for key in self._known if key not in keys]
        tries = 4 if name in (*SECRETARIES, TWIN) else 1
        return mine + chance.sample(foreign, min(tries, len(foreign)))

    def _decide(self, officer: Officer, key: str, chance: random.Random) -> None:
        accepts = chance.random() < _ACCEPTS
        text = "" if accepts else "示例：那天人手不够"
        try:
            officer.send(f"/todo/{key}/decide/", outcome="accepted" if accepts else "refused", text=text)
        except NotTaken as refused:
            self.counts["not_found" if ": 404" in str(refused) else "refused"] += 1
        except requests.RequestException:
            self.counts["away"] += 1
        else:
            self.counts["decided"] += 1


class Proxies:
    """Officers who write requests down for others, each on a thread of its own."""

    def __init__(self, office: Office, people: list[str], *, seed: int, today: dt.date) -> None:
        self._office = office
        self._people = people
        self._chance = random.Random(seed)
        self._today = today
        self.made: set[tuple[str, str]] = set()
        """The person's number and the first day of each that the console took."""

    def work(self, count: int) -> None:
        """Have so many written down. Whoever does so is among those who decide, and may not decide these."""
        names = (FIRST, SECOND)
        for number in range(count):
            person, place = self._people[number % len(self._people)], number // len(self._people)
            first = self._today + dt.timedelta(days=3 + 8 * place)
            name = names[number % 2]
            fields = {"person": person, "kind": "leave", "code": "personal", "from": str(first), "part": "all"}
            self._patiently(self._office.officers[name], fields, person, first)

    def _patiently(self, officer: Officer, fields: dict[str, str], person: str, first: dt.date) -> None:
        for _ in range(60):
            try:
                officer.send("/todo/add/", note="示例：本人打电话来请假", **fields)
            except NotTaken as refused:
                # Of one whose answer was lost, and that stands.
                if "重叠" in str(refused):
                    break
                time.sleep(0.5)
            except requests.RequestException:
                time.sleep(0.5)
            else:
                break
        else:
            raise AssertionError(f"{person} {first}: the console does not take it")
        self.made.add((person, str(first)))
